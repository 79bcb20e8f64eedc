/** Block Kit's inputs for text, moments and open choices, as DOM nodes that report Slack's state. */
import { h } from "./dom.js";
import { guarded, marks, nextId, placeholder, register } from "./fields.js";
import { mrkdwn, textObject } from "./mrkdwn.js";
import { localOf, secondsOf, zoneName } from "./time.js";

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
  const least = el.min_length ?? 0;
  const read = register(
    el,
    blockId,
    ctx,
    () => ({ value: node.value || null }),
    () => node.value && node.value.length < least && `Write at least ${least} characters.`,
  );
  // What was typed later never arrives before.
  let line = Promise.resolve();
  const tell = (state) => (line = line.then(() => emit(state)));
  const triggers = el.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (triggers.includes("on_character_entered")) node.addEventListener("input", () => tell(read()));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || el.multiline || !emit.live) return;
    event.preventDefault();
    if (triggers.includes("on_enter_pressed")) tell(read());
  });
  return { node, control: node };
}

const MOMENTS = {
  datepicker: ["date", "selected_date", "initial_date", "Date"],
  timepicker: ["time", "selected_time", "initial_time", "Time"],
  datetimepicker: ["datetime-local", "selected_date_time", "initial_date_time", "Date and time"],
};

export function moment(el, blockId, ctx, emit, kept) {
  const { tz, now } = ctx.workspace;
  const [type, key, given, name] = MOMENTS[el.type];
  const withZone = type === "datetime-local";
  const start = kept?.[key] ?? el[given] ?? "";
  const shown = withZone && start ? localOf(start, tz) : start;
  const prompt = placeholder(el, null);
  const props = { type, id: nextId(), value: shown, "aria-label": prompt ?? name };
  const node = h("input.input", { ...props, data: marks(el, blockId) });
  // The browser's own pickers show no placeholder, and whose clock is meant has to be said.
  const said = [prompt, withZone ? zoneName(now, tz) : el.timezone].filter(Boolean).join(" · ");
  const value = () => {
    if (!node.value) return null;
    // The picker knows no seconds; those of a moment that nobody touched are kept.
    if (node.value === shown) return start;
    return withZone ? secondsOf(node.value, tz) : node.value;
  };
  const read = register(el, blockId, ctx, () => ({ [key]: value() }));
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
  return { node: h("div.moment", node, said && h("small.faint", said)), control: node };
}

/** Radio buttons and checkboxes: the options stand open, each with its description. */
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
