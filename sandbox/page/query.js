/** What a search means: words and filters read from the line, and looked for in all that a person sees. */
import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { dayOf, instant } from "./time.js";
import { fromWire } from "./wire.js";
import { appHash, hashOf, isSystem } from "./workspace.js";

const AT_MOST = 50;
const FILTER = /^(from|in|has|before|after|on):(.*)$/i;
const HAS = {
  file: (message) => Boolean(message.files?.length),
  link: (message) => /<https?:/.test(message.text ?? ""),
  reaction: (message) => Boolean(message.reactions?.length),
  pin: (message, channel) => channel.pins.includes(message.ts),
  thread: (message) => Boolean(message.reply_count),
};

/** The line as {words, filters}: quoted words belong together. */
export function parse(line) {
  const words = [];
  const filters = [];
  for (const [piece] of line.matchAll(/\S*"[^"]*"?|\S+/g)) {
    const filter = FILTER.exec(piece);
    if (filter) filters.push({ kind: filter[1].toLowerCase(), value: bare(filter[2]) });
    else if (bare(piece)) words.push(bare(piece));
  }
  return { words, filters };
}

const bare = (piece) => piece.replaceAll('"', "").toLowerCase();

/** Everything that a message says, as a reader sees it: its text or blocks, attachments and files. */
export function saidIn(message, ws) {
  const found = [];
  const gather = (value, key) => {
    if (typeof value === "string") {
      if (SPOKEN.has(key)) found.push(fromWire(value, ws));
    } else if (value?.type === "mrkdwn") {
      found.push(unmarked(fromWire(value.text, ws)));
    } else if (Array.isArray(value)) value.forEach((item) => gather(item, key));
    else if (value && typeof value === "object")
      for (const [name, item] of Object.entries(value)) gather(item, name);
  };
  const { blocks, text, attachments, files } = message;
  if (blocks?.length) gather(blocks, "blocks");
  else found.push(unmarked(fromWire(text ?? "", ws)));
  gather(attachments ?? [], "attachments");
  for (const file of files ?? []) found.push(file.name);
  return withEmoji(found.join(" ").replace(/\s+/g, " ").trim());
}

/** The text without the marks that are drawn as bold, code and the like. */
function unmarked(text) {
  const styled = /(^|[\s(*_~])([*_~])(?=\S)([^\n]*?\S)\2(?=$|[\s).,;:!?*_~])/gm;
  const bare = text.replace(/```|`/g, "").replace(/^> ?/gm, "");
  // Twice, for bold within italics.
  return bare.replace(styled, "$1$3").replace(styled, "$1$3");
}

const SPOKEN = new Set(["text", "title", "pretext", "fallback", "value", "alt_text"]);

/** Search: {words, completions, places, messages, more}. Only what the state holds can be found. */
export function find(line, ws) {
  const { words, filters } = parse(line);
  const completions = completed(line, ws);
  const places = filters.length ? [] : placesNamed(words.join(" "), ws);
  if (!words.length && !filters.some(({ value }) => value))
    return { words, completions, places: [], messages: [], more: 0 };
  const tests = filters.filter(({ value }) => value).map((filter) => tester(filter, ws));
  const hits = [];
  for (const channel of ws.channels.values()) {
    for (const message of ws.messages(channel.id)) {
      if (isSystem(message) || message.ephemeral) continue;
      if (!tests.every((test) => test(message, channel))) continue;
      const text = saidIn(message, ws);
      const all = `${text} ${ws.author(message).name}`.toLowerCase();
      if (words.every((word) => all.includes(word))) hits.push({ channel, message, text });
    }
  }
  hits.sort((a, b) => instant(b.message.ts) - instant(a.message.ts));
  const messages = hits.slice(0, AT_MOST);
  return { words, completions, places, messages, more: hits.length - messages.length };
}

function tester({ kind, value }, ws) {
  const name = value.replace(/^[@#]/, "");
  switch (kind) {
    case "from":
      return (message) => {
        const author = ws.author(message);
        const user = ws.users.get(author.id);
        if (name === "me") return author.id === ws.me.id;
        return user?.name === name || author.name.toLowerCase() === name;
      };
    case "in":
      return (_, channel) =>
        channel.is_im
          ? [ws.users.get(channel.user)?.name, ws.userName(channel.user).toLowerCase()].includes(
              name,
            )
          : channel.name === name;
    case "has":
      return HAS[name.replace(/s$/, "")] ?? (() => false);
    case "before":
      return (message) => dayOf(instant(message.ts), ws.tz) < value;
    case "after":
      return (message) => dayOf(instant(message.ts), ws.tz) > value;
    default:
      return (message) => dayOf(instant(message.ts), ws.tz) === value;
  }
}

/** What the filter that is being written may become, as whole lines. */
function completed(line, ws) {
  const found = /^(.*?)(from|in|has):[@#]?([^\s"]*)$/i.exec(line);
  if (!found) return [];
  const [, before, kind, typed] = found;
  const query = typed.toLowerCase();
  const first = (name) => Number(!name.slice(1).startsWith(query));
  const known = {
    from: () => [
      ...("me".startsWith(query) ? ["me"] : []),
      ...ws.state.users
        .filter((user) => `${user.name} ${user.real_name}`.toLowerCase().includes(query))
        .map((user) => `@${user.name}`)
        .sort((a, b) => first(a) - first(b)),
    ],
    in: () =>
      [...ws.channels.values()]
        .map((channel) =>
          channel.is_im ? `@${ws.users.get(channel.user)?.name}` : `#${channel.name}`,
        )
        .filter((name) => name.toLowerCase().includes(query)),
    has: () => Object.keys(HAS).filter((name) => name.startsWith(query)),
  }[kind.toLowerCase()]();
  const whole = known.some((name) => name.replace(/^[@#]/, "") === query);
  return whole ? [] : known.slice(0, 8).map((name) => `${before}${kind}:${name} `);
}

function placesNamed(query, ws) {
  if (!query) return [];
  const found = [...ws.channels.values()]
    .filter((channel) => ws.channelName(channel.id).toLowerCase().includes(query))
    .map((channel) => ({
      name: ws.channelName(channel.id),
      icon: channel.is_im ? "people" : channel.is_private ? "lock" : "hash",
      hash: channel.user === ws.bot.id ? appHash("messages") : hashOf(channel.id),
    }));
  return found.slice(0, 5);
}

const AROUND = 70;
const LONGEST = 240;

/** The part of a text where the first of the words stands. */
export function snippet(text, words) {
  const places = words.map((word) => text.toLowerCase().indexOf(word)).filter((at) => at >= 0);
  const from = Math.max(0, Math.min(...places, text.length) - AROUND);
  const start = places.length && from > 0 ? from : 0;
  const cut = text.slice(start, start + LONGEST);
  return `${start ? "…" : ""}${cut}${start + LONGEST < text.length ? "…" : ""}`;
}

/** The text as nodes, with the words marked. */
export function highlighted(text, words) {
  if (!words.length) return [text];
  const any = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return text
    .split(new RegExp(`(${any})`, "gi"))
    .map((piece, index) => (index % 2 ? h("mark", {}, piece) : piece));
}
