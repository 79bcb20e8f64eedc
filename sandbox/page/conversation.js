/** A scrolling list of messages: day dividers, grouping by author, sticking to the end. */
import { h, item, patch } from "./dom.js";
import { messageItem } from "./message.js";
import { dayOf, dayTitle, instant } from "./time.js";
import { isSystem } from "./workspace.js";

const GROUP_WITHIN_MS = 5 * 60_000;
const NEAR_PX = 80;

/** Items for patch(): messages with dividers between the days. */
export function conversationItems(app, channel, messages, { inThread = false } = {}) {
  const { ws } = app;
  const items = [];
  let day = null;
  let previous = null;
  const isPlain = (message) => !isSystem(message) && !message.ephemeral;
  for (const message of messages) {
    const ms = instant(message.ts);
    const today = dayOf(ms, ws.tz);
    if (today !== day && !inThread) {
      const title = dayTitle(ms, ws.tz, ws.now);
      items.push(item(`day ${today}`, title, () => divider(".day-divider", title)));
      previous = null;
    }
    day = today;
    const compact = Boolean(
      previous &&
        isPlain(previous) &&
        isPlain(message) &&
        ws.author(previous).name === ws.author(message).name &&
        ms - instant(previous.ts) < GROUP_WITHIN_MS,
    );
    items.push(messageItem(app, channel, message, { compact, inThread }));
    previous = message;
  }
  return items;
}

/** A labelled line across the list. */
export const divider = (spec, text) =>
  h(`div.divider${spec}`, { role: "separator", "aria-label": text }, h("span", text));

/** The scroller itself; draw(items) keeps the reader's place, or the end if they were there. */
export function scroller(label, testid) {
  const log = { role: "log", "aria-label": label, "aria-live": "polite", testid };
  const list = h("div.messages", log);
  const view = h("div.scroller", { tabindex: "-1" }, list);
  let follows = true;
  const toEnd = () => {
    follows = true;
    view.scrollTo({ top: view.scrollHeight });
  };
  view.addEventListener("scroll", () => {
    follows = view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_PX;
  });
  // Stay at the end when the size changes, such as when an image loads.
  const watch = new ResizeObserver(() => follows && toEnd());
  watch.observe(view);
  watch.observe(list);
  // Tab stops once in the list: at the last focused message, or the newest.
  const messages = () => [...list.querySelectorAll(".message")];
  const stopAt = (node) => {
    for (const other of messages()) other.tabIndex = other === node ? 0 : -1;
  };
  list.addEventListener("focusin", (event) => {
    const message = event.target.closest(".message");
    if (message) stopAt(message);
  });
  list.addEventListener("keydown", (event) => {
    const all = messages();
    const at = all.indexOf(event.target);
    const next = at >= 0 && all[{ ArrowUp: at - 1, ArrowDown: at + 1 }[event.key]];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    event.preventDefault();
  });
  const draw = (items) => {
    patch(list, items);
    if (!list.querySelector(".message[tabindex='0']")) stopAt(messages().at(-1));
    if (follows) toEnd();
  };
  const show = (ts) => {
    const node = list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!node) return false;
    follows = false;
    requestAnimationFrame(() => {
      // An earlier scroll event may have fired meanwhile.
      follows = false;
      node.scrollIntoView({ block: "center" });
      node.classList.add("found");
      node.focus({ preventScroll: true });
      setTimeout(() => node.classList.remove("found"), 2500);
    });
    return true;
  };
  return { node: view, draw, show, toEnd };
}
