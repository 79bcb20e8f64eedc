/**
 * Block Kit's interactive elements, https://docs.slack.dev/reference/block-kit/block-elements. Each puts
 * its reader into `ctx.fields`, so that a message or a modal can collect Slack's `state.values`.
 */
import { combobox } from "./combobox.js";
import { h } from "./dom.js";
import { fieldKey, guarded, marks, nextId, register } from "./fields.js";
import { icon } from "./icons.js";
import { choices, day, text } from "./inputs.js";
import { plain } from "./mrkdwn.js";
import { menuButton } from "./popups.js";
import { severalPeople, singleSelect } from "./selects.js";

export const unsupported = (type) =>
  h("span.unsupported", `This page does not support a ${type} here.`);

const openLink = (url) =>
  url && /^https?:\/\//i.test(url) && window.open(url, "_blank", "noopener");

function button(el, blockId, ctx, emit) {
  const press = async () => {
    openLink(el.url);
    // Not `disabled`, which would lose the keyboard focus.
    if (node.hasAttribute("aria-busy")) return;
    node.setAttribute("aria-busy", "true");
    await emit({ type: "button", ...(el.value === undefined ? {} : { value: el.value }) });
    node.removeAttribute("aria-busy");
  };
  const props = {
    data: marks(el, blockId),
    "aria-label": el.accessibility_label,
    onclick: () => guarded(el, ctx, press),
  };
  const node = h(`button.button${el.style ? `.${el.style}` : ""}`, props, plain(el.text.text));
  return { node };
}

function overflow(el, blockId, ctx, emit) {
  const choose = (option) => {
    openLink(option.url);
    return emit({ type: "overflow", selected_option: option });
  };
  const items = el.options.map((option) => ({
    label: plain(option.text.text),
    note: option.description && plain(option.description.text),
    run: () => guarded(el, ctx, () => choose(option)),
  }));
  const props = { data: marks(el, blockId) };
  return { node: menuButton("button.button", props, "More choices", () => items, icon("more")) };
}

const select = (make) => (el, blockId, ctx, emit, kept) => {
  const changed = () => guarded(el, ctx, () => emit(state()), undo);
  const { node, control, read, undo } = make(el, { ...ctx, blockId }, kept, changed);
  const state = register(el, blockId, ctx, read);
  control.id = nextId();
  Object.assign(control.dataset, marks(el, blockId));
  return { node, control };
};

const KINDS = {
  button,
  overflow,
  plain_text_input: text,
  datepicker: day,
  radio_buttons: choices,
  checkboxes: choices,
  static_select: select(singleSelect),
  multi_static_select: select(combobox),
  multi_users_select: select(severalPeople),
  users_select: select(singleSelect),
  external_select: select(combobox),
  multi_external_select: select(combobox),
};

/** {node, control?} of one element; an input that is not `live` sends no block actions. */
export function element(el, blockId, ctx, live = true) {
  if (!KINDS[el.type]) return { node: unsupported(el.type) };
  const names = { action_id: el.action_id, block_id: blockId };
  const emit = async (details) => live && ctx.press({ ...details, ...names });
  emit.live = live;
  const kept = ctx.kept.get(fieldKey(blockId, el.action_id));
  const made = KINDS[el.type](el, blockId, ctx, emit, kept);
  if (el.focus_on_load)
    (made.control?.querySelector("input") ?? made.control)?.setAttribute("autofocus", "");
  return made;
}
