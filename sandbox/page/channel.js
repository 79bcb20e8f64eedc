/** The middle of the page: one channel with its header, bookmarks, messages and composer. */
import { avatar, faceOf, guestMark } from "./avatar.js";
import { composer } from "./composer.js";
import { conversationItems, scroller } from "./conversation.js";
import { fill, h, patch } from "./dom.js";
import { emoji } from "./emoji.js";
import { appTabs, homeItem } from "./home.js";
import { icon } from "./icons.js";
import { inline, link, mrkdwn } from "./mrkdwn.js";
import { invite, leave } from "./membership.js";
import { menu, popover } from "./popups.js";
import { clock, dayTitle, instant } from "./time.js";
import { welcomeItem } from "./welcome.js";
import { hashOf } from "./workspace.js";

/** Draws into `root` what `app.place.channel` names; keeps what has not changed. */
export function drawChannel(app, root) {
  const channel = app.ws.channels.get(app.place.channel);
  if (!channel) {
    patch(root, [
      {
        key: "none",
        sig: "none",
        make: () => h("p", { class: "empty" }, "There is no channel here. Make one at the left."),
      },
    ]);
    return;
  }
  const { ws } = app;
  const key = `${ws.me.id} ${channel.id}`;
  const isApp = channel.is_im && channel.user === ws.bot.id;
  const isHome = isApp && app.place.tab === "home";
  const messages = ws.topLevel(channel.id);
  const log = {
    key: `log ${key}`,
    sig: null,
    make: () => {
      root.log = scroller(`Messages in ${ws.channelName(channel.id)}`, "channel-log");
      return root.log.node;
    },
    update: () => {},
  };
  const state = JSON.stringify([
    channel.topic,
    channel.is_archived,
    channel.is_member,
    channel.members,
    channel.pins,
    channel.bookmarks,
    channel.name,
  ]);
  patch(root, [
    { key: `head ${key}`, sig: `${state}${ws.sig}`, make: () => header(app, channel) },
    ...(isApp && ws.state.app.home
      ? [{ key: "tabs", sig: String(isHome), make: () => appTabs(app) }]
      : []),
    ...(channel.bookmarks?.length
      ? [{ key: `marks ${key}`, sig: state, make: () => bookmarks(app, channel) }]
      : []),
    ...welcomeItem(app),
    ...(isHome ? [homeItem(app)] : [log, footItem(app, channel, key, root)]),
  ]);
  if (isHome) return;
  root.log.draw(
    messages.length
      ? conversationItems(app, channel.id, messages, { newFrom: app.newFrom.get(channel.id) })
      : [{ key: "start", sig: channel.id, make: () => beginning(app, channel) }],
  );
  if (app.place.ts && root.log.show(app.place.ts)) app.place.ts = null;
}

function footItem(app, channel, key, root) {
  if (channel.is_archived) {
    return {
      key: "archived",
      sig: key,
      make: () =>
        h(
          "div",
          { class: "closed-note" },
          "This channel is archived. It can be read, not written to.",
        ),
    };
  }
  if (channel.is_im && channel.user === app.ws.bot.id && app.ws.state.app.read_only) {
    return {
      key: "read-only",
      sig: key,
      make: () =>
        h("div", { class: "closed-note" }, "Sending messages to this app has been turned off."),
    };
  }
  if (!channel.is_member) {
    return {
      key: "join",
      sig: key,
      make: () =>
        h(
          "div",
          { class: "closed-note" },
          `You are looking at #${channel.name}. `,
          h(
            "button",
            {
              type: "button",
              class: "button primary",
              onclick: () => app.act("join", { channel: channel.id }),
            },
            "Join channel",
          ),
        ),
    };
  }
  return {
    key: `composer ${key}`,
    sig: null,
    make: () => composer(app, channel.id, null, () => root.log.toEnd()),
    update: () => {},
  };
}

const beginning = (app, channel) =>
  h(
    "div",
    { class: "empty" },
    h(
      "strong",
      {},
      channel.is_im
        ? `Only you and ${app.ws.channelName(channel.id)} see what is said here.`
        : `This is the very beginning of #${channel.name}.`,
    ),
    channel.user === app.ws.bot.id &&
      h("p", {}, "It writes here what belongs into no channel."),
    channel.purpose && h("p", {}, inline(channel.purpose, app.ws)),
  );

function header(app, channel) {
  const { ws } = app;
  const people = h(
    "button",
    {
      type: "button",
      class: "button quiet",
      "aria-label": `${channel.members.length} members`,
      "aria-haspopup": "dialog",
      onclick: () => popover(people, memberList(app, channel), { label: "Members" }),
    },
    icon("people"),
    String(channel.members.length),
  );
  const pins = h(
    "button",
    {
      type: "button",
      class: "button quiet",
      "aria-label": `${channel.pins.length} pinned`,
      "aria-haspopup": "dialog",
      data: { testid: "pins" },
      onclick: () => {
        const close = popover(
          pins,
          pinList(app, channel, () => close?.()),
          { label: "Pinned messages" },
        );
      },
    },
    icon("pin"),
    String(channel.pins.length),
  );
  const more = h(
    "button",
    {
      type: "button",
      class: "button quiet icon-only",
      "aria-label": "Channel actions",
      "aria-haspopup": "menu",
      onclick: () =>
        menu(
          more,
          [
            { label: "Invite someone", run: () => invite(app, channel) },
            { label: `Leave #${channel.name}`, run: () => leave(app, channel) },
          ],
          "Channel actions",
        ),
    },
    icon("more"),
  );
  return h(
    "header",
    { class: "pane-head" },
    h(
      "button",
      {
        type: "button",
        class: "icon-button show-rail",
        "aria-label": "Show the channels",
        data: { testid: "show-rail" },
        onclick: () => app.toggleRail(true),
      },
      icon("menu"),
    ),
    h(
      "div",
      { class: "pane-title" },
      h(
        "h1",
        { data: { testid: "channel-name" } },
        channel.is_im ? null : icon(channel.is_private ? "lock" : "hash"),
        ws.channelName(channel.id),
        ws.users.get(channel.user)?.is_bot && h("span", { class: "badge" }, "APP"),
        channel.is_ext_shared && h("span", { class: "tag" }, "shared"),
      ),
      h(
        "div",
        { class: "topic", title: channel.topic ? "Topic" : null, data: { testid: "topic" } },
        channel.topic ? inline(channel.topic, ws) : null,
      ),
    ),
    h(
      "div",
      { class: "pane-actions" },
      people,
      pins,
      channel.is_member && !channel.is_im && !channel.is_archived ? more : null,
    ),
  );
}

const memberList = (app, channel) =>
  h(
    "ul",
    { class: "people" },
    channel.members
      .map((id) => app.ws.users.get(id))
      .filter(Boolean)
      .map((user) =>
        h(
          "li",
          {},
          avatar(faceOf(user), "small"),
          app.ws.userName(user.id),
          user.is_bot && h("span", { class: "badge" }, "APP"),
          guestMark(user),
        ),
      ),
  );

function pinList(app, channel, close) {
  const { ws } = app;
  const pinned = channel.pins.map((ts) => ws.message(channel.id, ts)).filter(Boolean);
  if (!pinned.length) return h("p", { class: "faint" }, "Nothing is pinned here yet.");
  return h(
    "ul",
    { class: "pin-list" },
    pinned.map((message) => {
      const ms = instant(message.ts);
      const node = h("li", {});
      return fill(
        node,
        h(
          "a",
          { href: hashOf(channel.id, message.ts), onclick: close },
          h("strong", {}, ws.author(message).name),
          ` · ${dayTitle(ms, ws.tz, ws.now)} ${clock(ms, ws.tz)}`,
        ),
        h("div", { class: "text clamp" }, mrkdwn(message.text || "(a message of blocks)", ws)),
      );
    }),
  );
}

const bookmarks = (app, channel) =>
  h(
    "nav",
    { class: "bookmarks", "aria-label": "Bookmarks" },
    channel.bookmarks.map(({ title, link: address, emoji: mark }) =>
      h(
        "span",
        { class: "bookmark" },
        `${emoji((mark ?? "").replaceAll(":", "")) ?? "🔖"} `,
        link(address, title, app.ws),
      ),
    ),
  );
