/** The small form that makes a channel. */
import { h } from "./dom.js";
import { formDialog } from "./popups.js";
import { hashOf } from "./workspace.js";

export function createChannel(app) {
  const name = h("input", {
    class: "input",
    id: "new-channel-name",
    name: "name",
    required: true,
    autofocus: true,
    autocomplete: "off",
    maxlength: "80",
    placeholder: "such as data100-support",
    oninput: () => (name.value = name.value.toLowerCase().replace(/\s/g, "-")),
  });
  const isPrivate = h("input", { type: "checkbox", name: "private" });
  formDialog({
    title: "Create a channel",
    confirm: "Create",
    fields: [
      h("label", { class: "field-label", for: "new-channel-name" }, "Name"),
      name,
      h(
        "label",
        { class: "choice" },
        isPrivate,
        h("span", {}, "Private", h("small", {}, "Only people who are invited see it.")),
      ),
    ],
    submit: async () => {
      const answer = await app.act(
        "create_channel",
        { name: name.value, private: isPrivate.checked },
        { quiet: true },
      );
      if (!answer.ok) return answer.error;
      const made =
        answer.channel?.id ??
        answer.channel ??
        [...app.ws.channels.values()].find((c) => c.name === name.value)?.id;
      if (made) location.hash = hashOf(made);
      return null;
    },
  });
}
