/**
 * Block Kit's interactive elements, https://docs.slack.dev/reference/block-kit/block-elements. Each puts
 * its reader into `ctx.fields`, so that a message or a modal can collect Slack's `state.values`.
 */
import { externalSelect } from "./combobox.js";
import { h } from "./dom.js";
import { fieldKey, guarded, marks, nextId, register } from "./fields.js";
import { fileInput } from "./fileinput.js";
import { icon } from "./icons.js";
import { choices, moment, text } from "./inputs.js";
import { plain } from "./mrkdwn.js";
import { menu } from "./popups.js";
import { richInput } from "./richinput.js";
import { multiSelect, singleSelect } from "./selects.js";

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

function select(make) {
  return (el, blockId, ctx, emit, kept) => {
    const { node, control, read, undo } = make(el, { ...ctx, blockId }, kept, () =>
      guarded(el, ctx, () => emit(state()), undo),
    );
    const state = register(el, blockId, ctx, read);
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
  rich_text_input: richInput,
  file_input: fileInput,
  external_select: select(externalSelect),
  multi_external_select: select(externalSelect),
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
  const made = make(el, blockId, ctx, emit, ctx.kept?.get(fieldKey(blockId, el.action_id)));
  if (el.focus_on_load)
    (made.control?.querySelector("input") ?? made.control)?.setAttribute("autofocus", "");
  return made;
}
