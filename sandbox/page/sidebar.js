/** The rail: who one is, the channels, the practice hub, and whether the app is connected. */
import { avatar, faceOf, guestMark } from "./avatar.js";
import { clockButton } from "./clock.js";
import { h, patch } from "./dom.js";
import { icon } from "./icons.js";
import { shortcutsButton } from "./keys.js";
import { createChannel } from "./new-channel.js";
import { popover } from "./popups.js";
import { searchField } from "./search.js";
import { themeButton } from "./theme.js";
import { clock, dayTitle, zoneName } from "./time.js";
import { appHash, hashOf } from "./workspace.js";

const PRACTICE = [
  ["hub", "hub", "Hub & reports"],
  ["traffic", "wave", "Traffic"],
  ["faults", "bolt", "Faults"],
];

/** Draws the rail into `root`. */
export function drawSidebar(app, root) {
  const { ws } = app;
  const item = (key, sig, make) => ({ key, sig: JSON.stringify(sig), make });
  const open = [...ws.channels.values()].filter((c) => !c.is_archived && !c.is_im);
  open.sort((a, b) => a.name.localeCompare(b.name));
  const direct = [...ws.channels.values()].filter((c) => c.is_im && c.user !== ws.bot.id);
  const archived = [...ws.channels.values()].filter((c) => c.is_archived);
  const here = app.place.channel;
  patch(root, [
    item("brand", ws.state.team, () => brand(ws)),
    item("person", [ws.state.me, ws.state.users, clock(ws.now, ws.tz)], () => personSwitch(app)),
    item("search", 0, () => searchField(app)),
    {
      key: "channels",
      sig: JSON.stringify([open, direct, ws.appChannel, here, ws.sig]),
      make: () => h("nav", { class: "rail-section", "aria-label": "Channels" }),
      update: (node) =>
        patch(node, [
          item("title", 0, () =>
            h(
              "div",
              { class: "rail-title" },
              "Channels",
              h(
                "button",
                {
                  type: "button",
                  class: "icon-button",
                  "aria-label": "Create a channel",
                  title: "Create a channel",
                  onclick: () => createChannel(app),
                },
                icon("plus"),
              ),
            ),
          ),
          ...open.map((channel) => channelItem(app, channel, here)),
          ...(direct.length
            ? [item("direct", 0, () => h("div", { class: "rail-title" }, "Direct messages"))]
            : []),
          ...direct.map((channel) => channelItem(app, channel, here)),
          item("apps", 0, () => h("div", { class: "rail-title" }, "Apps")),
          appItem(app, here),
        ]),
    },
    ...(archived.length
      ? [
          {
            key: "archived",
            sig: JSON.stringify([archived, here]),
            make: () =>
              h(
                "details",
                { class: "rail-section archived", open: archived.some((c) => c.id === here) },
                h("summary", { class: "rail-title" }, "Archived"),
                h("div", {}),
              ),
            update: (node) =>
              patch(
                node.lastElementChild,
                archived.map((channel) => channelItem(app, channel, here)),
              ),
          },
        ]
      : []),
    item("tools", [app.side?.kind, ws.state.clock_ahead], () => tools(app)),
    {
      key: "foot",
      sig: JSON.stringify([ws.state.bot_connected, app.online, ws.bot]),
      make: () => h("div", { class: "rail-foot" }),
      update: (node) =>
        patch(node, [
          item("line", [ws.state.bot_connected, app.online, ws.bot], () => connection(app)),
          item("keys", 0, shortcutsButton),
          item("theme", 0, themeButton),
        ]),
    },
  ]);
}

const brand = (ws) =>
  h(
    "div",
    { class: "brand" },
    h("span", { class: "brand-mark" }, icon("ring")),
    h("div", {}, h("strong", {}, ws.state.team.name), h("small", {}, "a Slack to practise on")),
  );

function personSwitch(app) {
  const { ws } = app;
  const time = `${dayTitle(ws.now, ws.tz, ws.now)}, ${clock(ws.now, ws.tz)} ${zoneName(ws.now, ws.tz)}`;
  const node = h(
    "button",
    {
      type: "button",
      class: "person-switch",
      "aria-haspopup": "dialog",
      data: { testid: "person-switch" },
      "aria-label": `You are ${ws.userName(ws.me.id)} ${time}. Act as someone else`,
      onclick: () => {
        const close = popover(
          node,
          people(app, (id) => {
            close();
            app.become(id);
          }),
          { label: "Act as" },
        );
        document.querySelector(".popover [aria-pressed=true]")?.focus();
      },
    },
    avatar(faceOf(ws.me)),
    h(
      "span",
      { class: "person-words" },
      h("small", {}, "You are"),
      h("strong", {}, ws.userName(ws.me.id)),
      h("small", {}, time),
    ),
    guestMark(ws.me),
    icon("chevron"),
  );
  return node;
}

const people = (app, choose) =>
  h(
    "div",
    { class: "people-choice" },
    h("p", { class: "faint" }, "Act as anyone; open a second tab to be two people at once."),
    app.ws.people.map((user) =>
      h(
        "button",
        {
          type: "button",
          class: "person",
          "aria-pressed": String(user.id === app.ws.me.id),
          data: { person: user.id },
          onclick: () => choose(user.id),
        },
        avatar(faceOf(user)),
        h(
          "span",
          { class: "person-words" },
          h("strong", {}, app.ws.userName(user.id)),
          h(
            "small",
            {},
            `@${user.name} · ${clock(app.ws.now, user.tz)} ${zoneName(app.ws.now, user.tz)}`,
          ),
        ),
        guestMark(user),
      ),
    ),
  );

function channelItem(app, channel, here) {
  const active = channel.id === here;
  const unread = active ? 0 : channel.unread || channel.mentions;
  const mentions = active ? 0 : channel.mentions;
  const told = mentions ? `, ${mentions} for you` : unread ? ", unread" : "";
  const name = app.ws.channelName(channel.id);
  return {
    key: channel.id,
    sig: JSON.stringify([name, active, unread, mentions, channel.is_private, channel.is_member]),
    make: () =>
      h(
        "a",
        {
          href: hashOf(channel.id),
          class: [
            "rail-item",
            active && "active",
            unread && "unread",
            !channel.is_member && "outside",
          ]
            .filter(Boolean)
            .join(" "),
          "aria-current": active ? "page" : null,
          data: { channelId: channel.id, testid: "channel-link" },
          title: name,
          "aria-label": `${name}${channel.is_private ? ", private" : ""}${told}`,
        },
        channel.is_im
          ? avatar(faceOf(app.ws.users.get(channel.user) ?? { name }), "small")
          : icon(channel.is_private ? "lock" : "hash"),
        h("span", { class: "rail-name" }, name),
        mentions ? h("span", { class: "count" }, String(mentions)) : null,
      ),
  };
}

function appItem(app, here) {
  const { ws } = app;
  const { mentions = 0, id } = ws.appChannel ?? {};
  const active = id !== undefined && id === here;
  const news = active && app.place.tab !== "home" ? 0 : mentions;
  const name = ws.userName(ws.bot.id);
  return {
    key: "app",
    sig: JSON.stringify([name, active, news]),
    make: () =>
      h(
        "a",
        {
          href: appHash(ws.state.app.home ? "home" : "messages"),
          class: `rail-item${active ? " active" : ""}${news ? " unread" : ""}`,
          "aria-current": active ? "page" : null,
          "aria-label": `${name}, app${news ? `, ${news} unread` : ""}`,
          data: { testid: "app-link" },
        },
        avatar(faceOf(ws.bot), "small"),
        h("span", { class: "rail-name" }, name),
        news ? h("span", { class: "count" }, String(news)) : null,
      ),
  };
}

const tools = (app) =>
  h(
    "nav",
    { class: "rail-section", "aria-label": "Practice" },
    h("div", { class: "rail-title" }, "Practice"),
    PRACTICE.map(([kind, drawing, title]) =>
      h(
        "button",
        {
          type: "button",
          class: `rail-item${app.side?.kind === kind ? " active" : ""}`,
          data: { testid: `${kind}-toggle` },
          "aria-pressed": String(app.side?.kind === kind),
          onclick: () => app.togglePanel(kind),
        },
        icon(drawing),
        h("span", { class: "rail-name" }, title),
      ),
    ),
    app.ws.state.clock_ahead === null ? null : clockButton(app),
    h(
      "button",
      {
        type: "button",
        class: "rail-item",
        data: { testid: "welcome-again" },
        onclick: () => app.showWelcome(),
      },
      icon("ring"),
      h("span", { class: "rail-name" }, "What is this?"),
    ),
  );

function connection(app) {
  const { ws } = app;
  const [kind, text] = !app.online
    ? ["away", "Lost the sandbox, reconnecting…"]
    : ws.state.bot_connected
      ? ["on", `${ws.bot ? ws.userName(ws.bot.id) : "The app"} is connected`]
      : ["off", "No app is connected"];
  return h(
    "div",
    { class: `connection ${kind}`, role: "status", data: { testid: "connection" } },
    h("span", { class: "lamp" }),
    text,
  );
}
