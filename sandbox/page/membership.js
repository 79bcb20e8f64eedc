/** Bringing somebody into a channel, and leaving it. */
import { h } from "./dom.js";
import { ask, formDialog } from "./popups.js";

export function invite(app, channel) {
  const others = app.ws.people.filter((user) => !channel.members.includes(user.id));
  const who = h(
    "select",
    { class: "input select", id: "invite-who", required: true },
    others.map((user) => h("option", { value: user.id }, app.ws.userName(user.id))),
  );
  formDialog({
    title: `Invite to #${channel.name}`,
    confirm: "Invite",
    fields: others.length
      ? [h("label", { class: "field-label", for: "invite-who" }, "Who"), who]
      : h("p", {}, "Everyone is already here."),
    submit: async () => {
      if (!others.length) return null;
      const answer = await app.act(
        "invite",
        { channel: channel.id, user: who.value },
        { quiet: true },
      );
      return answer.ok ? null : answer.error;
    },
  });
}

export async function leave(app, channel) {
  const yes =
    !channel.is_private ||
    (await ask({
      title: `Leave #${channel.name}?`,
      text: "It is private: you can come back only when someone invites you.",
      confirm: "Leave",
      danger: true,
    }));
  if (yes) await app.act("leave", { channel: channel.id });
}
