/**
 * Block Kit's interactive elements, https://docs.slack.dev/reference/block-kit/block-elements. Each puts
 * its reader into `ctx.fields`, so that a message or a modal can collect Slack's `state.values`.
 */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { mrkdwn, plain, textObject } from "./mrkdwn.js";
import { multiSelect, singleSelect } from "./selects.js";
import { ask, menu } from "./popups.js";
import { localOf, secondsOf } from "./time.js";

export const fieldKey = (blockId, actionId) => `${blockId}\n${actionId}`;

let serial = 0;
/** An id for a label to point at. */
export const nextId = () => `field-${(serial += 1)}`;

const marks = (el, blockId) => ({ actionId: el.action_id, blockId });

/** Do `go` after the element's own confirmation, if it has one; `undo` when the person declines. */
async function guarded(el, ctx, go, undo) {
  if (el.confirm) {
    const { title, text, confirm, deny, style } = el.confirm;
    const yes = await ask({
      title: plain(title.text),
      text: textObject(text, ctx.workspace),
      confirm: confirm && plain(confirm.text),
      deny: deny && plain(deny.text),
      danger: style === "danger",
    });
    if (!yes) {
      undo?.();
      return;
    }
  }
  await go();
}

function button(el, blockId, ctx, emit) {
  const style = el.style ? ` ${el.style}` : "";
  const node = h(
    "button",
    {
      type: "button",
      class: `button${style}`,
      data: marks(el, blockId),
      "aria-label": el.accessibility_label,
      onclick: () => guarded(el, ctx, press),
    },
    plain(el.text.text),
  );
  async function press() {
    if (el.url && /^https?:\/\//i.test(el.url)) window.open(el.url, "_blank", "noopener");
    // Not `disabled`, which would throw the keyboard's focus away.
    if (node.hasAttribute("aria-busy")) return;
    node.setAttribute("aria-busy", "true");
    await emit({ type: "button", ...(el.value === undefined ? {} : { value: el.value }) });
    node.removeAttribute("aria-busy");
  }
  return { node };
}

function overflow(el, blockId, ctx, emit) {
  const items = el.options.map((option) => ({
    label: plain(option.text.text),
    note: option.description && plain(option.description.text),
    run: () =>
      guarded(el, ctx, () => {
        if (option.url && /^https?:\/\//i.test(option.url))
          window.open(option.url, "_blank", "noopener");
        return emit({ type: "overflow", selected_option: option });
      }),
  }));
  const node = h(
    "button",
    {
      type: "button",
      class: "button icon-only",
      "aria-label": "More choices",
      "aria-haspopup": "menu",
      data: marks(el, blockId),
      onclick: () => menu(node, items, "More choices"),
    },
    icon("more"),
  );
  return { node };
}

/** Register a value-holding element: `read` gives its part of state.values, without the type. */
function field(el, blockId, ctx, read, problem = () => null) {
  const state = () => ({ type: el.type, ...read() });
  const empty = () => Object.values(read()).every((v) => v === null || v === "" || v?.length === 0);
  ctx.fields.set(fieldKey(blockId, el.action_id), {
    blockId,
    actionId: el.action_id,
    read: state,
    empty,
    problem,
  });
  return state;
}

function text(el, blockId, ctx, emit, kept) {
  const kinds = { number_input: "text", email_text_input: "email", url_text_input: "url" };
  const initial = kept?.value ?? el.initial_value ?? "";
  const common = {
    class: "input",
    id: nextId(),
    data: marks(el, blockId),
    autocomplete: "off",
    placeholder: el.placeholder && plain(el.placeholder.text),
    maxlength: el.max_length,
    autofocus: el.focus_on_load,
    value: initial,
    inputmode: el.type === "number_input" ? (el.is_decimal_allowed ? "decimal" : "numeric") : null,
  };
  const node = el.multiline
    ? h("textarea", { ...common, rows: "4" })
    : h("input", { ...common, type: kinds[el.type] ?? "text" });
  const read = field(
    el,
    blockId,
    ctx,
    () => ({ value: node.value === "" ? null : node.value }),
    () => textProblem(el, node.value.trim()),
  );
  const triggers = el.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (triggers.includes("on_character_entered")) node.addEventListener("input", () => emit(read()));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || el.multiline || !emit.live) return;
    event.preventDefault();
    if (triggers.includes("on_enter_pressed")) emit(read());
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

function moment(el, blockId, ctx, emit, kept) {
  const tz = ctx.workspace.tz;
  const [kind, key, initial] = {
    datepicker: ["date", "selected_date", el.initial_date],
    timepicker: ["time", "selected_time", el.initial_time],
    datetimepicker: ["datetime-local", "selected_date_time", el.initial_date_time],
  }[el.type];
  const start = kept?.[key] ?? initial ?? "";
  const shown = kind === "datetime-local" && start ? localOf(start, tz) : start;
  const node = h("input", {
    class: "input",
    type: kind,
    id: nextId(),
    value: shown,
    data: marks(el, blockId),
  });
  const value = () => {
    if (!node.value) return null;
    return kind === "datetime-local" ? secondsOf(node.value, tz) : node.value;
  };
  const read = field(el, blockId, ctx, () => ({ [key]: value() }));
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
  return { node, control: node };
}

/** Radio buttons and checkboxes: the options stand open, each with its description. */
function choices(el, blockId, ctx, emit, kept) {
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
  const read = field(el, blockId, ctx, () =>
    many ? { selected_options: picked() } : { selected_option: picked()[0] ?? null },
  );
  const node = h(
    "div",
    {
      class: "choices",
      role: many ? "group" : "radiogroup",
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

function select(make) {
  return (el, blockId, ctx, emit, kept) => {
    const { node, control, read, undo } = make(el, ctx, kept, () =>
      guarded(el, ctx, () => emit(state()), undo),
    );
    const state = field(el, blockId, ctx, read);
    control.id = nextId();
    Object.assign(control.dataset, marks(el, blockId));
    return { node, control };
  };
}

const KINDS = {
  button,
  overflow,
  workflow_button: button,
  plain_text_input: text,
  number_input: text,
  email_text_input: text,
  url_text_input: text,
  datepicker: moment,
  timepicker: moment,
  datetimepicker: moment,
  radio_buttons: choices,
  checkboxes: choices,
};
for (const source of ["static", "users", "conversations", "channels"]) {
  KINDS[`${source}_select`] = select(singleSelect);
  KINDS[`multi_${source}_select`] = select(multiSelect);
}

/**
 * {node, control?} of one element. `emit(details)` sends the block action; `emit.live` is false in an
 * input that does not dispatch.
 */
export function element(el, blockId, ctx, emit) {
  if (el.type === "image") {
    return {
      node: h("img", {
        class: "thumb",
        src: el.image_url,
        alt: el.alt_text ?? "",
        referrerpolicy: "no-referrer",
      }),
    };
  }
  const make = KINDS[el.type];
  if (!make)
    return { node: h("span", { class: "unsupported" }, `This page cannot show a ${el.type} yet.`) };
  return make(el, blockId, ctx, emit, ctx.kept?.get(fieldKey(blockId, el.action_id)));
}
