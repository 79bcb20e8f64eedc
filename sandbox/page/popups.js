/** What lies over the page: menus by a button, questions, small forms, and passing notices. */
import { append, fill, h } from "./dom.js";
import { icon } from "./icons.js";

let closeOpen = null;

/** A panel by its button, in the top layer of whatever holds the button; a second press closes it. */
export function popover(anchor, content, { label, onClose } = {}) {
  const same = closeOpen?.anchor === anchor;
  closeOpen?.();
  if (same) return null;
  const panel = h(
    "div",
    {
      class: "popover",
      role: "dialog",
      "aria-label": label,
      tabindex: "-1",
      data: { testid: "popover" },
    },
    content,
  );
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
    // First the focus, then the panel: what holds the button may be in sight only while one is in it.
    anchor.focus();
    close();
  };
  panel.addEventListener("focusout", (event) => {
    // Not before the focus has arrived, for the reason below.
    if (event.relatedTarget && !panel.contains(event.relatedTarget)) queueMicrotask(close);
  });
  function close() {
    if (!panel.isConnected) return;
    panel.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", keys, true);
    if (closeOpen === close) closeOpen = null;
    onClose?.();
  }
  close.anchor = anchor;
  closeOpen = close;
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", keys, true);
  (panel.querySelector("a[href], button, input") ?? panel).focus({ preventScroll: true });
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

/** A menu of {label, run, danger?} items (null is a rule), walked with the arrow keys. */
export function menu(anchor, items, label) {
  let close = null;
  const list = h("div", { class: "menu", role: "menu", "aria-label": label });
  for (const item of items) {
    if (!item) {
      list.append(h("hr", { role: "separator" }));
      continue;
    }
    const choose = () => {
      anchor.focus();
      close();
      item.run();
    };
    list.append(
      h(
        "button",
        {
          type: "button",
          role: "menuitem",
          class: item.danger ? "menu-item danger" : "menu-item",
          onclick: choose,
          data: item.data ?? {},
        },
        item.label,
        item.note ? h("small", {}, item.note) : null,
      ),
    );
  }
  list.addEventListener("keydown", (event) => {
    const all = [...list.querySelectorAll("[role=menuitem]")];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  });
  close = popover(anchor, list, { label });
  list.querySelector("[role=menuitem]")?.focus();
}

/** A modal dialog with that content; it leaves the page when it is closed. */
export function dialog(className, label, content) {
  const node = h("dialog", { class: `dialog ${className}`, "aria-label": label }, content);
  document.body.append(node);
  const before = document.activeElement;
  node.addEventListener("close", () => {
    node.remove();
    // What had the focus may have been drawn anew meanwhile.
    if (!before?.isConnected) document.querySelector("[data-testid=composer]")?.focus();
  });
  node.showModal();
  return node;
}

/** Ask before something is done: resolves to true or false. */
export function ask({ title, text, confirm, deny, danger }) {
  return new Promise((resolve) => {
    const answer = (value) => () => {
      resolve(value);
      node.close();
    };
    const body = h("div", { class: "dialog-body" });
    append(body, Array.isArray(text) ? text : [text]);
    const node = dialog("dialog-small", title, [
      h("header", { class: "dialog-head" }, h("h2", {}, title)),
      body,
      h(
        "footer",
        { class: "dialog-foot" },
        h("button", { type: "button", class: "button", onclick: answer(false) }, deny ?? "Cancel"),
        h(
          "button",
          {
            type: "button",
            class: danger ? "button danger" : "button primary",
            autofocus: true,
            data: { testid: "confirm" },
            onclick: answer(true),
          },
          confirm ?? "Yes",
        ),
      ),
    ]);
    node.addEventListener("cancel", () => resolve(false));
  });
}

/** A small form; `submit(form)` answers an error sentence to keep it open, or nothing. */
export function formDialog({ title, fields, confirm, submit }) {
  const error = h("p", { class: "field-error", role: "alert" });
  const form = h(
    "form",
    { method: "dialog" },
    h(
      "header",
      { class: "dialog-head" },
      h("h2", {}, title),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Close",
          onclick: () => node.close(),
        },
        icon("close"),
      ),
    ),
    h("div", { class: "dialog-body" }, fields, error),
    h(
      "footer",
      { class: "dialog-foot" },
      h("button", { type: "button", class: "button", onclick: () => node.close() }, "Cancel"),
      h("button", { type: "submit", class: "button primary" }, confirm),
    ),
  );
  const node = dialog("dialog-small", title, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = await submit(form);
    if (problem) fill(error, problem);
    else node.close();
  });
}

/** A sentence at the foot of the page that goes away by itself. */
export function notice(text) {
  // A modal dialog covers the page's own notices, so there they appear inside it.
  const dialogs = document.querySelectorAll("dialog[open]");
  const home = dialogs.length
    ? h("div", { class: "notices", role: "status" })
    : document.getElementById("notices");
  if (dialogs.length) dialogs[dialogs.length - 1].append(home);
  const node = h(
    "div",
    { class: "notice" },
    text,
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Dismiss",
        onclick: () => node.remove(),
      },
      icon("close"),
    ),
  );
  home.append(node);
  setTimeout(() => node.remove(), 8000);
}
