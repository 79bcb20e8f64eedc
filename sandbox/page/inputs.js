/** Block Kit's inputs for text, dates and choices, as DOM nodes that report Slack's state. */
import { h } from "./dom.js";
import { guarded, marks, nextId, placeholder, register } from "./fields.js";
import { mrkdwn, textObject } from "./mrkdwn.js";

export function text(el, blockId, ctx, emit, kept) {
  const props = {
    id: nextId(),
    data: marks(el, blockId),
    autocomplete: "off",
    placeholder: placeholder(el, null),
    maxlength: el.max_length,
    value: kept?.value ?? el.initial_value ?? "",
  };
  const node = el.multiline
    ? h("textarea.input", { ...props, rows: "4" })
    : h("input.input", { ...props, type: "text" });
  const read = register(el, blockId, ctx, () => ({ value: node.value || null }));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || el.multiline || !emit.live) return;
    event.preventDefault();
    emit(read());
  });
  return { node, control: node };
}

export function day(el, blockId, ctx, emit, kept) {
  const prompt = placeholder(el, null);
  const value = kept?.selected_date ?? el.initial_date ?? "";
  const props = { type: "date", id: nextId(), value, "aria-label": prompt ?? "Date" };
  const node = h("input.input", { ...props, data: marks(el, blockId) });
  // The browser's picker shows no placeholder.
  const said = prompt && h("small.faint", prompt);
  const read = register(el, blockId, ctx, () => ({ selected_date: node.value || null }));
  let before = node.value;
  node.addEventListener("change", () => {
    const last = before;
    before = node.value;
    guarded(
      el,
      ctx,
      () => emit(read()),
      () => (node.value = before = last),
    );
  });
  return { node: h("div.moment", node, said), control: node };
}

/** Radio buttons and checkboxes: each option with its description. */
export function choices(el, blockId, ctx, emit, kept) {
  const many = el.type === "checkboxes";
  const initial = many
    ? (kept?.selected_options ?? el.initial_options ?? [])
    : [kept?.selected_option ?? el.initial_option];
  const common = { type: many ? "checkbox" : "radio", name: nextId() };
  const boxes = el.options.map((option) => {
    const checked = initial.some((other) => other?.value === option.value);
    return { option, box: h("input", { ...common, value: option.value, checked }) };
  });
  const picked = () => boxes.filter(({ box }) => box.checked).map(({ option }) => option);
  const read = register(el, blockId, ctx, () =>
    many ? { selected_options: picked() } : { selected_option: picked()[0] ?? null },
  );
  const rows = boxes.map(({ option: { text: words, description }, box }) => {
    const note = description && h("small", mrkdwn(description.text, ctx.workspace));
    return h("label.choice", box, h("span", textObject(words, ctx.workspace), note));
  });
  const role = many ? "group" : "radiogroup";
  const props = { role, "aria-label": "Options", data: marks(el, blockId) };
  const node = h("div.choices", { ...props, onchange: () => emit(read()) }, rows);
  return { node, control: node };
}
