/** Small parts that many drawings share: buttons with an icon, heads of panes, faces. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** A button that is only a drawing; its name is also its tooltip. */
export const iconButton = (drawing, label, onclick, props = {}) =>
  h("button.icon-button", { title: label, "aria-label": label, onclick, ...props }, icon(drawing));

/** The head of the pane at the side, with its closing button. */
export const sideHead = (app, title, topic, closeLabel) =>
  h(
    "header.pane-head",
    h("div.pane-title", h("h2", title), h("div.topic", topic)),
    iconButton("close", closeLabel, () => app.closeSide()),
  );

/** The face of a user or a message's author: the initial on the person's colour, the app's ring. */
export function avatar(user, size = "") {
  if (user.is_bot) return h(`span.avatar.bot${size}`, { "aria-hidden": "true" }, icon("ring"));
  const [initial] = user.real_name || user.name;
  const style = { "--face": `#${(user.color ?? "64748b").replace("#", "")}` };
  return h(`span.avatar${size}`, { "aria-hidden": "true", style }, initial.toUpperCase());
}

/** "guest" for those whom Slack restricts, else null. */
export const guestMark = (user) =>
  user.is_restricted
    ? h("span.tag", { title: "A guest sees only some channels" }, "guest")
    : null;

export const appBadge = () => h("span.badge", "APP");

/** "1 server", "2 servers". */
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
