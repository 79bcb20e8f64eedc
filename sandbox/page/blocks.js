/** Block Kit blocks as DOM nodes, https://docs.slack.dev/reference/block-kit/blocks. */
import { h } from "./dom.js";
import { element } from "./elements.js";
import { fieldKey, nextId } from "./fields.js";
import { markdown } from "./markdown.js";
import { plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/**
 * All blocks as nodes. `ctx` is {app, workspace, channel, where, fields, kept?, press(details)}: `where`
 * names the message or view for the server, `fields` collects the inputs, `press` sends a block action
 * ({action_id, block_id, type, …}).
 */
export function renderBlocks(blocks, ctx) {
  return blocks.map((block, index) => {
    const id = block.block_id ?? `block-${index}`;
    const render = BLOCKS[block.type] ?? unsupported;
    return h(
      "div",
      { class: `block block-${block.type}`, data: { blockId: id } },
      render(block, id, ctx),
    );
  });
}

function emitter(el, blockId, ctx, live = true) {
  const emit = (details) =>
    live
      ? ctx.press({ ...details, action_id: el.action_id, block_id: blockId })
      : Promise.resolve();
  emit.live = live;
  return emit;
}

const BLOCKS = {
  header: (block) => h("h3", { class: "block-title" }, plain(block.text.text)),
  divider: () => h("hr"),

  section(block, id, { workspace, ...rest }) {
    const ctx = { workspace, ...rest };
    const body = h(
      "div",
      { class: "section-body" },
      block.text && h("div", { class: "text" }, textObject(block.text, workspace)),
      block.fields &&
        h(
          "div",
          { class: "section-fields" },
          block.fields.map((item) => h("div", { class: "text" }, textObject(item, workspace))),
        ),
    );
    if (!block.accessory) return [body];
    const { node } = element(block.accessory, id, ctx, emitter(block.accessory, id, ctx));
    return [body, h("div", { class: "accessory" }, node)];
  },

  context: (block, id, ctx) =>
    block.elements.map((item) =>
      item.type === "image"
        ? h("img", {
            class: "context-image",
            src: item.image_url,
            alt: item.alt_text ?? "",
            referrerpolicy: "no-referrer",
          })
        : h("span", { class: "text" }, textObject(item, ctx.workspace)),
    ),

  actions: (block, id, ctx) =>
    block.elements.map((el) => element(el, id, ctx, emitter(el, id, ctx)).node),

  image: (block) => [
    block.title && h("div", { class: "image-title" }, plain(block.title.text)),
    h("img", {
      class: "picture",
      src: block.image_url,
      alt: block.alt_text ?? "",
      referrerpolicy: "no-referrer",
    }),
  ],

  input(block, id, ctx) {
    const { node, control } = element(
      block.element,
      id,
      ctx,
      emitter(block.element, id, ctx, Boolean(block.dispatch_action)),
    );
    const reader = ctx.fields.get(fieldKey(id, block.element.action_id));
    if (reader) reader.required = !block.optional;
    const label = h(
      "label",
      { class: "field-label", for: control?.id },
      plain(block.label.text),
      block.optional && h("span", { class: "optional" }, " (optional)"),
    );
    // A label's `for` reaches only real inputs; a group or a folded list is named directly.
    if (control?.matches("input, select, textarea")) control.removeAttribute("aria-label");
    else if (control?.matches("summary")) {
      // What is chosen in a folded list is part of its name, or it is never read out.
      label.id = nextId();
      control.id ||= nextId();
      control.setAttribute("aria-labelledby", `${label.id} ${control.id}`);
    } else control?.setAttribute("aria-label", plain(block.label.text));
    const error = h("p", {
      class: "field-error",
      id: nextId(),
      role: "alert",
      data: { errorFor: id },
    });
    const hint =
      block.hint && h("p", { class: "field-hint", id: nextId() }, plain(block.hint.text));
    control?.setAttribute("aria-describedby", [hint?.id, error.id].filter(Boolean).join(" "));
    return [label, node, hint, error];
  },

  rich_text: (block, id, ctx) => richText(block, ctx.workspace),
  markdown: (block, id, ctx) => markdown(block.text, ctx.workspace),

  table(block, id, ctx) {
    const cell = (item, index, tag) => {
      const { align = "left", is_wrapped: wraps } = block.column_settings?.[index] ?? {};
      const content =
        item.type === "rich_text" ? richText(item, ctx.workspace) : plain(item.text ?? "");
      return h(
        tag,
        {
          style: { "text-align": align },
          class: wraps ? "wraps" : null,
          scope: tag === "th" ? "col" : null,
        },
        content,
      );
    };
    const [head, ...rows] = block.rows;
    const row = (cells, tag) =>
      h(
        "tr",
        {},
        cells.map((item, index) => cell(item, index, tag)),
      );
    return h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
      h(
        "table",
        {},
        h("thead", {}, row(head, "th")),
        h(
          "tbody",
          {},
          rows.map((cells) => row(cells, "td")),
        ),
      ),
    );
  },
};

const unsupported = (block) =>
  h("span", { class: "unsupported" }, `This page cannot show a ${block.type} block yet.`);

/** Slack's state.values from the collected fields. */
export function collect(fields) {
  const values = {};
  for (const { blockId, actionId, read } of fields.values()) {
    (values[blockId] ??= {})[actionId] = read();
  }
  return values;
}
