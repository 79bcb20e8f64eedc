/** Suggestions while writing: /commands, @people, #channels and :emoji:. */
import { avatar, faceOf } from "./avatar.js";
import { fill, h } from "./dom.js";
import { searchEmoji } from "./emoji.js";
import { nextId } from "./fields.js";
import { icon } from "./icons.js";

const AT_MOST = 8;

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
    return ws.state.users
      .filter((user) => `${user.name} ${user.real_name}`.toLowerCase().includes(query))
      .map((user) => ({
        start,
        text: `@${user.name} `,
        shown: [
          avatar(faceOf(user), "small"),
          h("strong", {}, ws.userName(user.id)),
          h("span", { class: "faint" }, ` @${user.name}`),
        ],
      }));
  }
  if (sign === "#") {
    return ws.state.channels
      .filter((channel) => !channel.is_im && channel.name.includes(query))
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

/** Keeps `list` in step with `box`; `key(event)` answers whether it took the key. */
export function suggestions(app, box, list, { commands }) {
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
    box.setRangeText(item.text, item.start, box.selectionStart, "end");
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
    const before = box.value.slice(0, box.selectionStart);
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
      (event.key === "Enter" && box.value.trim() !== items[at].text.trim())
    ) {
      choose(items[at]);
    } else return false;
    event.preventDefault();
    return true;
  };
  return { refresh, key, close };
}
