/** Modals: the form that the person has open, in a dialog. */
import { renderBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { collect, formContext } from "./fields.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { iconButton } from "./parts.js";

/** Keeps the dialog in step with `app.ws.state.views`. */
export class Modals {
  /** The view that is shown, with its node and its inputs. */
  entry = null;
  presses = 0;

  constructor(app) {
    this.app = app;
    this.dialog = h("dialog.dialog.modal", { testid: "modal" });
    // Otherwise Escape closes the dialog before the sandbox handles it.
    const close = (event) => {
      if (event.type === "keydown" && event.key !== "Escape") return;
      event.preventDefault();
      this.close();
    };
    this.dialog.addEventListener("keydown", close);
    this.dialog.addEventListener("cancel", close);
    document.body.append(this.dialog);
  }

  sync() {
    const view = this.app.ws.state.views.at(-1);
    const before = this.entry?.view.id;
    if (this.entry && before !== view?.id) {
      this.entry.node.remove();
      this.entry = null;
    }
    if (!view) {
      if (this.dialog.open) this.leave();
      return;
    }
    this.place(view);
    this.dialog.setAttribute("aria-label", plain(view.title.text));
    if (!this.dialog.open) {
      this.before = document.activeElement;
      this.dialog.showModal();
    }
    if (view.id !== before) this.focusFirst();
  }

  leave() {
    this.dialog.close();
    const back = this.before?.isConnected && this.before;
    (back || document.querySelector("[data-testid=composer]"))?.focus();
  }

  focusFirst() {
    const { node } = this.entry;
    const wishes = [
      "[autofocus]",
      ".modal-body :is(input, textarea, select)",
      ".modal-body button",
      ".dialog-foot button:last-child",
    ];
    const found = wishes.map((wish) => node.querySelector(wish)).find(Boolean);
    (found ?? node).focus();
  }

  /** Make or refresh the form. Inputs with the same block_id and action_id keep their text. */
  place(view) {
    const { entry } = this;
    const drawn = JSON.stringify([view.hash, view.title, view.submit, view.close, view.blocks]);
    if (entry?.drawn === drawn) {
      entry.view = view;
      this.tell();
      return;
    }
    const where = { view_id: view.id };
    const { place } = this.app;
    const ctx = formContext(this.app, place.channel, where, entry?.fields);
    const active = document.activeElement;
    const mark = entry?.node.contains(active) ? active.dataset : null;
    const data = { viewId: view.id, callbackId: view.callback_id ?? "" };
    const node = h(
      "form.modal-view",
      { novalidate: true, tabindex: "-1", data },
      this.head(view),
      h(
        "div.dialog-body.modal-body",
        renderBlocks(view.blocks, ctx),
        h("p.field-error.modal-error", { role: "alert" }),
      ),
      this.foot(view),
    );
    node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    if (entry) {
      const { scrollTop } = entry.node.querySelector(".modal-body");
      entry.node.replaceWith(node);
      node.querySelector(".modal-body").scrollTop = scrollTop;
    } else this.dialog.append(node);
    this.entry = { view, fields: ctx.fields, node, drawn };
    if (mark?.actionId) {
      const block = `[data-block-id="${CSS.escape(mark.blockId)}"]`;
      node.querySelector(`${block} [data-action-id="${CSS.escape(mark.actionId)}"]`)?.focus();
    } else if (mark) queueMicrotask(() => this.focusFirst());
    this.tell();
  }

  /** Show the state's errors once: a later refresh must not move the focus. */
  tell() {
    const { entry } = this;
    const told = JSON.stringify(entry.view.errors ?? {});
    if (told === (entry.told ?? "{}")) return;
    entry.told = told;
    this.showErrors(entry.view.errors);
  }

  head(view) {
    return h(
      "header.dialog-head",
      h("span.avatar.bot", icon("ring")),
      h("h2", { testid: "modal-title" }, plain(view.title.text)),
      iconButton("close", "Close", () => this.close()),
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
    const { entry } = this;
    if (!entry || entry.closing) return;
    entry.closing = true;
    const answer = await this.app.act("close_view", { view_id: entry.view.id });
    if (!answer.ok) entry.closing = false;
  }

  async submit() {
    const { entry } = this;
    const values = collect(entry.fields);
    const sent = JSON.stringify(values);
    // Ignore a second press with the same values.
    if (entry.busy && entry.sent === sent) return;
    const press = ++this.presses;
    // Send changes made during a pending request after its answer.
    entry.again = entry.busy;
    if (entry.busy) return;
    const button = entry.node.querySelector("[data-testid=modal-submit]");
    Object.assign(entry, { busy: true, sent });
    button.setAttribute("aria-busy", "true");
    const details = { view_id: entry.view.id, values };
    const answer = await this.app.act("submit", details, { quiet: true });
    entry.busy = false;
    button.removeAttribute("aria-busy");
    // An update may have redrawn the view; apply the answer to the current one.
    if (this.entry?.view.id !== entry.view.id) return;
    // After another press, show only the errors of the latest press.
    if (answer.errors && this.presses === press) this.showErrors(answer.errors);
    if (!answer.ok && answer.error) fill(this.entry.node.querySelector(".modal-error"), answer.error);
    if (entry.again) this.submit();
  }

  showErrors(errors) {
    const { node } = this.entry;
    fill(node.querySelector(".modal-error"));
    for (const place of node.querySelectorAll("[data-error-for]")) {
      const text = errors[place.dataset.errorFor];
      fill(place, text && plain(text));
      const control = place.parentElement.querySelector("[data-action-id]");
      if (text) control?.setAttribute("aria-invalid", "true");
      else control?.removeAttribute("aria-invalid");
    }
    const first = node.querySelector("[aria-invalid=true]");
    if (first) (first.matches("div") ? first.querySelector("input") : first)?.focus();
  }
}
