/** Shared code of Block Kit inputs: registering, collecting values, confirmation. */
import { plain, textObject } from "./mrkdwn.js";
import { ask } from "./popups.js";

export const fieldKey = (blockId, actionId) => `${blockId}\n${actionId}`;

let serial = 0;
/** An id for a label's `for`. */
export const nextId = () => `field-${(serial += 1)}`;

export const marks = (el, blockId) => ({ actionId: el.action_id, blockId });
export const placeholder = (el, otherwise) =>
  el.placeholder ? plain(el.placeholder.text) : otherwise;

/**
 * Context for drawing the blocks of a message or view: `where` names it, `fields` collects
 * its inputs, `kept` is what `before` held, and `press` sends a block action with the state.
 */
export function formContext(app, channel, where, before) {
  const fields = new Map();
  const kept = new Map([...(before ?? [])].map(([key, field]) => [key, field.read()]));
  const press = (details) => app.act("press", { ...where, ...details, values: collect(fields) });
  return { app, workspace: app.ws, channel, where, fields, kept, press };
}

/** Slack's state.values from the collected fields. */
export function collect(fields) {
  const values = {};
  for (const { blockId, actionId, read } of fields.values())
    (values[blockId] ??= {})[actionId] = read();
  return values;
}

/** Call `go` after the element's confirmation, if any; `undo` if declined. */
export async function guarded(el, ctx, go, undo) {
  if (el.confirm) {
    const { title, text, confirm, deny, style } = el.confirm;
    const yes = await ask({
      title: plain(title.text),
      text: textObject(text, ctx.workspace),
      confirm: confirm && plain(confirm.text),
      deny: deny && plain(deny.text),
      danger: style === "danger",
    });
    if (!yes) return undo?.();
  }
  return go();
}

/** Register a value-holding element: `read` gives its part of state.values, without the type. */
export function register(el, blockId, ctx, read) {
  const state = () => ({ type: el.type, ...read() });
  const field = { blockId, actionId: el.action_id, read: state };
  ctx.fields.set(fieldKey(blockId, el.action_id), field);
  return state;
}
