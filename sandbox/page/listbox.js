/** The list below or above a text box: rows to choose with the arrow keys. */
import { fill, h } from "./dom.js";
import { nextId } from "./fields.js";

/** The list of `box`; `choose(item)` gets the chosen row. Items are {shown, group?, taken?}. */
export class Listbox {
  items = [];
  at = 0;

  constructor(box, label, choose) {
    this.box = box;
    this.choose = choose;
    this.rows = h("div", { role: "listbox", id: nextId(), "aria-label": label });
    this.note = h("p.list-note", { role: "status" });
    this.node = h("div.list", { hidden: true }, this.note, this.rows);
    box.setAttribute("aria-controls", this.rows.id);
    box.setAttribute("aria-autocomplete", "list");
  }

  /** Show these rows under their group headings, or a note instead. */
  show(items, note) {
    this.items = items;
    this.at = 0;
    let group = null;
    const heading = (name) => {
      const fresh = name && name !== group;
      group = name;
      return fresh && h("div.list-group", { role: "presentation" }, name);
    };
    fill(
      this.rows,
      items.map((item, index) => [heading(item.group), this.#row(item, index)]),
    );
    fill(this.note, note);
    this.node.hidden = !items.length && !note;
    this.#mark();
  }

  #row(item, index) {
    const id = `${this.rows.id}-${index}`;
    const onpointerdown = (event) => {
      event.preventDefault();
      this.choose(item);
    };
    const props = { role: "option", id, "data-taken": item.taken ? "" : null, onpointerdown };
    return h("div.list-row", props, item.shown);
  }

  #mark() {
    const current = `${this.rows.id}-${this.at}`;
    for (const row of this.rows.querySelectorAll("[role=option]")) {
      row.setAttribute("aria-selected", String(row.id === current));
      if (row.id === current) row.scrollIntoView({ block: "nearest" });
    }
    if (this.items.length) this.box.setAttribute("aria-activedescendant", current);
    else this.box.removeAttribute("aria-activedescendant");
    this.box.setAttribute("aria-expanded", String(!this.node.hidden));
  }

  close() {
    this.show([]);
  }

  /** Whether the list handled this key: arrows, Escape, and keys in `taking`. */
  key(event, taking) {
    const { length } = this.items;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (this.node.hidden) return false;
    if (event.key === "Escape") this.close();
    else if (!length) return false;
    else if (step) {
      this.at = (this.at + step + length) % length;
      this.#mark();
    } else if (taking.includes(event.key)) this.choose(this.items[this.at]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
