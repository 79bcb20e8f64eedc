/** The rail: who one is, the channels, the practice panels, and whether the app is connected. */
import { clockButton } from "./clock.js";
import { fixed, h, item, patch } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, guestMark } from "./parts.js";
import { popover } from "./popups.js";
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
  const all = ws.state.channels;
  const here = app.place.channel;
  const open = all.filter((c) => !c.is_im);
  open.sort((a, b) => a.name.localeCompare(b.name));
  const direct = all.filter((c) => c.is_im && c.user !== ws.bot.id);
  const drawn = (channels) => channels.map((channel) => channelItem(app, channel, here));
  const titled = (words) => fixed(words, () => h("div.rail-title", words));
  const channels = (node) =>
    patch(node, [
      titled("Channels"),
      ...drawn(open),
      ...(direct.length ? [titled("Direct messages"), ...drawn(direct)] : []),
      titled("Apps"),
      appItem(app, here),
    ]);
  const line = [ws.state.bot_connected, app.online, ws.bot];
  patch(root, [
    item("brand", ws.state.team, () => brand(ws)),
    item("person", [ws.state.me, ws.state.users, clock(ws.now, ws.tz)], () => personSwitch(app)),
    item(
      "channels",
      [all, here, app.place.tab, ws.sig],
      () => h("nav.rail-section", { "aria-label": "Channels" }),
      channels,
    ),
    item("tools", [app.side?.kind, ws.state.clock_ahead], () => tools(app)),
    item("foot", line, () => connection(app)),
  ]);
}

const brand = (ws) =>
  h(
    "div.brand",
    h("span.avatar.bot", icon("ring")),
    h("div", h("strong", ws.state.team.name), h("small", "a Slack to practise on")),
  );

const localTime = (now, tz) => `${clock(now, tz)} ${zoneName(now, tz)}`;

function personSwitch(app) {
  const { ws } = app;
  const time = `${dayTitle(ws.now, ws.tz, ws.now)}, ${localTime(ws.now, ws.tz)}`;
  const name = ws.userName(ws.me.id);
  const choose = (id) => {
    node.focus();
    app.become(id);
  };
  const props = {
    "aria-haspopup": "dialog",
    "aria-label": `You are ${name} ${time}. Act as someone else`,
    testid: "person-switch",
    onclick: () => {
      const close = popover(node, people(ws, (id) => [close(), choose(id)]), "Act as");
    },
  };
  const node = h(
    "button.person",
    props,
    avatar(ws.me),
    h("span.person-words", h("small", "You are"), h("strong", name), h("small", time)),
    guestMark(ws.me),
    icon("chevron"),
  );
  return node;
}

const people = (ws, choose) => [
  h("p.faint", "Act as anyone; open a second tab to be two people at once."),
  ws.people.map((user) => {
    const pressed = { "aria-pressed": String(user.id === ws.me.id), data: { person: user.id } };
    const about = `@${user.name} · ${localTime(ws.now, user.tz)}`;
    return h(
      "button.person",
      { ...pressed, onclick: () => choose(user.id) },
      avatar(user),
      h("span.person-words", h("strong", ws.userName(user.id)), h("small", about)),
      guestMark(user),
    );
  }),
];

const railItem = (props, active, drawing, name) =>
  h(
    `a.rail-item${active ? ".active" : ""}`,
    { "aria-current": active ? "page" : null, ...props },
    drawing,
    h("span.rail-name", name),
  );

function channelItem({ ws }, channel, here) {
  const active = channel.id === here;
  const name = ws.channelName(channel.id);
  const locked = channel.is_private ? ", private" : "";
  const props = {
    href: hashOf(channel.id),
    "aria-label": `${name}${locked}`,
    title: name,
    testid: "channel-link",
  };
  const make = () => {
    const user = ws.users.get(channel.user) ?? { name };
    const drawing = channel.is_im ? avatar(user, ".small") : icon(locked ? "lock" : "hash");
    return railItem(props, active, drawing, name);
  };
  return item(channel.id, [props, active], make);
}

function appItem(app, here) {
  const { ws } = app;
  const active = here !== null && ws.appChannel?.id === here;
  const name = ws.userName(ws.bot.id);
  const props = {
    href: appHash(ws.state.app.home ? "home" : "messages"),
    "aria-label": `${name}, app`,
    testid: "app-link",
  };
  const make = () => railItem(props, active, avatar(ws.bot, ".small"), name);
  return item("app", [props, active], make);
}

function tools(app) {
  const toggle = ([kind, drawing, title]) => {
    const active = app.side?.kind === kind;
    const props = { testid: `${kind}-toggle`, "aria-pressed": String(active) };
    const onclick = () => app.togglePanel(kind);
    const words = h("span.rail-name", title);
    const spec = `button.rail-item${active ? ".active" : ""}`;
    return h(spec, { ...props, onclick }, icon(drawing), words);
  };
  const explain = { testid: "welcome-again", onclick: () => app.showWelcome() };
  return h(
    "nav.rail-section",
    { "aria-label": "Practice" },
    h("div.rail-title", "Practice"),
    PRACTICE.map(toggle),
    app.ws.state.clock_ahead !== null && clockButton(app),
    h("button.rail-item", explain, icon("ring"), h("span.rail-name", "What is this?")),
  );
}

function connection({ ws, online }) {
  const connected = ws.state.bot_connected;
  const known = connected ? `${ws.userName(ws.bot.id)} is connected` : "No app is connected";
  const text = online ? known : "Lost the sandbox, reconnecting…";
  const lamp = h(`span.lamp${online && connected ? ".good" : ""}`);
  return h("div.connection", { role: "status", testid: "connection" }, lamp, text);
}
