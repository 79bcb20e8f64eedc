/** Light, dark, or as the system has it: chosen in the rail, and remembered in this browser. */
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const KEPT = "mayday-sandbox-theme";
const NEXT = { system: "light", light: "dark", dark: "system" };
const SHOWN = {
  system: ["screen", "as the system has it"],
  light: ["sun", "light"],
  dark: ["moon", "dark"],
};

const kept = () =>
  Object.hasOwn(NEXT, localStorage.getItem(KEPT)) ? localStorage.getItem(KEPT) : "system";

/** Wear what was chosen; the colours follow `data-theme`. */
export function wearTheme(theme = kept()) {
  localStorage.setItem(KEPT, theme);
  document.documentElement.dataset.theme = theme;
}

/** The button that goes from one to the next. */
export function themeButton() {
  const node = h("button", {
    type: "button",
    class: "icon-button",
    data: { testid: "theme" },
    onclick: () => {
      wearTheme(NEXT[kept()]);
      draw();
    },
  });
  const draw = () => {
    const [drawn, words] = SHOWN[kept()];
    node.setAttribute("aria-label", `Colours: ${words}. Change`);
    node.title = `Colours: ${words}`;
    fill(node, icon(drawn));
  };
  draw();
  return node;
}
