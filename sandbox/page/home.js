/** The app's pages: its tabs, and the Home it publishes for the viewer. */
import { renderBlocks } from "./blocks.js";
import { h, item, patch } from "./dom.js";
import { formContext } from "./fields.js";
import { appHash } from "./workspace.js";

/** The tabs over the conversation with the app. */
export function appTabs(app) {
  const link = (name, label) => {
    const current = (app.place.tab === "home") === (name === "home") ? "page" : null;
    const props = { href: appHash(name), "aria-current": current, testid: `tab-${name}` };
    return h("a.tab", props, label);
  };
  const label = { "aria-label": "The app's tabs" };
  return h("nav.tabs", label, link("home", "Home"), link("messages", "Messages"));
}

/** A patch item with the app's published view; inputs keep their values on update. */
export function homeItem(app) {
  const { ws } = app;
  const view = ws.state.home;
  const nothing = () =>
    h(
      "div.empty",
      h("strong", "Nothing here yet."),
      h("p", `${ws.userName(ws.bot.id)} has not published a Home for you.`),
    );
  return item(
    `home ${ws.me.id}`,
    [view?.hash, ws.sig],
    () => h("div.home", { testid: "home", tabindex: "-1" }),
    (node) => {
      const drawn = () => {
        const where = { view_id: view.id };
        const ctx = formContext(app, app.place.channel, where, node.fields);
        node.fields = ctx.fields;
        return h("div.blocks", renderBlocks(view.blocks, ctx));
      };
      patch(node, [
        view ? item(view.id, [view.hash, ws.sig], drawn) : item("none", ws.sig, nothing),
      ]);
    },
  );
}
