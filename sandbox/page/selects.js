/** Choosing from a list: one (the browser's own select) or many (a folded list of boxes, with chips). */
import { fill, h } from "./dom.js";
import { placeholder } from "./fields.js";
import { plain } from "./mrkdwn.js";

const isUsers = (el) => el.type === "users_select";
const keyOf = (value) => value?.value ?? value;

/** What can be chosen: [{key, label, note, group, value}], `value` as Slack reports it. */
function choicesOf(el, ctx) {
  const user = ({ id }) => ({ key: id, label: ctx.workspace.userName(id), value: id });
  if (isUsers(el)) return ctx.workspace.people.map(user);
  const groups = el.option_groups ?? [{ options: el.options ?? [] }];
  return groups.flatMap((group) =>
    group.options.map((option) => ({
      key: option.value,
      label: plain(option.text.text),
      note: option.description && plain(option.description.text),
      group: group.label && plain(group.label.text),
      value: option,
    })),
  );
}

/** Rows under the headings of their groups: `under(label, rows)` draws one group. */
const grouped = (choices, row, under) =>
  [...new Set(choices.map((choice) => choice.group))].map((group) => {
    const rows = choices.filter((choice) => choice.group === group).map(row);
    return group ? under(group, rows) : rows;
  });

/** A list to choose one of; `changed` is called after a choice. */
export function singleSelect(el, ctx, kept, changed) {
  const what = isUsers(el) ? "user" : "option";
  const name = `selected_${what}`;
  const choices = choicesOf(el, ctx);
  let current = keyOf(kept ? kept[name] : el[`initial_${what}`]) ?? "";
  const option = ({ key, label, note }) =>
    h("option", { value: key, selected: key === current }, note ? `${label} – ${note}` : label);
  const prompt = placeholder(el, "Choose one");
  const control = h(
    "select.input",
    { "aria-label": prompt },
    h("option", { value: "" }, prompt),
    grouped(choices, option, (label, rows) => h("optgroup", { label }, rows)),
  );
  let before = current;
  control.addEventListener("change", () => {
    before = current;
    current = control.value;
    if (current) changed();
  });
  const read = () => ({ [name]: choices.find(({ key }) => key === control.value)?.value ?? null });
  return { node: control, control, read, undo: () => (control.value = current = before) };
}

/** A list to choose many of; `changed` is called when the list is closed after a change. */
export function multiSelect(el, ctx, kept, changed) {
  const initial = new Set((kept?.selected_options ?? el.initial_options ?? []).map(keyOf));
  const boxes = choicesOf(el, ctx).map((choice) => {
    const props = { type: "checkbox", value: choice.key, checked: initial.has(choice.key) };
    return { ...choice, box: h("input", props) };
  });
  const picked = () => boxes.filter(({ box }) => box.checked);
  const shown = h("span.chips");
  const draw = () => {
    const all = picked();
    const chips = all.map(({ label }) => h("span.chip", label));
    fill(shown, all.length ? chips : h("span.faint", placeholder(el, "Choose some")));
    const full = all.length >= (el.max_selected_items ?? Infinity);
    for (const { box } of boxes) box.disabled = full && !box.checked;
  };
  const row = ({ box, label, note }) =>
    h("label.choice", box, h("span", label, note && h("small", note)));
  const under = (label, rows) =>
    h("div", { role: "group", "aria-label": label }, h("div.list-group", label), rows);
  const control = h("summary.input", shown);
  const list = h("div.list", { role: "group", "aria-label": "Options" }, grouped(boxes, row, under));
  const node = h("details.multi", control, list);
  let dirty = false;
  node.addEventListener("change", () => {
    dirty = true;
    draw();
  });
  node.addEventListener("toggle", () => {
    if (node.open) return list.scrollIntoView({ block: "nearest" });
    if (dirty) changed();
    return (dirty = false);
  });
  node.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !node.contains(event.relatedTarget)) node.open = false;
  });
  node.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      node.open = true;
      const at = boxes.findIndex(({ box }) => box === document.activeElement);
      const from = step < 0 ? Math.max(at, 0) : at;
      boxes.at((from + step) % boxes.length)?.box.focus();
    } else if (event.key === "Escape" && node.open) {
      event.stopPropagation();
      node.open = false;
      control.focus();
    } else return;
    event.preventDefault();
  });
  draw();
  const read = () => ({ selected_options: picked().map(({ value }) => value) });
  return { node, control, read, undo: () => {} };
}
