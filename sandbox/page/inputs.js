/** Block Kit's inputs for text, moments and open choices, as DOM nodes that report Slack's state. */
import { guarded, inOrder, marks, nextId, register } from "./fields.js";
import { h } from "./dom.js";
import { mrkdwn, plain, textObject } from "./mrkdwn.js";
import { localOf, secondsOf, zoneName } from "./time.js";

export function text(el, blockId, ctx, emit, kept) {
  const kinds = { number_input: "text", email_text_input: "email", url_text_input: "url" };
  const initial = kept?.value ?? el.initial_value ?? "";
  const common = {
    class: "input",
    id: nextId(),
    data: marks(el, blockId),
    autocomplete: "off",
    placeholder: el.placeholder && plain(el.placeholder.text),
    maxlength: el.max_length,
    value: initial,
    inputmode: el.type === "number_input" ? (el.is_decimal_allowed ? "decimal" : "numeric") : null,
  };
  const node = el.multiline
    ? h("textarea", { ...common, rows: "4" })
    : h("input", { ...common, type: kinds[el.type] ?? "text" });
  const read = register(
    el,
    blockId,
    ctx,
    () => ({ value: node.value === "" ? null : node.value }),
    () => textProblem(el, node.value.trim()),
  );
  const tell = inOrder(emit);
  const triggers = el.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (triggers.includes("on_character_entered")) node.addEventListener("input", () => tell(read()));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || el.multiline || !emit.live) return;
    event.preventDefault();
    if (triggers.includes("on_enter_pressed")) tell(read());
  });
  return { node, control: node };
}

function textProblem(el, value) {
  if (!value) return null;
  if (el.min_length && value.length < el.min_length)
    return `Write at least ${el.min_length} characters.`;
  if (el.type === "url_text_input" && !URL.canParse(value))
    return "Enter a whole address, such as https://example.org.";
  if (el.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(value))
    return "Enter an email address.";
  if (el.type !== "number_input") return null;
  const number = Number(value);
  if (Number.isNaN(number)) return "Enter a number.";
  if (!el.is_decimal_allowed && !Number.isInteger(number)) return "Enter a whole number.";
  if (el.min_value !== undefined && number < Number(el.min_value))
    return `Enter ${el.min_value} or more.`;
  if (el.max_value !== undefined && number > Number(el.max_value))
    return `Enter ${el.max_value} or less.`;
  return null;
}

export function moment(el, blockId, ctx, emit, kept) {
  const tz = ctx.workspace.tz;
  const [kind, key, initial, name] = {
    datepicker: ["date", "selected_date", el.initial_date, "Date"],
    timepicker: ["time", "selected_time", el.initial_time, "Time"],
    datetimepicker: ["datetime-local", "selected_date_time", el.initial_date_time, "Date and time"],
  }[el.type];
  const prompt = el.placeholder && plain(el.placeholder.text);
  const start = kept?.[key] ?? initial ?? "";
  const shown = kind === "datetime-local" && start ? localOf(start, tz) : start;
  const node = h("input", {
    class: "input",
    type: kind,
    id: nextId(),
    value: shown,
    "aria-label": prompt ?? name,
    data: marks(el, blockId),
  });
  // The browser's own pickers show no placeholder, and whose clock is meant has to be said.
  const zone = kind === "datetime-local" ? zoneName(ctx.workspace.now, tz) : el.timezone;
  const said = [prompt, zone].filter(Boolean).join(" · ");
  const value = () => {
    if (!node.value) return null;
    // The picker knows no seconds; those of a moment that nobody touched are kept.
    if (node.value === shown) return start;
    return kind === "datetime-local" ? secondsOf(node.value, tz) : node.value;
  };
  const read = register(el, blockId, ctx, () => ({ [key]: value() }));
  let before = node.value;
  node.addEventListener("change", () => {
    guarded(
      el,
      ctx,
      () => emit(read()),
      () => (node.value = before),
    );
    before = node.value;
  });
  const whole = h("div", { class: "moment" }, node, said && h("small", { class: "faint" }, said));
  return { node: whole, control: node };
}

/** Radio buttons and checkboxes: the options stand open, each with its description. */
export function choices(el, blockId, ctx, emit, kept) {
  const many = el.type === "checkboxes";
  const initial = many
    ? (kept?.selected_options ?? el.initial_options ?? [])
    : [kept?.selected_option ?? el.initial_option].filter(Boolean);
  const name = nextId();
  const boxes = el.options.map((option) => ({
    option,
    box: h("input", {
      type: many ? "checkbox" : "radio",
      name,
      value: option.value,
      checked: initial.some((other) => other.value === option.value),
    }),
  }));
  const picked = () => boxes.filter(({ box }) => box.checked).map(({ option }) => option);
  const read = register(el, blockId, ctx, () =>
    many ? { selected_options: picked() } : { selected_option: picked()[0] ?? null },
  );
  const node = h(
    "div",
    {
      class: "choices",
      role: many ? "group" : "radiogroup",
      "aria-label": "Options",
      data: marks(el, blockId),
      onchange: () => emit(read()),
    },
    boxes.map(({ option, box }) =>
      h(
        "label",
        { class: "choice" },
        box,
        h(
          "span",
          {},
          textObject(option.text, ctx.workspace),
          option.description && h("small", {}, mrkdwn(option.description.text, ctx.workspace)),
        ),
      ),
    ),
  );
  return { node, control: node };
}
