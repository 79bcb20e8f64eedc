/** One message: author, text or blocks, files, reactions, thread and actions. */
import { renderBlocks } from "./blocks.js";
import { h, item, patch } from "./dom.js";
import { formContext } from "./fields.js";
import { files } from "./files.js";
import { icon } from "./icons.js";
import { editor, toolbar } from "./message-tools.js";
import { mrkdwn } from "./mrkdwn.js";
import { appBadge, avatar, count } from "./parts.js";
import { reactionRow } from "./reactions.js";
import { clock, fullTime, instant } from "./time.js";
import { isSystem } from "./workspace.js";

/** A patch item for the message; `compact` leaves out the author, `inThread` the thread's summary. */
export function messageItem(app, channel, message, { compact = false, inThread = false } = {}) {
  const { ws } = app;
  const { ts } = message;
  const editing = app.editing?.ts === ts && app.editing.inThread === inThread;
  const replies = inThread ? [] : ws.replies(channel, ts);
  const pinned = ws.channels.get(channel).pins.some((pin) => pin.ts === ts);
  const context = { app, ws, channel, message, compact, inThread, editing, replies, pinned };
  return item(
    ts,
    [message, compact, editing, pinned, ws.sig, replies.map((reply) => reply.ts)],
    () => h("article.message", { tabindex: "-1", data: { ts }, testid: "message" }),
    (node) => draw(node, context),
  );
}

function draw(node, context) {
  const { app, ws, channel, message, compact, inThread, editing, replies, pinned } = context;
  const author = ws.author(message);
  const system = isSystem(message);
  const { ephemeral } = message;
  for (const [name, on] of Object.entries({ compact, system, ephemeral, editing, pinned }))
    node.classList.toggle(name, Boolean(on));
  node.setAttribute("aria-label", `${author.name}, ${clock(instant(message.ts), ws.tz)}`);
  const parts = {
    gutter: [[compact, author, ws.tz], () => gutter(context, author)],
    "only-you": ephemeral && [0, () => h("div.note", icon("eye"), "Only visible to you")],
    pin: pinned && [0, () => h("div.note.pin-note", icon("pin"), " Pinned")],
    head: !compact && !system && [[author, ws.tz], () => head(context, author)],
    // Keep the draft when the message or the workspace changes.
    body: editing
      ? ["editor", () => editor(context)]
      : [
          [message.text, message.blocks, message.edited, ws.sig],
          () => content(node, context, author),
        ],
    files: message.files?.length && [message.files, () => files(message)],
    reactions: message.reactions?.length && [
      [message.reactions, ws.sig],
      () => reactionRow(app, channel, message),
    ],
    thread: replies.length && [[replies, ws.sig], () => threadLine(context)],
    tools: !editing &&
      !ephemeral &&
      message.subtype !== "tombstone" && [[message, pinned, ws.sig], () => toolbar(context)],
  };
  const wanted = Object.entries(parts).filter(([, part]) => part);
  patch(
    node,
    wanted.map(([key, [sig, make]]) => item(key, sig, make)),
  );
}

const gutter = ({ message, compact, ws }, author) =>
  h(
    "div.gutter",
    compact || isSystem(message)
      ? h("span.side-time", clock(instant(message.ts), ws.tz))
      : avatar(author),
  );

function head({ message, ws }, author) {
  const ms = instant(message.ts);
  const stamp = { title: fullTime(ms, ws.tz), datetime: new Date(ms).toISOString() };
  return h(
    "div.head",
    h("span.author", { testid: "author" }, author.name),
    author.is_bot && appBadge(),
    h("time.stamp", stamp, clock(ms, ws.tz)),
  );
}

function content(node, { app, ws, channel, message }, author) {
  const where = { channel, ts: message.ts };
  // Choices in the message's inputs survive a redraw.
  const ctx = formContext(app, channel, where, node.fields);
  node.fields = ctx.fields;
  const edited = message.edited && h("span.faint.edited", " (edited)");
  const words = () => (isSystem(message) ? systemText : mrkdwn)(message.text, ws, author);
  const said = message.blocks?.length
    ? // Slack does not mark an app's blocks as edited.
      h("div.blocks", renderBlocks(message.blocks, ctx), message.bot_id ? null : edited)
    : message.text && h("div.text", { testid: "text" }, words(), edited);
  return h("div.body", said);
}

/** Some of Slack's notes omit the author; the sentence needs one. */
function systemText(text, ws, author) {
  const named = text.includes("<@") || text.includes(author.name) || text.startsWith("This message");
  return [!named && [h("strong", author.name), " "], mrkdwn(text, ws)];
}

function threadLine({ app, ws, channel, message, replies }) {
  const authors = new Map(replies.map((reply) => ws.author(reply)).map((one) => [one.id, one]));
  const last = clock(instant(replies.at(-1).ts), ws.tz);
  return h(
    "button.thread-line",
    { testid: "thread-line", onclick: () => app.openThread(channel, message.ts) },
    [...authors.values()].slice(0, 4).map((author) => avatar(author, ".small")),
    h("strong", count(replies.length, "reply", "replies")),
    h("span.faint", `last at ${last}`),
  );
}
