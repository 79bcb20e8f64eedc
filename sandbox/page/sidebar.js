/** The rail: the acting person, channels, practice panels and the app's connection. */
import { clockButton } from "./clock.js";
import { fixed, h, item, patch } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, guestMark } from "./parts.js";
import { menuButton } from "./popups.js";
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
  const drawn = (channels) => channels.map((channel) => channelItem(app, channel, here));
  const titled = (words) => fixed(words, () => h("div.rail-title", words));
  const channels = (node) =>
    patch(node, [
      titled("Channels"),
      ...drawn(open),
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
  const props = {
    "aria-label": `You are ${name} ${time}. Act as someone else`,
    title: "Act as anyone; open a second tab to be two people at once.",
    testid: "person-switch",
  };
  const people = () =>
    ws.people.map((user) => ({
      label: ws.userName(user.id),
      note: `@${user.name} · ${localTime(ws.now, user.tz)}${user.is_restricted ? " · guest" : ""}`,
      data: { person: user.id },
      run: () => app.become(user.id),
    }));
  return menuButton(
    "button.person",
    props,
    "Act as",
    people,
    avatar(ws.me),
    h("span.person-words", h("small", "You are"), h("strong", name), h("small", time)),
    guestMark(ws.me),
    icon("chevron"),
  );
}

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
  const make = () => railItem(props, active, icon(locked ? "lock" : "hash"), name);
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
  return h(
    "nav.rail-section",
    { "aria-label": "Practice" },
    h("div.rail-title", "Practice"),
    PRACTICE.map(toggle),
    app.ws.state.clock_ahead !== null && clockButton(app),
  );
}

function connection({ ws, online }) {
  const connected = ws.state.bot_connected;
  const known = connected ? `${ws.userName(ws.bot.id)} is connected` : "No app is connected";
  const text = online ? known : "Lost the sandbox, reconnecting…";
  const lamp = h(`span.lamp${online && connected ? ".good" : ""}`);
  return h("div.connection", { role: "status", testid: "connection" }, lamp, text);
}
