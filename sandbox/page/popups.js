/** Overlays: menus at a button, confirmations and temporary notices. */
import { h } from "./dom.js";
import { iconButton } from "./parts.js";

let closeOpen = null;

/** A panel at its button, in the button's top layer; a second press closes it. */
export function popover(anchor, content, label) {
  const same = closeOpen?.anchor === anchor;
  closeOpen?.();
  if (same) return null;
  const props = { role: "dialog", "aria-label": label, tabindex: "-1", testid: "popover" };
  const panel = h("div.popover", props, content);
  (anchor.closest("dialog") ?? document.body).append(panel);
  place(panel, anchor);
  anchor.setAttribute("aria-expanded", "true");
  const outside = (event) => {
    if (!panel.contains(event.target) && !anchor.contains(event.target)) close();
  };
  const keys = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    // Move the focus before closing: the button's container may be visible only with focus.
    anchor.focus();
    close();
  };
  panel.addEventListener("focusout", (event) => {
    // Wait until the focus has moved, as above.
    if (event.relatedTarget && !panel.contains(event.relatedTarget)) queueMicrotask(close);
  });
  function close() {
    panel.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", keys, true);
    if (closeOpen === close) closeOpen = null;
  }
  close.anchor = anchor;
  closeOpen = close;
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", keys, true);
  const first = panel.querySelector("[aria-pressed=true]") ?? panel.querySelector("a[href], button");
  (first ?? panel).focus({ preventScroll: true });
  return close;
}

function place(panel, anchor) {
  const box = anchor.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const below = box.bottom + 4 + height < innerHeight;
  const top = below ? box.bottom + 4 : Math.max(8, box.top - height - 4);
  const left = Math.min(Math.max(8, box.right - width), innerWidth - width - 8);
  panel.style.setProperty("top", `${top}px`);
  panel.style.setProperty("left", `${left}px`);
}

/** A menu of {label, run, note?, danger?, data?} items, navigated by arrow keys. */
export function menu(anchor, items, label) {
  let close = null;
  const entry = ({ label: text, note, danger, data, run }) => {
    const onclick = () => {
      anchor.focus();
      close();
      run();
    };
    const spec = danger ? "button.menu-item.danger" : "button.menu-item";
    return h(spec, { role: "menuitem", onclick, data }, text, note && h("small", note));
  };
  const list = h("div.menu", { role: "menu", "aria-label": label }, items.map(entry));
  list.addEventListener("keydown", (event) => {
    const all = [...list.children];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length).focus();
  });
  close = popover(anchor, list, label);
}

/** A button that opens a menu of `items()`. */
export function menuButton(spec, props, label, items, ...children) {
  const onclick = () => menu(node, items(), label);
  const node = h(spec, { "aria-haspopup": "menu", "aria-label": label, onclick, ...props }, children);
  return node;
}

/** Ask for confirmation: resolves to true or false. */
export const ask = ({ title, text, confirm = "Yes", deny = "Cancel", danger = false }) =>
  new Promise((resolve) => {
    const before = document.activeElement;
    const close = () => node.close();
    const go = {
      autofocus: true,
      testid: "confirm",
      onclick: () => {
        resolve(true);
        close();
      },
    };
    const node = h(
      "dialog.dialog.dialog-small",
      { "aria-label": title },
      h("header.dialog-head", h("h2", title), iconButton("close", "Close", close)),
      h("div.dialog-body", text),
      h(
        "footer.dialog-foot",
        h("button.button", { onclick: close }, deny),
        h(`button.button.${danger ? "danger" : "primary"}`, go, confirm),
      ),
    );
    node.addEventListener("close", () => {
      resolve(false);
      node.remove();
      // The focused node may have been redrawn.
      if (!before?.isConnected) document.querySelector("[data-testid=composer]")?.focus();
    });
    document.body.append(node);
    node.showModal();
  });

/** A notice at the top of the page that disappears after some seconds. */
export function notice(text) {
  // A modal dialog covers the page's notices, so they appear inside it.
  const top = [...document.querySelectorAll("dialog[open]")].at(-1);
  const home = top ? h("div.notices", { role: "status" }) : document.getElementById("notices");
  top?.append(home);
  const node = h("div.notice", text, iconButton("close", "Dismiss", () => node.remove()));
  home.append(node);
  setTimeout(() => node.remove(), 8000);
}
