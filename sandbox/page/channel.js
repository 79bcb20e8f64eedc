/** The middle of the page: one channel with its header, bookmarks, messages and composer. */
import { canvasButton } from "./canvas.js";
import { composer } from "./composer.js";
import { conversationItems, scroller } from "./conversation.js";
import { fixed, h, item, patch } from "./dom.js";
import { appTabs, homeItem } from "./home.js";
import { icon } from "./icons.js";
import { inline, link, mrkdwn, plain } from "./mrkdwn.js";
import { appBadge, iconButton } from "./parts.js";
import { popover } from "./popups.js";
import { clock, dayTitle, instant } from "./time.js";
import { welcomeItem } from "./welcome.js";
import { hashOf } from "./workspace.js";

/** Draws the channel `app.place.channel` into `root`; keeps unchanged parts. */
export function drawChannel(app, root) {
  const { ws } = app;
  const channel = ws.channels.get(app.place.channel);
  if (!channel) {
    const none = () => h("p.empty", "There is no channel here.");
    patch(root, [fixed("none", none)]);
    return;
  }
  const key = `${ws.me.id} ${channel.id}`;
  const isApp = channel.is_im && channel.user === ws.bot.id;
  const isHome = isApp && app.place.tab === "home";
  const log = () => {
    root.log = scroller(`Messages in ${ws.channelName(channel.id)}`, "channel-log");
    return root.log.node;
  };
  const { topic, pins, bookmarks, canvas, name } = channel;
  const marks = () => bookmarkBar(app, channel);
  patch(root, [
    item(`head ${key}`, [topic, pins, canvas, name, ws.sig], () => header(app, channel)),
    ...(isApp && ws.state.app.home ? [item("tabs", isHome, () => appTabs(app))] : []),
    ...(bookmarks.length ? [item(`marks ${key}`, bookmarks, marks)] : []),
    ...welcomeItem(app),
    ...(isHome ? [homeItem(app)] : [fixed(`log ${key}`, log), footItem(app, channel, key, root)]),
  ]);
  if (isHome) return;
  const messages = ws.topLevel(channel.id);
  root.log.draw(
    messages.length
      ? conversationItems(app, channel.id, messages)
      : [item("start", channel.id, () => beginning(app, channel))],
  );
  if (app.place.ts && root.log.show(app.place.ts)) app.place.ts = null;
}

/** The composer, or why it is absent. */
function footItem(app, channel, key, root) {
  const note = (what, ...children) => fixed(`${what} ${key}`, () => h("div.closed-note", children));
  if (channel.user === app.ws.bot.id && app.ws.state.app.read_only)
    return note("read-only", "Sending messages to this app has been turned off.");
  if (!channel.is_member) {
    const onclick = () => app.act("join", { channel: channel.id });
    const join = h("button.button.primary", { onclick }, "Join channel");
    return note("join", `You are looking at #${channel.name}. `, join);
  }
  return fixed(`composer ${key}`, () => composer(app, channel.id, null, () => root.log.toEnd()));
}

const beginning = (app, channel) =>
  h(
    "div.empty",
    h(
      "strong",
      channel.is_im
        ? `Only you and ${app.ws.channelName(channel.id)} see what is said here.`
        : `This is the very beginning of #${channel.name}.`,
    ),
  );

function header(app, channel) {
  const { ws } = app;
  const topic = channel.topic.value;
  const number = channel.pins.length;
  const onclick = () => popover(pins, pinList(app, channel), "Pinned messages");
  const props = { "aria-label": `${number} pinned`, "aria-haspopup": "dialog", testid: "pins" };
  const pins = h("button.button.quiet", { ...props, onclick }, icon("pin"), String(number));
  const showRail = () => app.toggleRail(true);
  return h(
    "header.pane-head",
    h("span.show-rail", iconButton("menu", "Show the channels", showRail, { testid: "show-rail" })),
    h(
      "div.pane-title",
      h(
        "h1",
        { testid: "channel-name" },
        !channel.is_im && icon(channel.is_private ? "lock" : "hash"),
        ws.channelName(channel.id),
        ws.users.get(channel.user)?.is_bot && appBadge(),
        channel.is_ext_shared && h("span.tag", "shared"),
      ),
      h("div.topic", { testid: "topic" }, topic && inline(topic, ws)),
    ),
    canvasButton(channel),
    pins,
  );
}

function pinList({ ws }, channel) {
  const pinned = channel.pins.map(({ ts }) => ws.message(channel.id, ts)).filter(Boolean);
  if (!pinned.length) return h("p.faint", "Nothing is pinned here yet.");
  return h(
    "ul.pin-list",
    pinned.map((message) => {
      const ms = instant(message.ts);
      const when = ` · ${dayTitle(ms, ws.tz, ws.now)} ${clock(ms, ws.tz)}`;
      const author = h("strong", ws.author(message).name);
      const words = mrkdwn(message.text || "(a message of blocks)", ws);
      return h(
        "li",
        h("a", { href: hashOf(channel.id, message.ts) }, author, when),
        h("div.text.clamp", words),
      );
    }),
  );
}

const bookmarkBar = (app, channel) =>
  h(
    "nav.bookmarks",
    { "aria-label": "Bookmarks" },
    channel.bookmarks.map(({ title, link: address, emoji: mark }) =>
      h("span", `${plain(mark || "🔖")} `, link(address, title, app.ws)),
    ),
  );
