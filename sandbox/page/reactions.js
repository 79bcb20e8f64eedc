/** Reactions: the row under a message, and the picker. */
import { h } from "./dom.js";
import { emoji, QUICK, searchEmoji } from "./emoji.js";
import { icon } from "./icons.js";
import { popover } from "./popups.js";

/** Add the reaction, or take back one's own. */
export function toggle(app, channel, message, name) {
  const mine = message.reactions?.find((r) => r.name === name)?.users.includes(app.ws.me.id);
  return app.act(mine ? "unreact" : "react", { channel, ts: message.ts, name });
}

/** The buttons under a message. */
export function reactionRow(app, channel, message) {
  const { ws } = app;
  return h(
    "div",
    { class: "reactions", data: { testid: "reactions" } },
    message.reactions.map(({ name, users, count }) => {
      const mine = users.includes(ws.me.id);
      const names = users.map((id) => (id === ws.me.id ? "you" : ws.userName(id))).join(", ");
      return h(
        "button",
        {
          type: "button",
          class: "reaction",
          "aria-pressed": String(mine),
          title: `${names} reacted with :${name}:`,
          "aria-label": `${name}, ${count}`,
          data: { reaction: name },
          onclick: () => toggle(app, channel, message, name),
        },
        h("span", { class: "emoji" }, emoji(name) ?? `:${name}:`),
        h("span", { class: "count" }, String(count)),
      );
    }),
  );
}

/** One-press reactions for the toolbar. */
export const quickPicks = (app, channel, message) =>
  QUICK.map((name) =>
    h(
      "button",
      {
        type: "button",
        class: "icon-button quick",
        title: `:${name}:`,
        "aria-label": `React with ${name}`,
        data: { react: name },
        onclick: () => toggle(app, channel, message, name),
      },
      h("span", { class: "emoji" }, emoji(name)),
    ),
  );

/** All emoji by the button, filtered as one types; `choose(name)` gets the pick. */
export function openPicker(anchor, choose) {
  const grid = h("div", { class: "emoji-grid" });
  const search = h("input", {
    class: "input",
    type: "search",
    placeholder: "Find an emoji",
    "aria-label": "Find an emoji",
    oninput: () => draw(),
    onkeydown: (event) => event.key === "Enter" && grid.querySelector("button")?.click(),
  });
  const draw = () => {
    const wanted = search.value.trim().toLowerCase();
    const first = wanted ? [] : QUICK.map((name) => ({ name, character: emoji(name) }));
    const shown = new Set(first.map(({ character }) => character));
    // Two names of one emoji are one choice.
    const rest = searchEmoji(wanted).filter(
      ({ character }) => !shown.has(character) && shown.add(character),
    );
    grid.replaceChildren(
      ...[...first, ...rest].map(({ name, character }) =>
        h(
          "button",
          {
            type: "button",
            class: "emoji-choice",
            title: `:${name}:`,
            "aria-label": name,
            onclick: () => {
              anchor.focus();
              close();
              choose(name);
            },
          },
          character,
        ),
      ),
    );
  };
  const close = popover(anchor, h("div", { class: "emoji-picker" }, search, grid), {
    label: "Emoji",
  });
  if (!close) return;
  draw();
  search.focus();
}

/** The toolbar's button that opens the picker. */
export const pickerButton = (app, channel, message) => {
  const node = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      title: "Add a reaction",
      "aria-label": "Add a reaction",
      data: { key: "r" },
      onclick: () => openPicker(node, (name) => toggle(app, channel, message, name)),
    },
    icon("smile"),
  );
  return node;
};
