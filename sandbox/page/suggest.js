/** Suggestions while writing: /commands, @people, #channels and :emoji:. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { Listbox } from "./listbox.js";
import { avatar } from "./parts.js";
import { emoji, emojiNames } from "./reactions.js";

const AT_MOST = 8;
const EVERYBODY = [
  ["here", "everybody who is online now"],
  ["channel", "everybody in this channel"],
];

/** Whether one of its words begins like this. */
const begins = (text, query) =>
  text.toLowerCase().split(/[\s_.-]+/).some((word) => word.startsWith(query)) ||
  text.startsWith(query);

const strong = (text) => h("strong", text);
const faint = (text) => h("span.faint", text);

/** What each sign offers for what was typed after it: [what it puts in, how it is shown]. */
const OFFERS = {
  "@": (query, ws) => {
    const people = ws.state.users
      .filter((user) => begins(`${user.name} ${user.real_name}`, query))
      .map((user) => [
        `@${user.name}`,
        [avatar(user, ".small"), strong(ws.userName(user.id)), faint(` @${user.name}`)],
      ]);
    const named = [...ws.groups.values()].map(({ handle, name }) => [handle, name]);
    const groups = [...EVERYBODY, ...named]
      .filter(([name]) => name.toLowerCase().startsWith(query))
      .slice(0, AT_MOST / 2)
      .map(([name, meaning]) => [
        `@${name}`,
        [icon("people"), strong(`@${name}`), faint(` ${meaning}`)],
      ]);
    // Where all would be offered, the groups must not be what falls off the end.
    return [...people.slice(0, AT_MOST - groups.length), ...groups];
  },
  "#": (query, ws) =>
    ws.state.channels
      .filter((channel) => !channel.is_im && begins(channel.name, query))
      .map(({ name, is_private: locked }) => [`#${name}`, [icon(locked ? "lock" : "hash"), name]]),
  ":": (query) =>
    query.length < 2
      ? []
      : emojiNames(query).map((name) => [`:${name}:`, [h("span.emoji", emoji(name)), ` :${name}:`]]),
};

function matches({ ws }, before, commands) {
  if (commands && /^\/\S*$/.test(before))
    return ws.state.commands
      .filter(({ command }) => command.startsWith(before))
      .map(({ command, hint, description }) => ({
        start: 0,
        text: `${command} `,
        shown: [strong(command), faint(` ${hint ?? ""}`), h("small", description)],
      }));
  const word = /(?:^|\s)([@#:])([\w.+-]*)$/.exec(before);
  if (!word) return [];
  const start = before.length - word[2].length - 1;
  const found = OFFERS[word[1]](word[2].toLowerCase(), ws).slice(0, AT_MOST);
  return found.map(([text, shown]) => ({ start, text: `${text} `, shown }));
}

/** The hint of the command that is being written, once its name is complete. */
function hintFor({ ws }, before) {
  const found = ws.state.commands.find(({ command }) => before.startsWith(`${command} `));
  return found?.hint ? `${found.command} ${found.hint}` : null;
}

/** A list for the text area `box`; `key(event)` answers whether it took the key. */
export function suggestions(app, box, commands) {
  const list = new Listbox(box, "Suggestions", ({ text, start }) => {
    box.setRangeText(text, start, box.selectionStart, "end");
    list.close();
    box.dispatchEvent(new Event("input"));
    box.focus();
  });
  box.addEventListener("input", () => {
    const before = box.value.slice(0, box.selectionStart);
    const items = matches(app, before, commands);
    list.show(items, items.length || !commands ? null : hintFor(app, before));
  });
  box.addEventListener("blur", () => list.close());
  const key = (event) => {
    const whole = box.value.trim() === list.items[list.at]?.text.trim();
    return list.key(event, whole ? ["Tab"] : ["Tab", "Enter"]);
  };
  return { node: list.node, key };
}
