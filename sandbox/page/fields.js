/** What all inputs of Block Kit share: ids, the place where they register, and the question before acting. */
import { plain, textObject } from "./mrkdwn.js";
import { ask } from "./popups.js";

export const fieldKey = (blockId, actionId) => `${blockId}\n${actionId}`;

let serial = 0;
/** An id for a label to point at. */
export const nextId = () => `field-${(serial += 1)}`;

export const marks = (el, blockId) => ({ actionId: el.action_id, blockId });

/** Do `go` after the element's own confirmation, if it has one; `undo` when the person declines. */
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
    if (!yes) {
      undo?.();
      return;
    }
  }
  await go();
}

/** Register a value-holding element: `read` gives its part of state.values, without the type. */
export function register(el, blockId, ctx, read, problem = () => null) {
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

/** Tell the app of one state after the other: what was typed later never arrives before. */
export function inOrder(emit) {
  let line = Promise.resolve();
  return (state) => (line = line.then(() => emit(state)));
}
