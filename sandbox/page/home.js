/** The app's own pages: its tabs, and the Home that it publishes for the person who looks. */
import { collect, renderBlocks } from "./blocks.js";
import { h, patch } from "./dom.js";
import { appHash } from "./workspace.js";

/** The tabs over the conversation with the app; none where the app has no Home. */
export function appTabs(app) {
  const { tab } = app.place;
  const link = (name, label) =>
    h(
      "a",
      {
        class: "tab",
        href: appHash(name),
        "aria-current": (tab === "home") === (name === "home") ? "page" : null,
        data: { testid: `tab-${name}` },
      },
      label,
    );
  return h(
    "nav",
    { class: "tabs", "aria-label": "The app's tabs" },
    link("home", "Home"),
    link("messages", "Messages"),
  );
}

/** A patch item with what the app has published; what was put into inputs outlives a new version. */
export function homeItem(app) {
  const { ws } = app;
  const view = ws.state.home;
  return {
    key: `home ${ws.me.id}`,
    sig: JSON.stringify([view?.hash, ws.sig]),
    make: () => h("div", { class: "home", data: { testid: "home" }, tabindex: "-1" }),
    update: (node) =>
      patch(node, [
        view
          ? { key: view.id, sig: view.hash + ws.sig, make: () => drawn(app, node, view) }
          : { key: "none", sig: ws.sig, make: () => nothingYet(ws) },
      ]),
  };
}

const nothingYet = (ws) =>
  h(
    "div",
    { class: "empty" },
    h("strong", {}, "Nothing here yet."),
    h("p", {}, `${ws.userName(ws.bot.id)} has not published a Home for you.`),
  );

function drawn(app, node, view) {
  const kept = new Map([...(node.fields ?? [])].map(([key, item]) => [key, item.read()]));
  const fields = new Map();
  node.fields = fields;
  const press = (details) =>
    app.act("view_press", { view_id: view.id, ...details, values: collect(fields) });
  const { place, ws } = app;
  const where = { view_id: view.id };
  const ctx = { app, workspace: ws, channel: place.channel, where, fields, kept, press };
  return h("div", { class: "home-page blocks" }, renderBlocks(view.blocks, ctx));
}
