/** The keyboard: what works everywhere on the page, and the list of all of it. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { dialog } from "./popups.js";
import { openSearch } from "./search.js";

const SHORTCUTS = [
  [
    "Everywhere",
    [
      ["Ctrl+K or /", "Search, or go to a channel"],
      ["Alt+↑ Alt+↓", "The channel above or below"],
      ["F6", "The next part of the page"],
      ["Esc", "Close what lies on top"],
      ["?", "This list"],
    ],
  ],
  [
    "Writing",
    [
      ["Enter", "Send"],
      ["Shift+Enter", "A new line"],
      ["↑ in an empty box", "Edit your last message"],
      ["@ # : /", "Suggestions; ↑ ↓ and Tab choose"],
    ],
  ],
  [
    "On a message",
    [
      ["↑ ↓ Home End", "The message above, below, the first, the last"],
      ["T", "Open its thread"],
      ["R", "React"],
      ["E", "Edit it, when it is yours"],
      ["P", "Pin it, or take the pin away"],
      ["Enter", "More actions"],
    ],
  ],
  [
    "In a rich text field",
    [
      ["Ctrl+B Ctrl+I", "Bold, italic"],
      ["Ctrl+Shift+X", "Strikethrough"],
      ["Ctrl+Shift+C", "Code"],
      ["Ctrl+Shift+7 8 9", "Numbers, bullets, quote"],
    ],
  ],
];

/** Show the list. */
export function showShortcuts() {
  if (document.querySelector("dialog[open]")) return;
  const node = dialog("shortcuts", "Keyboard shortcuts", [
    h(
      "header",
      { class: "dialog-head" },
      h("h2", {}, "Keyboard shortcuts"),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Close",
          autofocus: true,
          onclick: () => node.close(),
        },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "dialog-body", tabindex: "0", role: "region", "aria-label": "All shortcuts" },
      SHORTCUTS.map(([title, rows]) => [
        h("h3", {}, title),
        h(
          "dl",
          {},
          rows.map(([keys, says]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, says)]),
        ),
      ]),
    ),
  ]);
}

/** The button that shows it. */
export const shortcutsButton = () =>
  h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Keyboard shortcuts",
      title: "Keyboard shortcuts (?)",
      data: { testid: "shortcuts" },
      onclick: showShortcuts,
    },
    icon("keys"),
  );

const writes = (node) =>
  node instanceof HTMLElement &&
  (node.isContentEditable || node.matches("input, textarea, select"));

/** Listen on the whole page. */
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !app.ws || document.querySelector("dialog[open]")) return;
    const command = event.ctrlKey || event.metaKey;
    const plainly = !command && !event.altKey && !writes(event.target);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (command && event.key.toLowerCase() === "k") openSearch(app);
    else if (plainly && event.key === "/") openSearch(app);
    else if (plainly && event.key === "?") showShortcuts();
    else if (event.key === "F6") nextPart(event.shiftKey ? -1 : 1);
    else if (event.altKey && !command && step) nextChannel(app, step);
    else return;
    event.preventDefault();
  });
}

/** Rail, messages, composer, and the pane at the side, where it is open. */
function nextPart(step) {
  const parts = [
    document.querySelector(".rail [aria-current=page]"),
    document.querySelector(".channel-pane .message[tabindex='0'], .channel-pane .home"),
    document.querySelector("[data-testid=composer]"),
    document.querySelector(".side-pane:not([hidden]) :is(textarea, button)"),
  ].filter((node) => node?.checkVisibility());
  const panes = parts.map((node) => node.closest(".rail, .messages, .composer, .home, .side-pane"));
  const here = panes.findIndex((pane) => pane?.contains(document.activeElement));
  parts[(here + step + parts.length) % parts.length]?.focus();
}

function nextChannel(app, step) {
  const places = [...document.querySelectorAll(".rail a.rail-item")].filter((a) =>
    a.checkVisibility(),
  );
  const here = places.findIndex((place) => place.getAttribute("aria-current"));
  const next = places[(here + step + places.length) % places.length];
  if (next) app.go(next.getAttribute("href"));
}
