/** One message: author, text or blocks, files, reactions, thread, and what can be done with it. */
import { avatar } from "./avatar.js";
import { collect, renderBlocks } from "./blocks.js";
import { h, patch } from "./dom.js";
import { files } from "./files.js";
import { icon } from "./icons.js";
import { editor, toolbar } from "./message-tools.js";
import { mrkdwn } from "./mrkdwn.js";
import { saidIn, snippet } from "./query.js";
import { reactionRow } from "./reactions.js";
import { clock, fullTime, instant } from "./time.js";
import { isSystem } from "./workspace.js";

/** A patch item for the message; `compact` leaves out the author, `inThread` the thread's summary. */
export function messageItem(app, channel, message, { compact = false, inThread = false } = {}) {
  const editing = app.editing?.ts === message.ts && app.editing.inThread === inThread;
  const replies = inThread ? [] : app.ws.replies(channel, message.ts);
  const pinned = app.ws.channels.get(channel)?.pins?.includes(message.ts) ?? false;
  const context = { app, channel, message, compact, inThread, editing, replies, pinned };
  return {
    key: message.ts,
    sig: JSON.stringify([
      message,
      compact,
      editing,
      pinned,
      app.ws.sig,
      replies.length,
      replies.at(-1)?.ts,
      app.dismissed.has(message.ts),
    ]),
    make: () =>
      h("article", {
        class: "message",
        tabindex: "-1",
        data: { ts: message.ts, testid: "message" },
      }),
    update: (node) => draw(node, context),
  };
}

function draw(node, context) {
  const { app, message, compact, editing, pinned } = context;
  const { ws } = app;
  const author = ws.author(message);
  const system = isSystem(message);
  node.className = [
    "message",
    compact && "compact",
    system && "system",
    message.ephemeral && "ephemeral",
    editing && "editing",
    pinned && "pinned",
  ]
    .filter(Boolean)
    .join(" ");
  node.setAttribute("aria-label", `${author.name}, ${clock(instant(message.ts), ws.tz)}`);
  node.hidden = app.dismissed.has(message.ts);
  const part = (key, sig, make) => ({ key, sig: JSON.stringify(sig), make });
  const parts = [];
  parts.push(part("gutter", [compact, author, ws.tz, system], () => gutter(context, author)));
  if (message.ephemeral) parts.push(part("only-you", 0, () => onlyYou(app, message)));
  if (pinned)
    parts.push(part("pin", 0, () => h("div", { class: "pin-note" }, icon("pin"), " Pinned")));
  if (!compact && !system)
    parts.push(part("head", [author, ws.tz, message.ts], () => head(context, author)));
  if (message.subtype === "thread_broadcast" && !context.inThread)
    parts.push(part("from-thread", [message.thread_ts, ws.sig], () => fromThread(context)));
  // What one is writing stays, whatever becomes of the message or of the workspace meanwhile.
  const body = editing
    ? "editor"
    : [message.text, message.blocks, message.attachments, message.edited, ws.sig];
  parts.push(
    part("body", body, () => (editing ? editor(context) : content(node, context, author))),
  );
  if (message.files?.length) parts.push(part("files", message.files, () => files(message)));
  if (message.reactions?.length) {
    parts.push(
      part("reactions", [message.reactions, ws.sig], () =>
        reactionRow(app, context.channel, message),
      ),
    );
  }
  if (context.replies.length) {
    parts.push(
      part("thread", [context.replies.map((r) => r.ts), ws.sig], () => threadLine(context)),
    );
  }
  if (!editing && !message.ephemeral && message.subtype !== "tombstone") {
    parts.push(part("tools", [message, pinned, ws.sig], () => toolbar(context)));
  }
  patch(node, parts);
}

const gutter = ({ message, compact, app }, author) =>
  h(
    "div",
    { class: "gutter" },
    compact || isSystem(message)
      ? h("span", { class: "side-time" }, clock(instant(message.ts), app.ws.tz))
      : avatar(author),
  );

function head({ message, app }, author) {
  const ms = instant(message.ts);
  return h(
    "div",
    { class: "head" },
    h("span", { class: "author", data: { testid: "author" } }, author.name),
    author.bot && h("span", { class: "badge" }, "APP"),
    h(
      "time",
      { class: "stamp", title: fullTime(ms, app.ws.tz), datetime: new Date(ms).toISOString() },
      clock(ms, app.ws.tz),
    ),
  );
}

/** What a reply answers, where it was sent to the channel, too. */
const fromThread = ({ app, channel, message }) =>
  h(
    "div",
    { class: "from-thread" },
    "replied to a thread: ",
    h(
      "button",
      {
        type: "button",
        class: "link-button",
        onclick: () => app.openThread(channel, message.thread_ts),
      },
      snippet(saidIn(app.ws.message(channel, message.thread_ts) ?? message.root ?? {}, app.ws), []) ||
        "its beginning",
    ),
  );

const onlyYou = (app, message) =>
  h(
    "div",
    { class: "only-you" },
    icon("eye"),
    "Only visible to you",
    h(
      "button",
      {
        type: "button",
        class: "link-button",
        onclick: () => {
          app.dismissed.add(message.ts);
          app.render();
        },
      },
      "Dismiss",
    ),
  );

function content(node, { app, channel, message }, author) {
  const { ws } = app;
  // What was chosen in the message's own inputs outlives a redraw of the same inputs.
  const kept = new Map([...(node.fields ?? [])].map(([key, item]) => [key, item.read()]));
  const fields = new Map();
  node.fields = fields;
  const press = (details) =>
    app.act("press", { channel, ts: message.ts, ...details, values: collect(fields) });
  const where = { channel, ts: message.ts };
  const ctx = { app, workspace: ws, channel, where, fields, kept, press };
  const edited = message.edited && h("span", { class: "edited" }, " (edited)");
  const told = (text) =>
    h(
      "div",
      { class: "text", data: { testid: "text" } },
      isSystem(message) ? systemText(text, author, ws) : mrkdwn(text, ws),
      edited,
    );
  const blocks = message.blocks?.length
    ? h(
        "div",
        { class: "blocks" },
        renderBlocks(message.blocks, ctx),
        // Slack does not say so of an app's blocks.
        message.bot_id ? null : edited,
      )
    : null;
  return h(
    "div",
    { class: message.subtype === "me_message" ? "body me" : "body" },
    blocks ?? (message.text ? told(message.text) : null),
    (message.attachments ?? []).map((attachment) => attached(attachment, ctx)),
  );
}

/** Slack leaves the author out of some of its own notes; the sentence needs one. */
function systemText(text, author, ws) {
  const named =
    text.includes("<@") || text.includes(author.name) || text.startsWith("This message");
  return named ? mrkdwn(text, ws) : [h("strong", {}, author.name), " ", mrkdwn(text, ws)];
}

function attached({ color, title, title_link, pretext, text, fallback, blocks, fields }, ctx) {
  const bar = /^#?[0-9a-f]{6}$/i.test(color ?? "")
    ? `#${color.replace("#", "")}`
    : "var(--line-strong)";
  const said = text ?? (blocks ? null : fallback);
  return [
    pretext && h("div", { class: "text" }, mrkdwn(pretext, ctx.workspace)),
    h(
      "div",
      { class: "attachment", style: { "border-color": bar } },
      title &&
        h(
          "div",
          { class: "text" },
          h("strong", {}, mrkdwn(title_link ? `<${title_link}|${title}>` : title, ctx.workspace)),
        ),
      said && h("div", { class: "text" }, mrkdwn(said, ctx.workspace)),
      (fields ?? []).map((f) =>
        h(
          "div",
          { class: "text" },
          h("strong", {}, f.title),
          h("br"),
          mrkdwn(f.value, ctx.workspace),
        ),
      ),
      blocks && renderBlocks(blocks, ctx),
    ),
  ];
}

function threadLine({ app, channel, message, replies }) {
  const { ws } = app;
  const authors = new Map(
    replies.map((reply) => ws.author(reply)).map((author) => [author.id, author]),
  );
  const last = instant(replies.at(-1).ts);
  return h(
    "button",
    {
      type: "button",
      class: "thread-line",
      data: { testid: "thread-line" },
      onclick: () => app.openThread(channel, message.ts),
    },
    [...authors.values()].slice(0, 4).map((author) => avatar(author, "small")),
    h("span", { class: "link" }, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    h("span", { class: "faint" }, `last at ${clock(last, ws.tz)}`),
  );
}
