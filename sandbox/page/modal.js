/** Modals: the person's stack of open views in one dialog, the topmost in sight. */
import { collect, renderBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";

const MISSING = "Please fill in this field.";

/** Keeps the dialog in step with `app.ws.state.views`. */
export class Modals {
  constructor(app) {
    this.app = app;
    this.open = new Map();
    this.presses = 0;
    this.dialog = h("dialog", { class: "dialog modal", data: { testid: "modal" } });
    // The browser's own closing by Escape would take the whole stack; one Escape closes one view.
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.close();
    });
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    document.body.append(this.dialog);
  }

  /** The view in sight; one that is being closed has made way already. */
  get top() {
    return (
      [...this.open.values()].findLast((entry) => !entry.closing) ?? [...this.open.values()].at(-1)
    );
  }

  sync() {
    const { views } = this.app.ws.state;
    const before = this.top?.view.id;
    for (const id of [...this.open.keys()]) {
      if (!views.some((view) => view.id === id)) {
        this.open.get(id).node.remove();
        this.open.delete(id);
      }
    }
    for (const view of views) this.place(view, views[0] !== view);
    if (!views.length) {
      if (this.dialog.open) this.leave();
      return;
    }
    for (const entry of this.open.values()) entry.node.hidden = entry !== this.top;
    this.dialog.setAttribute("aria-label", plain(this.top.view.title.text));
    if (!this.dialog.open) {
      this.before = document.activeElement;
      this.dialog.showModal();
    }
    if (this.top.view.id !== before) this.focusFirst();
  }

  leave() {
    this.dialog.close();
    const back = this.before?.isConnected
      ? this.before
      : document.querySelector("[data-testid=composer]");
    back?.focus();
  }

  focusFirst() {
    const { node } = this.top;
    const wish =
      node.querySelector("[autofocus]") ??
      node.querySelector(".modal-body :is(input, textarea, select, summary, [contenteditable])");
    (
      wish ??
      node.querySelector(".modal-body button") ??
      node.querySelector(".dialog-foot button:last-child") ??
      node
    ).focus();
  }

  /** Make or refresh one view. What was typed stays in inputs that keep their block_id and action_id. */
  place(view, nested) {
    const entry = this.open.get(view.id);
    const drawn = JSON.stringify([view.hash, view.title, view.submit, view.close, view.blocks]);
    if (entry?.drawn === drawn) {
      entry.view = view;
      this.tell(entry);
      return;
    }
    const fields = new Map();
    const kept = new Map([...(entry?.fields ?? [])].map(([key, item]) => [key, item.read()]));
    const press = (details) =>
      this.app.act("view_press", { view_id: view.id, ...details, values: collect(fields) });
    const { app } = this;
    const where = { view_id: view.id };
    const ctx = { app, workspace: app.ws, channel: app.place.channel, where, fields, kept, press };
    const mark =
      entry && entry.node.contains(document.activeElement) ? document.activeElement.dataset : null;
    const node = h("form", {
      class: "modal-view",
      novalidate: true,
      tabindex: "-1",
      data: { viewId: view.id, callbackId: view.callback_id ?? "" },
    });
    const made = { view, fields, node, drawn };
    fill(
      node,
      this.head(view, nested),
      h(
        "div",
        { class: "dialog-body modal-body" },
        renderBlocks(view.blocks, ctx),
        h("p", { class: "field-error modal-error", role: "alert" }),
      ),
      this.foot(view),
    );
    node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(made);
    });
    if (entry) {
      const { scrollTop } = entry.node.querySelector(".modal-body");
      entry.node.replaceWith(node);
      node.querySelector(".modal-body").scrollTop = scrollTop;
    } else this.dialog.append(node);
    this.open.set(view.id, made);
    if (mark?.actionId) {
      node
        .querySelector(
          `[data-block-id="${CSS.escape(mark.blockId)}"] [data-action-id="${CSS.escape(mark.actionId)}"]`,
        )
        ?.focus();
    } else if (mark) queueMicrotask(() => this.focusFirst());
    this.tell(made);
  }

  /** Show the errors the state tells of, once: a later refresh must not pull the focus back to them. */
  tell(entry) {
    const told = JSON.stringify(entry.view.errors ?? {});
    if (told === (entry.told ?? "{}")) return;
    entry.told = told;
    this.showErrors(entry, entry.view.errors);
  }

  head(view, nested) {
    return h(
      "header",
      { class: "dialog-head" },
      nested
        ? h(
            "button",
            {
              type: "button",
              class: "icon-button",
              "aria-label": "Back",
              onclick: () => this.close(),
            },
            icon("back"),
          )
        : h("span", { class: "brand-mark small" }, icon("ring")),
      h("h2", { data: { testid: "modal-title" } }, plain(view.title.text)),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Close",
          onclick: () => this.close(),
        },
        icon("close"),
      ),
    );
  }

  foot(view) {
    return h(
      "footer",
      { class: "dialog-foot" },
      h(
        "button",
        {
          type: "button",
          class: "button",
          data: { testid: "modal-close" },
          onclick: () => this.close(),
        },
        view.close ? plain(view.close.text) : view.submit ? "Cancel" : "Close",
      ),
      view.submit &&
        h(
          "button",
          { type: "submit", class: "button primary", data: { testid: "modal-submit" } },
          plain(view.submit.text),
        ),
    );
  }

  async close() {
    const entry = this.top;
    if (!entry || entry.closing) return;
    entry.closing = true;
    for (const other of this.open.values()) other.node.hidden = other !== this.top;
    if (this.top !== entry) this.focusFirst();
    const answer = await this.app.act("close_view", { view_id: entry.view.id });
    if (!answer.ok) entry.closing = false;
  }

  async submit(entry) {
    const values = collect(entry.fields);
    const sent = JSON.stringify(values);
    // A second press of the same is the same press.
    if (entry.busy && entry.sent === sent) return;
    const press = ++this.presses;
    const problems = {};
    for (const { blockId, required, empty, problem } of entry.fields.values()) {
      const said = required && empty() ? MISSING : required === undefined ? null : problem();
      if (said) problems[blockId] = said;
    }
    this.showErrors(entry, problems);
    if (Object.keys(problems).length) return;
    // What is put right while the answer to an earlier press is on its way is sent after that.
    entry.again = entry.busy;
    if (entry.busy) return;
    const button = entry.node.querySelector("[data-testid=modal-submit]");
    Object.assign(entry, { busy: true, sent });
    button.setAttribute("aria-busy", "true");
    const answer = await this.app.act(
      "submit",
      { view_id: entry.view.id, values },
      { quiet: true },
    );
    entry.busy = false;
    button.removeAttribute("aria-busy");
    // An update in the meantime drew the view anew; the answer belongs to what is shown now.
    const shown = this.open.get(entry.view.id);
    if (!shown) return;
    // Whoever has pressed again meanwhile is told of that, not of what was wrong before.
    if (answer.errors && this.presses === press) this.showErrors(shown, answer.errors);
    if (!answer.ok && answer.error) fill(shown.node.querySelector(".modal-error"), answer.error);
    if (entry.again) this.submit(shown);
  }

  showErrors(entry, errors) {
    fill(entry.node.querySelector(".modal-error"));
    for (const place of entry.node.querySelectorAll("[data-error-for]")) {
      const text = errors[place.dataset.errorFor];
      fill(place, text ? plain(text) : null);
      const control = place.parentElement.querySelector("[data-action-id]");
      if (text) control?.setAttribute("aria-invalid", "true");
      else control?.removeAttribute("aria-invalid");
    }
    const first = entry.node.querySelector("[aria-invalid=true]");
    if (first) (first.matches("div") ? first.querySelector("input") : first)?.focus();
  }
}
