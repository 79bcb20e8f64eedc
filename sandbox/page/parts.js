/** Shared small parts: icon buttons, pane headers, avatars. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** A button with only an icon; its name is also its tooltip. */
export const iconButton = (drawing, label, onclick, props = {}) =>
  h("button.icon-button", { title: label, "aria-label": label, onclick, ...props }, icon(drawing));

/** The header of the side pane, with its close button. */
export const sideHead = (app, title, topic, closeLabel) =>
  h(
    "header.pane-head",
    h("div.pane-title", h("h2", title), h("div.topic", topic)),
    iconButton("close", closeLabel, () => app.closeSide()),
  );

/** The avatar of a user or author: an initial on their colour, or the app's ring. */
export function avatar(user, size = "") {
  if (user.is_bot) return h(`span.avatar.bot${size}`, { "aria-hidden": "true" }, icon("ring"));
  const [initial] = user.real_name || user.name;
  const style = { "--face": `#${(user.color ?? "64748b").replace("#", "")}` };
  return h(`span.avatar${size}`, { "aria-hidden": "true", style }, initial.toUpperCase());
}

/** "guest" for a restricted user, else null. */
export const guestMark = (user) =>
  user.is_restricted
    ? h("span.tag", { title: "A guest sees only some channels" }, "guest")
    : null;

export const appBadge = () => h("span.badge", "APP");

/** "1 server", "2 servers". */
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
