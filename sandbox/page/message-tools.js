/** What can be done with a message: react, answer, edit, delete, pin, and the app's shortcuts. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { ask, menu, notice } from "./popups.js";
import { pickerButton, quickPicks } from "./reactions.js";
import { fromWire } from "./wire.js";
import { hashOf, isSystem } from "./workspace.js";

/** The buttons that appear over the message in hand. */
export function toolbar(context) {
  const { app, channel, message, inThread, pinned } = context;
  const more = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      title: "More actions",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      data: { key: "enter" },
      onclick: () => menu(more, moreItems(context), "Message actions"),
    },
    icon("more"),
  );
  return h(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": "Message" },
    isSystem(message)
      ? null
      : h("span", { class: "quick-picks" }, quickPicks(app, channel, message)),
    pickerButton(app, channel, message),
    inThread
      ? null
      : h(
          "button",
          {
            type: "button",
            class: "icon-button",
            title: "Reply in thread",
            "aria-label": "Reply in thread",
            data: { key: "t" },
            onclick: () => app.openThread(channel, message.thread_ts ?? message.ts),
          },
          icon("thread"),
        ),
    // For the keyboard alone; with a mouse they stand in the menu.
    isOwn(app, message)
      ? h("button", {
          type: "button",
          hidden: true,
          data: { key: "e" },
          onclick: () => app.edit({ channel, ts: message.ts, inThread }),
        })
      : null,
    h("button", {
      type: "button",
      hidden: true,
      data: { key: "p" },
      onclick: () => app.act(pinned ? "unpin" : "pin", { channel, ts: message.ts }),
    }),
    more,
  );
}

const isOwn = (app, message) => message.user === app.ws.me.id && !isSystem(message);

function moreItems({ app, channel, message, inThread, pinned }) {
  const { ts } = message;
  const shortcuts = (app.ws.state.message_shortcuts ?? []).map(({ callback_id, name }) => ({
    label: name,
    note: appName(app),
    data: { shortcut: callback_id },
    run: () => app.act("shortcut", { callback_id, channel, ts }),
  }));
  const own = isOwn(app, message);
  return [
    ...shortcuts,
    shortcuts.length ? null : undefined,
    {
      label: pinned ? "Unpin from channel" : "Pin to channel",
      run: () => app.act(pinned ? "unpin" : "pin", { channel, ts }),
    },
    { label: "Copy link", run: () => copyLink(channel, ts) },
    own ? { label: "Edit message", run: () => app.edit({ channel, ts, inThread }) } : undefined,
    own
      ? { label: "Delete message", danger: true, run: () => remove(app, channel, ts) }
      : undefined,
  ].filter((item) => item !== undefined);
}

const appName = (app) => (app.ws.bot ? app.ws.userName(app.ws.bot.id) : null);

async function copyLink(channel, ts) {
  const address = `${location.origin}/${hashOf(channel, ts)}`;
  try {
    await navigator.clipboard.writeText(address);
    notice("The link is copied.");
  } catch {
    notice(address);
  }
}

async function remove(app, channel, ts) {
  const yes = await ask({
    title: "Delete this message?",
    text: "It disappears for everyone.",
    confirm: "Delete",
    danger: true,
  });
  if (yes) await app.act("delete", { channel, ts });
}

/** The message as a box to write in. */
export function editor({ app, channel, message }) {
  const before = fromWire(message.text ?? "", app.ws);
  const box = h("textarea", {
    class: "input",
    rows: "2",
    "aria-label": "Edit message",
    value: before,
  });
  const stop = () => app.edit(null);
  const save = async () => {
    const text = box.value.trim();
    if (!text) return remove(app, channel, message.ts);
    if (text !== before) {
      const answer = await app.act("edit", { channel, ts: message.ts, text });
      if (!answer.ok) return undefined;
    }
    return stop();
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
  return h(
    "div",
    { class: "editor" },
    box,
    h(
      "div",
      { class: "editor-buttons" },
      h("button", { type: "button", class: "button", onclick: stop }, "Cancel"),
      h("button", { type: "button", class: "button primary", onclick: save }, "Save"),
    ),
  );
}
