/** The right pane: one thread and its composer. */
import { composer } from "./composer.js";
import { conversationItems, divider, scroller } from "./conversation.js";
import { fixed, h, item, patch } from "./dom.js";
import { count, sideHead } from "./parts.js";

/** Draws the thread `app.side` into `root`. */
export function drawThread(app, root) {
  const { channel, ts } = app.side;
  const { ws } = app;
  const key = `${ws.me.id} ${channel} ${ts}`;
  const first = ws.message(channel, ts);
  const replies = ws.replies(channel, ts);
  const { is_member } = ws.channels.get(channel);
  const log = () => {
    root.log = scroller("Thread", "thread-log");
    return root.log.node;
  };
  const topic = `#${ws.channelName(channel)}`;
  const write = () => composer(app, channel, ts, () => root.log.toEnd());
  const closed = () => h("div.closed-note", "Join the channel to reply.");
  patch(root, [
    item(`head ${key}`, topic, () => sideHead(app, "Thread", topic, "Close the thread")),
    fixed(`log ${key}`, log),
    is_member ? fixed(`composer ${key}`, write) : fixed("closed", closed),
  ]);
  const number = count(replies.length, "reply", "replies");
  const drawn = (messages) => conversationItems(app, channel, messages, { inThread: true });
  root.log.draw([
    ...drawn(first ? [first] : []),
    ...(replies.length ? [item("count", number, () => divider(".reply-divider", number))] : []),
    ...drawn(replies),
  ]);
  if (app.side.reply && root.log.show(app.side.reply)) app.side.reply = null;
}
