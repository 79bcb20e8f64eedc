/** The small forms that make a channel, bring somebody into one, and leave it. */
import { h } from "./dom.js";
import { ask, formDialog } from "./popups.js";
import { hashOf } from "./workspace.js";

const PRIVATE = "Only people who are invited see it.";

export function createChannel(app) {
  const tidy = () => (name.value = name.value.toLowerCase().replace(/\s/g, "-"));
  const props = { id: "new-channel", required: true, autofocus: true, maxlength: "80" };
  const prompt = { autocomplete: "off", placeholder: "such as data100-support", oninput: tidy };
  const name = h("input.input", { ...props, ...prompt });
  const locked = h("input", { type: "checkbox" });
  formDialog({
    title: "Create a channel",
    confirm: "Create",
    fields: [
      h("label.field-label", { for: "new-channel" }, "Name"),
      name,
      h("label.choice", locked, h("span", "Private", h("small", PRIVATE))),
    ],
    submit: async () => {
      const details = { name: name.value, private: locked.checked };
      const answer = await app.act("create_channel", details, { quiet: true });
      if (!answer.ok) return answer.error;
      location.hash = hashOf(answer.channel);
      return null;
    },
  });
}

export function invite(app, channel) {
  const others = app.ws.people.filter((user) => !channel.members.includes(user.id));
  const option = ({ id }) => h("option", { value: id }, app.ws.userName(id));
  const who = h("select.input", { id: "invite-who", required: true }, others.map(option));
  formDialog({
    title: `Invite to #${channel.name}`,
    confirm: "Invite",
    fields: others.length
      ? [h("label.field-label", { for: "invite-who" }, "Who"), who]
      : h("p", "Everyone is already here."),
    submit: async () => {
      if (!others.length) return null;
      const details = { channel: channel.id, user: who.value };
      return (await app.act("invite", details, { quiet: true })).error;
    },
  });
}

export async function leave(app, channel) {
  const title = `Leave #${channel.name}?`;
  const text = "It is private: you can come back only when someone invites you.";
  if (!channel.is_private || (await ask({ title, text, confirm: "Leave", danger: true })))
    await app.act("leave", { channel: channel.id });
}
