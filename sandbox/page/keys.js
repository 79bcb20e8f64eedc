/** The keyboard: what works everywhere on the page, and the list of all of it. */
import { h } from "./dom.js";
import { iconButton } from "./parts.js";
import { dialog } from "./popups.js";

const SHORTCUTS = {
  Everywhere: {
    "Alt+↑ Alt+↓": "The channel above or below",
    F6: "The next part of the page",
    Esc: "Close what lies on top",
    "?": "This list",
  },
  Writing: {
    Enter: "Send",
    "Shift+Enter": "A new line",
    "↑ in an empty box": "Edit your last message",
    "@ # : /": "Suggestions; ↑ ↓ and Tab choose",
  },
  "On a message": {
    "↑ ↓ Home End": "The message above, below, the first, the last",
    R: "React: Tab goes on to the next emoji",
    T: "Open its thread",
    E: "Edit it, when it is yours",
    P: "Pin it, or take the pin away",
    Enter: "More actions",
  },
};

function showShortcuts() {
  const sections = Object.entries(SHORTCUTS).map(([title, rows]) => [
    h("h3", title),
    h(
      "dl",
      Object.entries(rows).map(([keys, says]) => [h("dt", h("kbd", keys)), h("dd", says)]),
    ),
  ]);
  const body = { tabindex: "0", role: "region", "aria-label": "All shortcuts" };
  const close = iconButton("close", "Close", () => node.close(), { autofocus: true });
  const node = dialog(
    "shortcuts",
    "Keyboard shortcuts",
    h("header.dialog-head", h("h2", "Keyboard shortcuts"), close),
    h("div.dialog-body", body, sections),
  );
}

/** The button that shows the list. */
export const shortcutsButton = () =>
  iconButton("keys", "Keyboard shortcuts", showShortcuts, { testid: "shortcuts" });

const writes = (node) => node.matches?.("input, textarea, select");

/** Listen on the whole page. */
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !app.ws || document.querySelector("dialog[open]")) return;
    const command = event.ctrlKey || event.metaKey;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "?" && !command && !event.altKey && !writes(event.target)) showShortcuts();
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
  parts.at((here + step) % parts.length)?.focus();
}

function nextChannel(app, step) {
  const all = [...document.querySelectorAll(".rail a.rail-item")].filter((a) => a.checkVisibility());
  const here = all.findIndex((place) => place.getAttribute("aria-current"));
  const next = all.at((here + step) % all.length);
  if (next) app.go(next.getAttribute("href"));
}
