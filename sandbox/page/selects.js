/** Single selection with the browser's select. */
import { combobox } from "./combobox.js";
import { h } from "./dom.js";
import { placeholder } from "./fields.js";
import { plain } from "./mrkdwn.js";

/** The options: [{key, label, value}], `value` as Slack reports it. */
function choicesOf(el, ctx) {
  if (el.type === "users_select")
    return ctx.workspace.people.map(({ id }) => ({
      key: id,
      label: ctx.workspace.userName(id),
      value: id,
    }));
  return groupsOf(el).flatMap(({ label, options }) =>
    options.map((option) => {
      const note = option.description && ` – ${plain(option.description.text)}`;
      const words = plain(option.text.text) + (note ?? "");
      return { key: option.value, label: words, value: option, group: label && plain(label.text) };
    }),
  );
}

const groupsOf = (el) => el.option_groups ?? [{ options: el.options }];

/** A list to choose several people of. */
export function severalPeople(el, ctx, kept, changed) {
  const people = ctx.workspace.people.map(({ id }) => ({
    text: { type: "plain_text", text: ctx.workspace.userName(id) },
    value: id,
  }));
  const chosen = (ids) => ids && { selected_options: people.filter(({ value }) => ids.includes(value)) };
  const menu = { ...el, options: people, initial_options: chosen(el.initial_users)?.selected_options };
  const made = combobox(menu, ctx, chosen(kept?.selected_users), changed);
  const read = () => ({ selected_users: made.read().selected_options.map(({ value }) => value) });
  return { ...made, read };
}

/** A list to choose one of; `changed` is called after a choice. */
export function singleSelect(el, ctx, kept, changed) {
  const what = el.type === "users_select" ? "user" : "option";
  const name = `selected_${what}`;
  const choices = choicesOf(el, ctx);
  const initial = kept ? kept[name] : el[`initial_${what}`];
  let current = initial?.value ?? initial ?? "";
  const option = ({ key, label }) => h("option", { value: key, selected: key === current }, label);
  const prompt = placeholder(el, "Choose one");
  const control = h(
    "select.input",
    { "aria-label": prompt },
    h("option", { value: "" }, prompt),
    [...new Set(choices.map(({ group }) => group))].map((label) => {
      const these = choices.filter(({ group }) => group === label).map(option);
      return label ? h("optgroup", { label }, these) : these;
    }),
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
