/** Modals: the person's stack of open views in one dialog, the topmost in sight. */
import { renderBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { collect, formContext } from "./fields.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { iconButton } from "./parts.js";

const MISSING = "Please fill in this field.";

/** Keeps the dialog in step with `app.ws.state.views`. */
export class Modals {
  open = new Map();
  presses = 0;

  constructor(app) {
    this.app = app;
    this.dialog = h("dialog.dialog.modal", { testid: "modal" });
    // The browser's own closing by Escape would take the whole stack; one Escape closes one view.
    const close = (event) => {
      if (event.type === "keydown" && event.key !== "Escape") return;
      event.preventDefault();
      this.close();
    };
    this.dialog.addEventListener("keydown", close);
    this.dialog.addEventListener("cancel", close);
    document.body.append(this.dialog);
  }

  /** The view in sight; one that is being closed has made way already. */
  get top() {
    const all = [...this.open.values()];
    return all.findLast((entry) => !entry.closing) ?? all.at(-1);
  }

  sync() {
    const { views } = this.app.ws.state;
    const before = this.top?.view.id;
    for (const [id, entry] of this.open) {
      if (views.some((view) => view.id === id)) continue;
      entry.node.remove();
      this.open.delete(id);
    }
    for (const view of views) this.place(view, views[0] !== view);
    if (!views.length) {
      if (this.dialog.open) this.leave();
      return;
    }
    this.showTop();
    this.dialog.setAttribute("aria-label", plain(this.top.view.title.text));
    if (!this.dialog.open) {
      this.before = document.activeElement;
      this.dialog.showModal();
    }
    if (this.top.view.id !== before) this.focusFirst();
  }

  showTop() {
    for (const entry of this.open.values()) entry.node.hidden = entry !== this.top;
  }

  leave() {
    this.dialog.close();
    const back = this.before?.isConnected && this.before;
    (back || document.querySelector("[data-testid=composer]"))?.focus();
  }

  focusFirst() {
    const { node } = this.top;
    const wishes = [
      "[autofocus]",
      ".modal-body :is(input, textarea, select, summary)",
      ".modal-body button",
      ".dialog-foot button:last-child",
    ];
    const found = wishes.map((wish) => node.querySelector(wish)).find(Boolean);
    (found ?? node).focus();
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
    const where = { view_id: view.id };
    const { place } = this.app;
    const ctx = formContext(this.app, place.channel, where, "view_press", entry?.fields);
    const active = document.activeElement;
    const mark = entry?.node.contains(active) ? active.dataset : null;
    const data = { viewId: view.id, callbackId: view.callback_id ?? "" };
    const node = h(
      "form.modal-view",
      { novalidate: true, tabindex: "-1", data },
      this.head(view, nested),
      h(
        "div.dialog-body.modal-body",
        renderBlocks(view.blocks, ctx),
        h("p.field-error.modal-error", { role: "alert" }),
      ),
      this.foot(view),
    );
    const made = { view, fields: ctx.fields, node, drawn };
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
      const block = `[data-block-id="${CSS.escape(mark.blockId)}"]`;
      node.querySelector(`${block} [data-action-id="${CSS.escape(mark.actionId)}"]`)?.focus();
    } else if (mark) queueMicrotask(() => this.focusFirst());
    this.tell(made);
  }

  /** Show the errors of the state once: a later refresh must not pull the focus back to them. */
  tell(entry) {
    const told = JSON.stringify(entry.view.errors ?? {});
    if (told === (entry.told ?? "{}")) return;
    entry.told = told;
    this.showErrors(entry, entry.view.errors);
  }

  head(view, nested) {
    const close = () => this.close();
    return h(
      "header.dialog-head",
      nested ? iconButton("back", "Back", close) : h("span.avatar.bot", icon("ring")),
      h("h2", { testid: "modal-title" }, plain(view.title.text)),
      iconButton("close", "Close", close),
    );
  }

  foot(view) {
    const words = view.close ? plain(view.close.text) : view.submit ? "Cancel" : "Close";
    const submit = { type: "submit", testid: "modal-submit" };
    return h(
      "footer.dialog-foot",
      h("button.button", { testid: "modal-close", onclick: () => this.close() }, words),
      view.submit && h("button.button.primary", submit, plain(view.submit.text)),
    );
  }

  async close() {
    const entry = this.top;
    if (!entry || entry.closing) return;
    entry.closing = true;
    this.showTop();
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
      const said = required && empty() ? MISSING : required !== undefined && problem();
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
    const details = { view_id: entry.view.id, values };
    const answer = await this.app.act("submit", details, { quiet: true });
    entry.busy = false;
    button.removeAttribute("aria-busy");
    // An update in the meantime drew the view anew; the answer belongs to what is shown now.
    const shown = this.open.get(entry.view.id);
    if (!shown) return;
    // Whoever has pressed again meanwhile sees the errors of that press, not of the one before.
    if (answer.errors && this.presses === press) this.showErrors(shown, answer.errors);
    if (!answer.ok && answer.error) fill(shown.node.querySelector(".modal-error"), answer.error);
    if (entry.again) this.submit(shown);
  }

  showErrors(entry, errors) {
    fill(entry.node.querySelector(".modal-error"));
    for (const place of entry.node.querySelectorAll("[data-error-for]")) {
      const text = errors[place.dataset.errorFor];
      fill(place, text && plain(text));
      const control = place.parentElement.querySelector("[data-action-id]");
      if (text) control?.setAttribute("aria-invalid", "true");
      else control?.removeAttribute("aria-invalid");
    }
    const first = entry.node.querySelector("[aria-invalid=true]");
    if (first) (first.matches("div") ? first.querySelector("input") : first)?.focus();
  }
}
