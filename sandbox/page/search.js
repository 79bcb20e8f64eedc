/** Search: what was said where the person can see it, with Slack's filters, and a way to go there. */
import { avatar } from "./avatar.js";
import { fill, h } from "./dom.js";
import { nextId } from "./fields.js";
import { icon } from "./icons.js";
import { find, highlighted, snippet } from "./query.js";
import { dialog } from "./popups.js";
import { clock, dayTitle, instant } from "./time.js";
import { hashOf } from "./workspace.js";

const FILTERS = [
  ["from:", "who wrote it"],
  ["in:", "a channel"],
  ["has:", "file, link, reaction, pin, thread"],
  ["before:", "a day, such as 2017-02-24"],
  ["after:", "a day"],
];

/** Open the search over everything; `start` is what stands in it at first. */
export function openSearch(app, start = app.searched ?? "") {
  if (document.querySelector("dialog[open]")) return;
  let items = [];
  let at = -1;
  const list = h("div", {
    class: "search-results",
    role: "listbox",
    id: nextId(),
    "aria-label": "Results",
    data: { testid: "search-results" },
  });
  const count = h("p", { class: "search-count faint", role: "status" });
  const box = h("input", {
    class: "search-box",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    autofocus: true,
    value: start,
    placeholder: "Search messages, channels and people",
    "aria-label": "Search",
    "aria-autocomplete": "list",
    "aria-expanded": "true",
    "aria-controls": list.id,
    data: { testid: "search-box" },
    oninput: () => draw(),
  });
  const filters = h(
    "div",
    { class: "search-filters", role: "group", "aria-label": "Filters" },
    FILTERS.map(([word, says]) =>
      h(
        "button",
        {
          type: "button",
          class: "try",
          title: says,
          onclick: () => {
            box.value = `${box.value.trim()} ${word}`.trim();
            box.focus();
            draw();
          },
        },
        word,
      ),
    ),
  );
  const close = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Close the search",
      onclick: () => node.close(),
    },
    icon("close"),
  );

  function mark(index) {
    at = index;
    items.forEach(({ row }, other) => row.setAttribute("aria-selected", String(other === index)));
    const row = items[index]?.row;
    if (row) box.setAttribute("aria-activedescendant", row.id);
    else box.removeAttribute("aria-activedescendant");
    row?.scrollIntoView({ block: "nearest" });
  }
  function choose(item) {
    if (item.completes) {
      box.value = item.completes;
      box.focus();
      draw();
      return;
    }
    app.searched = box.value;
    node.close();
    app.go(item.hash);
  }
  function entry(item, className, content) {
    const row = h(
      "div",
      {
        class: `search-item ${className}`,
        role: "option",
        id: nextId(),
        "aria-selected": "false",
        data: { testid: "search-item" },
        onclick: () => choose(item),
        onpointermove: () => items[at]?.row !== row && mark(items.indexOf(item)),
      },
      content,
    );
    item.row = row;
    items.push(item);
    return row;
  }
  function draw() {
    items = [];
    const { ws } = app;
    const found = find(box.value, ws);
    fill(
      list,
      found.completions.map((text) =>
        entry({ completes: text }, "completion", [icon("search"), h("span", {}, text.trim())]),
      ),
      found.places.map((place) =>
        entry({ hash: place.hash }, "place", [
          icon(place.icon),
          h("span", {}, h("strong", {}, place.name), h("small", {}, " go there")),
        ]),
      ),
      found.messages.map(({ channel, message, text }) =>
        entry(
          { hash: hashOf(channel.id, message.ts) },
          "hit",
          hit(app, channel, message, text, found.words),
        ),
      ),
    );
    fill(count, said(box.value.trim(), found));
    mark(items.length ? 0 : -1);
  }

  const node = dialog("search-dialog", "Search", [
    h("div", { class: "search-head" }, icon("search"), box, close),
    filters,
    count,
    list,
    h("p", { class: "search-help faint" }, "↑ ↓ to choose · Enter to go there · Esc to close"),
  ]);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length) mark((at + step + items.length) % items.length);
    else if (event.key === "Enter" && items[at]) choose(items[at]);
    else return;
    event.preventDefault();
  });
  draw();
  box.select();
}

function hit(app, channel, message, text, words) {
  const { ws } = app;
  const author = ws.author(message);
  const ms = instant(message.ts);
  const threaded = message.thread_ts && message.thread_ts !== message.ts;
  return [
    avatar(author),
    h(
      "div",
      { class: "hit-words" },
      h(
        "div",
        { class: "hit-head" },
        h("strong", {}, author.name),
        h("span", { class: "faint" }, `${channel.is_im ? "@" : "#"}${ws.channelName(channel.id)}`),
        threaded ? h("span", { class: "tag" }, "thread") : null,
        h("span", { class: "faint" }, `${dayTitle(ms, ws.tz, ws.now)}, ${clock(ms, ws.tz)}`),
      ),
      h("div", { class: "hit-text" }, highlighted(snippet(text, words), words)),
    ),
  ];
}

function said(typed, { messages, places, completions, more }) {
  if (!typed) return "Type a word, or begin with a filter.";
  if (!messages.length && !places.length && !completions.length) return "Nothing found.";
  if (!messages.length) return "";
  const number = `${messages.length} ${messages.length === 1 ? "message" : "messages"}`;
  return more ? `The newest ${number} of ${messages.length + more}` : number;
}

/** The rail's field; a button, for the search itself lies over the page. */
export const searchField = (app) =>
  h(
    "button",
    {
      type: "button",
      class: "search-field",
      "aria-haspopup": "dialog",
      "aria-keyshortcuts": "Control+K Meta+K",
      data: { testid: "search-field" },
      onclick: () => openSearch(app),
    },
    icon("search"),
    h("span", {}, "Search"),
    h("kbd", {}, /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘K" : "Ctrl K"),
  );
