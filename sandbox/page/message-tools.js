/** Actions on a message: react, reply, edit, delete, pin, and the app's shortcuts. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { iconButton } from "./parts.js";
import { ask, menuButton } from "./popups.js";
import { choices } from "./reactions.js";
import { fromWire } from "./wire.js";
import { isSystem } from "./workspace.js";

const isOwn = ({ ws, message }) => message.user === ws.me.id && !isSystem(message);

/** The buttons that appear over a message. */
export function toolbar(context) {
  const { app, channel, message, inThread } = context;
  const more = { "aria-label": "More actions", title: "More actions" };
  const items = () => moreItems(context);
  const reactions = isSystem(message) ? [] : choices(app, channel, message);
  const reply = () => app.openThread(channel, message.thread_ts ?? message.ts);
  return h(
    "div.toolbar",
    { role: "toolbar", "aria-label": "Message" },
    reactions,
    !inThread && iconButton("thread", "Reply in thread", reply),
    menuButton("button.icon-button", more, "Message actions", items, icon("more")),
  );
}

function moreItems(context) {
  const { app, ws, channel, inThread, pinned } = context;
  const { ts } = context.message;
  const own = isOwn(context);
  const pin = () => app.act(pinned ? "unpin" : "pin", { channel, ts });
  const edit = () => app.edit({ ts, inThread });
  const drop = () => remove(app, channel, ts);
  return [
    ...ws.state.message_shortcuts.map(({ callback_id, name }) => ({
      label: name,
      note: ws.userName(ws.bot.id),
      data: { shortcut: callback_id },
      run: () => app.act("shortcut", { callback_id, channel, ts }),
    })),
    { label: pinned ? "Unpin from channel" : "Pin to channel", run: pin },
    own && { label: "Edit message", run: edit },
    own && { label: "Delete message", danger: true, run: drop },
  ].filter(Boolean);
}

async function remove(app, channel, ts) {
  const title = "Delete this message?";
  const text = "It disappears for everyone.";
  if (await ask({ title, text, confirm: "Delete", danger: true }))
    await app.act("delete", { channel, ts });
}

/** The message's edit box. */
export function editor({ app, ws, channel, message: { ts, text: stored } }) {
  const before = fromWire(stored ?? "", ws);
  const box = h("textarea.input", { rows: "2", "aria-label": "Edit message", value: before });
  const stop = () => app.edit(null);
  const save = async () => {
    const text = box.value.trim();
    if (!text) return remove(app, channel, ts);
    const answer = text === before || (await app.act("edit", { channel, ts, text })).ok;
    return answer && stop();
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stop();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save();
    else return;
    event.preventDefault();
  });
  queueMicrotask(() => {
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  });
  const cancel = h("button.button", { onclick: stop }, "Cancel");
  const go = h("button.button.primary", { onclick: save }, "Save");
  return h("div.editor", box, h("div.editor-buttons", cancel, go));
}
