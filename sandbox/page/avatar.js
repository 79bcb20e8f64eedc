/** Drawn avatars: initials on the person's own colour; the app wears the life ring. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

function initials(name) {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...word][0]?.toUpperCase() ?? "").join("");
}

/** White or black, whichever reads better on that colour: 4.5 to 1 at least, by WCAG 2. */
function inkOn(hex) {
  const part = (at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4);
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? "#000000" : "#ffffff";
}

/** The picture of a person or app: {name, color, bot}. `size` is small, medium or large. */
export function avatar({ name, color, bot }, size = "medium") {
  if (bot)
    return h(
      "span",
      { class: `avatar avatar-${size} avatar-bot`, "aria-hidden": "true" },
      icon("ring"),
    );
  const hex = /^#?([0-9a-f]{6})$/i.exec(color ?? "")?.[1] ?? "64748b";
  return h(
    "span",
    {
      class: `avatar avatar-${size}`,
      "aria-hidden": "true",
      style: { "background-color": `#${hex}`, color: inkOn(hex) },
    },
    initials(name),
  );
}

/** A directory user as avatar() wants it. */
export const faceOf = (user) => ({
  name: user.real_name || user.name,
  color: user.color,
  bot: user.is_bot,
});

/** "guest" for those whom Slack restricts, else null. */
export const guestMark = (user) =>
  user.is_restricted || user.is_ultra_restricted
    ? h("span", { class: "tag", title: "A guest sees only some channels" }, "guest")
    : null;
