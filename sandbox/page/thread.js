/** The pane at the right: one thread and its composer. */
import { composer } from "./composer.js";
import { conversationItems, scroller } from "./conversation.js";
import { h, patch } from "./dom.js";
import { icon } from "./icons.js";

/** Draws the thread `app.side` names into `root`. */
export function drawThread(app, root) {
  const { channel, ts } = app.side;
  const { ws } = app;
  const key = `${ws.me.id} ${channel} ${ts}`;
  const first = ws.message(channel, ts);
  const replies = ws.replies(channel, ts);
  const place = ws.channels.get(channel);
  patch(root, [
    {
      key: `head ${key}`,
      sig: place?.name,
      make: () =>
        h(
          "header",
          { class: "pane-head" },
          h(
            "div",
            { class: "pane-title" },
            h("h2", {}, "Thread"),
            h("div", { class: "topic" }, `#${ws.channelName(channel)}`),
          ),
          h(
            "button",
            {
              type: "button",
              class: "icon-button",
              "aria-label": "Close the thread",
              onclick: () => app.closeSide(),
            },
            icon("close"),
          ),
        ),
    },
    {
      key: `log ${key}`,
      sig: null,
      update: () => {},
      make: () => {
        root.log = scroller("Thread", "thread-log");
        return root.log.node;
      },
    },
    place?.is_member && !place.is_archived
      ? {
          key: `composer ${key}`,
          sig: null,
          make: () => composer(app, channel, ts, () => root.log.toEnd()),
          update: () => {},
        }
      : {
          key: "closed",
          sig: key,
          make: () => h("div", { class: "closed-note" }, "Join the channel to reply."),
        },
  ]);
  const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  root.log.draw([
    ...(first ? conversationItems(app, channel, [first], { inThread: true }) : []),
    ...(replies.length
      ? [
          {
            key: "count",
            sig: count,
            make: () => h("div", { class: "divider reply-divider" }, h("span", {}, count)),
          },
        ]
      : []),
    ...conversationItems(app, channel, replies, { inThread: true }),
  ]);
  if (app.side.reply && root.log.show(app.side.reply)) app.side.reply = null;
}
