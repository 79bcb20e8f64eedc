/** Light, dark, or as the system has it: chosen in the rail, and remembered in this browser. */
import { fill } from "./dom.js";
import { icon } from "./icons.js";
import { iconButton } from "./parts.js";

const KEPT = "mayday-sandbox-theme";
const NEXT = { system: "light", light: "dark", dark: "system" };
const kept = () => {
  const theme = localStorage.getItem(KEPT);
  return Object.hasOwn(NEXT, theme) ? theme : "system";
};

/** Apply the choice; the colours follow `data-theme`. */
export function applyTheme(theme = kept()) {
  localStorage.setItem(KEPT, theme);
  document.documentElement.dataset.theme = theme;
}

/** The button that goes from one to the next. */
export function themeButton() {
  const draw = (node) => {
    const words = kept() === "system" ? "as the system has it" : kept();
    node.setAttribute("aria-label", `Colours: ${words}. Change`);
    node.title = `Colours: ${words}`;
    return fill(node, icon(kept()));
  };
  const change = (event) => {
    applyTheme(NEXT[kept()]);
    draw(event.currentTarget);
  };
  return draw(iconButton(kept(), "", change, { testid: "theme" }));
}
