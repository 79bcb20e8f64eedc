/**
 * Slack's mrkdwn as DOM nodes (https://docs.slack.dev/messaging/formatting-message-text): bold, italic,
 * strike, code, quotes, links, mentions, dates, emoji. Text arrives with `& < >` escaped.
 */
import { h } from "./dom.js";
import { emoji, withEmoji } from "./reactions.js";
import { formatted } from "./time.js";
import { hashOf, parsePermalink } from "./workspace.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

export const unescape = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);

/** The text as nodes; `verbatim` leaves bare addresses as text. */
export function mrkdwn(text, workspace) {
  const nodes = [];
  const pieces = text.split(/```\n?([\s\S]*?)```\n?/);
  pieces.forEach((piece, index) => {
    if (index % 2 === 1)
      nodes.push(h("pre.code-block", unescape(piece.replace(/\n$/, ""))));
    else if (piece) nodes.push(...lines(piece, workspace));
  });
  return nodes;
}

/** A plain_text object: emoji only. */
export const plain = (text) => withEmoji(unescape(text));

/** A Slack text object of either type. */
export function textObject(object, workspace) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text, workspace) : [plain(object.text)];
}

function lines(text, workspace) {
  const nodes = [];
  let quoted = [];
  let running = [];
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", inline(quoted.join("\n"), workspace)));
    if (running.length) nodes.push(...inline(running.join("\n"), workspace));
    quoted = [];
    running = [];
  };
  for (const line of text.split("\n")) {
    const quote = /^(?:>|&gt;) ?(.*)$/.exec(line);
    if (quote) {
      if (running.length) flush();
      quoted.push(quote[1]);
    } else {
      if (quoted.length) flush();
      running.push(line);
    }
  }
  flush();
  return nodes;
}

/** A styled run: its marks are at word boundaries and not inside it, except in links. */
const styled = (mark) => {
  const m = `\\${mark}`;
  return `(?<![\\w${m}])${m}(?=[^\\s${m}])((?:<[^<>\\n]*>|[^<${m}\\n])+)(?<!\\s)${m}(?![\\w${m}])`;
};
const INLINE = new RegExp(
  [
    "<([^<>\\n]+)>",
    "`([^`\\n]+)`",
    styled("*"),
    styled("_"),
    styled("~"),
    ":([a-z0-9_+-]+(?:::skin-tone-\\d)?):",
    "(https?:\\/\\/[^\\s<>|]*[^\\s<>|.,;:!?)'\"*_~`])",
  ].join("|"),
  "g",
);

/** One run of text without block structure. */
export function inline(text, workspace) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > from) nodes.push(unescape(text.slice(from, found.index)));
    from = found.index + found[0].length;
    const [, token, code, bold, italic, strike, name, address] = found;
    if (token !== undefined) nodes.push(angle(token, workspace));
    else if (code !== undefined) nodes.push(h("code", unescape(code)));
    else if (bold !== undefined) nodes.push(h("strong", inline(bold, workspace)));
    else if (italic !== undefined) nodes.push(h("em", inline(italic, workspace)));
    else if (strike !== undefined) nodes.push(h("s", inline(strike, workspace)));
    else if (name !== undefined) nodes.push(emojiNode(name));
    else nodes.push(link(unescape(address), unescape(address), workspace));
  }
  if (from < text.length) nodes.push(unescape(text.slice(from)));
  return nodes;
}

/** An emoji as an element with its name, or the text as typed when it is unknown. */
function emojiNode(name) {
  const typed = `:${name}:`;
  const props = { role: "img", "aria-label": name, title: typed };
  return emoji(name) ? h("span.emoji", props, emoji(name)) : typed;
}

function angle(token, workspace) {
  const [head, ...tail] = token.split("|");
  const label = tail.length ? unescape(tail.join("|")) : null;
  if (head.startsWith("@")) return mention(head.slice(1), workspace, label);
  if (head.startsWith("#")) return channelLink(head.slice(1), workspace, label);
  if (head.startsWith("!")) return special(head.slice(1), label, workspace);
  // Not in Slack's format: raw text, shown as typed.
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(head)) return unescape(`<${token}>`);
  const address = unescape(head);
  return link(address, label ? withEmoji(label) : address.replace(/^mailto:/, ""), workspace);
}

/** @Name, highlighted for the viewer. */
function mention(id, ws, label) {
  const name = ws.users.has(id) ? ws.userName(id) : label || id;
  return wordMention(name, id === ws.me?.id ? ".mention-me" : "");
}

/** #name as a link within the page; a channel the person cannot see is a locked word. */
function channelLink(id, ws, label) {
  const name = ws.channelName(id);
  if (name === null) return h("span.mention", `#${label || "private-channel"}`);
  return h("a.mention", { href: hashOf(id) }, `#${name}`);
}

/** @handle of a group or @everyone. */
const wordMention = (word, spec = "") => h(`span.mention${spec}`, `@${word}`);

function special(command, label, ws) {
  const [name, ...rest] = command.split("^");
  if (name === "date") {
    const [seconds, template, address] = rest;
    const ms = Number(seconds) * 1000;
    if (!Number.isFinite(ms) || !template) return label ?? "";
    const { text, title, iso } = formatted(unescape(template), ms, ws);
    const node = h("time", { title, datetime: iso }, text);
    return address ? link(unescape(address), node, ws) : node;
  }
  if (name === "subteam")
    return wordMention(ws.groups.get(rest[0])?.handle ?? label?.replace(/^@/, "") ?? rest[0]);
  const everybody = ["channel", "here", "everyone"].includes(name);
  return wordMention(everybody ? name : (label ?? name), ".mention-all");
}

/** A link: within the page for this workspace's messages, else a new tab; other schemes stay text. */
export function link(address, label, workspace) {
  const place = parsePermalink(address, workspace);
  if (place) return h("a", { href: hashOf(place.channel, place.ts) }, label);
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return h("span", label);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}
