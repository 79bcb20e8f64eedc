/** Suggestions while writing: /commands, @people, #channels and :emoji:. */
import { avatar, faceOf } from "./avatar.js";
import { fill, h } from "./dom.js";
import { searchEmoji } from "./emoji.js";
import { nextId } from "./fields.js";
import { icon } from "./icons.js";

const AT_MOST = 8;
const EVERYBODY = [
  ["here", "everybody who is at it now"],
  ["channel", "everybody in this channel"],
];

/** Whether one of its words begins like this, or the whole does. */
const begins = (text, query) =>
  text
    .toLowerCase()
    .split(/[\s_.-]+/)
    .some((word) => word.startsWith(query)) || text.toLowerCase().startsWith(query);

function matches(app, before, commands) {
  const { ws } = app;
  const command = /^\/(\S*)$/.exec(before);
  if (command && commands) {
    return ws.state.commands
      .filter((item) => item.command.startsWith(before))
      .map((item) => ({
        start: 0,
        text: `${item.command} `,
        shown: [
          h("strong", {}, item.command),
          h("span", { class: "faint" }, ` ${item.hint ?? ""}`),
          h("small", {}, item.description ?? ""),
        ],
      }));
  }
  const word = /(?:^|\s)([@#:])([\w.+-]*)$/.exec(before);
  if (!word) return [];
  const [, sign, typed] = word;
  const query = typed.toLowerCase();
  const start = before.length - typed.length - 1;
  if (sign === "@") {
    const people = ws.state.users
      .filter((user) => begins(`${user.name} ${user.real_name}`, query))
      .map((user) => ({
        start,
        text: `@${user.name} `,
        shown: [
          avatar(faceOf(user), "small"),
          h("strong", {}, ws.userName(user.id)),
          h("span", { class: "faint" }, ` @${user.name}`),
        ],
      }));
    const many = [...ws.groups.values()].map(({ handle, name }) => [handle, name]);
    const groups = [...EVERYBODY, ...many]
      .filter(([name]) => name.toLowerCase().startsWith(query))
      .slice(0, AT_MOST / 2)
      .map(([name, meaning]) => ({
        start,
        text: `@${name} `,
        shown: [
          icon("people"),
          h("strong", {}, `@${name}`),
          h("span", { class: "faint" }, ` ${meaning}`),
        ],
      }));
    // Where all would be offered, the groups must not be what falls off the end.
    return [...people.slice(0, AT_MOST - groups.length), ...groups];
  }
  if (sign === "#") {
    return ws.state.channels
      .filter((channel) => !channel.is_im && begins(channel.name, query))
      .map(({ name, is_private }) => ({
        start,
        text: `#${name} `,
        shown: [icon(is_private ? "lock" : "hash"), name],
      }));
  }
  if (query.length < 2) return [];
  return searchEmoji(query, AT_MOST).map(({ name, character }) => ({
    start,
    text: `:${name}: `,
    shown: [h("span", { class: "emoji" }, character), ` :${name}:`],
  }));
}

/** The hint of the command that is being written, once its name is complete. */
function hintFor(app, before, commands) {
  const found =
    commands && app.ws.state.commands.find(({ command }) => before.startsWith(`${command} `));
  return found?.hint ? `${found.command} ${found.hint}` : null;
}

/** How a text area tells what stands before the caret, and takes what was chosen. */
const area = (box) => ({
  before: () => box.value.slice(0, box.selectionStart),
  text: () => box.value,
  replace: ({ text, start }) => box.setRangeText(text, start, box.selectionStart, "end"),
});

/** Keeps `list` in step with `box`; `key(event)` answers whether it took the key. */
export function suggestions(app, box, list, { commands, editor = area(box) }) {
  let items = [];
  let at = 0;
  list.id = nextId();
  box.setAttribute("aria-controls", list.id);
  const close = () => {
    items = [];
    list.hidden = true;
    box.removeAttribute("aria-activedescendant");
  };
  const choose = (item) => {
    editor.replace(item);
    close();
    box.dispatchEvent(new Event("input"));
    box.focus();
  };
  const draw = (hint) => {
    fill(
      list,
      items.map((item, index) =>
        h(
          "div",
          {
            class: "suggestion",
            role: "option",
            id: `${list.id}-${index}`,
            "aria-selected": String(index === at),
            onpointerdown: (event) => {
              event.preventDefault();
              choose(item);
            },
          },
          item.shown,
        ),
      ),
      hint && h("div", { class: "suggestion-hint", data: { testid: "command-hint" } }, hint),
    );
    list.hidden = !items.length && !hint;
    if (items.length) box.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    else box.removeAttribute("aria-activedescendant");
  };
  const refresh = () => {
    const before = editor.before();
    items = matches(app, before, commands).slice(0, AT_MOST);
    at = 0;
    draw(items.length ? null : hintFor(app, before, commands));
  };
  const key = (event) => {
    if (list.hidden) return false;
    if (event.key === "Escape") close();
    else if (!items.length) return false;
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length;
      draw(null);
    } else if (
      event.key === "Tab" ||
      (event.key === "Enter" && editor.text().trim() !== items[at].text.trim())
    ) {
      choose(items[at]);
    } else return false;
    event.preventDefault();
    return true;
  };
  return { refresh, key, close };
}
