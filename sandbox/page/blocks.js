/** Block Kit blocks as DOM nodes, https://docs.slack.dev/reference/block-kit/blocks. */
import { h } from "./dom.js";
import { element, unsupported } from "./elements.js";
import { nextId } from "./fields.js";
import { plain, textObject } from "./mrkdwn.js";

/** All blocks as nodes; `ctx` is a formContext(). */
export const renderBlocks = (blocks, ctx) =>
  blocks.map((block, index) => {
    const id = block.block_id ?? `block-${index}`;
    const drawn = BLOCKS[block.type]?.(block, id, ctx) ?? unsupported(block.type);
    return h(`div.block.block-${block.type}`, { data: { blockId: id } }, drawn);
  });

const text = (object, ctx) => h("div.text", textObject(object, ctx.workspace));

const BLOCKS = {
  header: (block) => h("h3.block-title", plain(block.text.text)),
  divider: () => h("hr"),

  section: (block, id, ctx) => [
    h(
      "div.section-body",
      block.text && text(block.text, ctx),
      block.fields && h("div.section-fields", block.fields.map((each) => text(each, ctx))),
    ),
    block.accessory && h("div.accessory", element(block.accessory, id, ctx).node),
  ],

  context: (block, id, ctx) => block.elements.map((el) => text(el, ctx)),

  actions: (block, id, ctx) => block.elements.map((el) => element(el, id, ctx).node),

  input(block, id, ctx) {
    const name = plain(block.label.text);
    const { node, control } = element(block.element, id, ctx, Boolean(block.dispatch_action));
    const optional = block.optional && h("span.optional", " (optional)");
    const label = h("label.field-label", { for: control?.id }, name, optional);
    // A label's `for` works only for inputs; name a group directly.
    if (control?.matches("input, select, textarea")) control.removeAttribute("aria-label");
    else control?.setAttribute("aria-label", name);
    const error = h("p.field-error", { id: nextId(), role: "alert", data: { errorFor: id } });
    const hint = block.hint && h("p.field-hint", { id: nextId() }, plain(block.hint.text));
    control?.setAttribute("aria-describedby", [hint?.id, error.id].filter(Boolean).join(" "));
    return [label, node, hint, error];
  },
};
