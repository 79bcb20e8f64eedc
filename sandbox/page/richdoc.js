/** Between what stands in the rich editor and Slack's `rich_text`: read from nodes, and drawn back as nodes. */
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { run } from "./richtext.js";

const STYLE_OF = {
  B: "bold",
  STRONG: "bold",
  I: "italic",
  EM: "italic",
  S: "strike",
  STRIKE: "strike",
  DEL: "strike",
  CODE: "code",
};
const BLOCKS = new Set(["DIV", "P", "UL", "OL", "BLOCKQUOTE", "PRE"]);
const EVERYONE = new Set(["here", "channel", "everyone"]);
const TOKEN =
  /(https?:\/\/[^\s<>]*[^\s<>.,;:!?)'"])|:([a-z0-9_+-]+):|(?<![\w@])@([\w.-]+)|(?<![\w#])#([\w-]+)/g;

/** The rich_text block of what stands in `root`, or null where nothing does. */
export function readRich(root, workspace) {
  const parts = [];
  let lines = [];
  const flush = () => {
    while (lines.length && !lines.at(-1).length) lines.pop();
    const elements = tidy(lines.flatMap((line, at) => (at ? [text("\n"), ...line] : line)));
    if (elements.length) parts.push({ type: "rich_text_section", elements });
    lines = [];
  };
  const walk = (node) => {
    let open = null;
    for (const child of node.childNodes) {
      if (!BLOCKS.has(child.nodeName)) {
        if (child.nodeName === "BR") open = open === null ? (lines.push([]), null) : null;
        else {
          if (open === null) lines.push((open = []));
          open.push(...runs(child, {}, workspace));
        }
        continue;
      }
      open = null;
      if (child.nodeName === "DIV" || child.nodeName === "P") walk(child);
      else {
        flush();
        parts.push(...block(child, workspace));
      }
    }
  };
  walk(root);
  flush();
  return parts.some((part) => part.elements.length) ? { type: "rich_text", elements: parts } : null;
}

function block(node, workspace) {
  if (node.nodeName === "UL" || node.nodeName === "OL")
    return lists(node, Number(node.dataset.indent ?? 0), workspace);
  if (node.nodeName === "PRE") {
    const elements = node.innerText.trim() ? [text(node.innerText.replace(/\n$/, ""))] : [];
    return [{ type: "rich_text_preformatted", elements, border: 0 }];
  }
  const elements = tidy([...node.childNodes].flatMap((child) => runs(child, {}, workspace)));
  return elements.length ? [{ type: "rich_text_quote", elements }] : [];
}

/** One list, and after each item those that stand in it, as Slack puts them: side by side, by indent. */
function lists(node, indent, workspace) {
  const style = node.nodeName === "OL" ? "ordered" : "bullet";
  const made = [];
  let current = null;
  let count = 0;
  for (const item of node.children) {
    if (item.nodeName === "UL" || item.nodeName === "OL") {
      made.push(...lists(item, indent + 1, workspace));
      current = null;
      continue;
    }
    const own = [...item.childNodes].filter((c) => c.nodeName !== "UL" && c.nodeName !== "OL");
    const elements = tidy(own.flatMap((child) => runs(child, {}, workspace)));
    if (!current) {
      current = { type: "rich_text_list", style, indent, elements: [] };
      if (count && style === "ordered") current.offset = count;
      made.push(current);
    }
    current.elements.push({ type: "rich_text_section", elements });
    count += 1;
    for (const inner of item.children) {
      if (inner.nodeName !== "UL" && inner.nodeName !== "OL") continue;
      made.push(...lists(inner, indent + 1, workspace));
      current = null;
    }
  }
  return made;
}

const text = (said, style = {}) => ({
  type: "text",
  text: said,
  ...(Object.keys(style).length ? { style } : {}),
});

function runs(node, style, workspace) {
  if (node.nodeType === Node.TEXT_NODE)
    return style.code ? [text(node.data, style)] : tokens(node.data, style, workspace);
  if (node.nodeName === "BR") return [text("\n")];
  if (node.dataset?.rich) return [JSON.parse(node.dataset.rich)];
  if (node.nodeName === "A") {
    const said = node.textContent;
    const url = node.getAttribute("href");
    const dressed = Object.keys(style).length ? { style } : {};
    return said ? [{ type: "link", url, ...(said === url ? {} : { text: said }), ...dressed }] : [];
  }
  const name = STYLE_OF[node.nodeName];
  const inner = name ? { ...style, [name]: true } : style;
  const found = [...node.childNodes].flatMap((child) => runs(child, inner, workspace));
  // A line within a quote or an item is a block of its own in the editor.
  const breaks = BLOCKS.has(node.nodeName) && node.previousSibling;
  return breaks ? [text("\n"), ...found] : found;
}

/** Addresses, emoji and mentions as a person types them, each an element of its own. */
function tokens(said, style, workspace) {
  const made = [];
  const dressed = Object.keys(style).length ? { style } : {};
  let from = 0;
  for (const found of said.matchAll(TOKEN)) {
    const [whole, url, name, who, where] = found;
    const element = url
      ? { type: "link", url }
      : name
        ? emojiElement(name)
        : who
          ? mentioned(who, workspace)
          : channelNamed(where, workspace);
    if (!element) continue;
    if (found.index > from) made.push(text(said.slice(from, found.index), style));
    made.push({ ...element, ...dressed });
    from = found.index + whole.length;
  }
  if (from < said.length) made.push(text(said.slice(from), style));
  return made;
}

function emojiElement(name) {
  const character = emoji(name);
  if (!character) return null;
  const unicode = [...character].map((part) => part.codePointAt(0).toString(16)).join("-");
  return { type: "emoji", name, unicode };
}

function mentioned(name, workspace) {
  if (EVERYONE.has(name)) return { type: "broadcast", range: name };
  const user = workspace.state.users.find((other) => other.name === name);
  if (user) return { type: "user", user_id: user.id };
  const group = [...workspace.groups.values()].find((other) => other.handle === name);
  return group ? { type: "usergroup", usergroup_id: group.id } : null;
}

function channelNamed(name, workspace) {
  const found = workspace.state.channels.find((channel) => channel.name === name);
  return found ? { type: "channel", channel_id: found.id } : null;
}

/** Neighbouring texts of one style joined, no-break spaces of the editor made plain. */
function tidy(elements) {
  const made = [];
  for (const element of elements) {
    const plain =
      element.type === "text"
        ? { ...element, text: element.text.replaceAll("\u00a0", " ").replaceAll("\u200b", "") }
        : element;
    if (plain.type === "text" && !plain.text) continue;
    const last = made.at(-1);
    const same = JSON.stringify(last?.style) === JSON.stringify(plain.style);
    if (plain.type === "text" && last?.type === "text" && same) last.text += plain.text;
    else made.push(plain);
  }
  while (made.at(-1)?.type === "text" && made.at(-1).text === "\n") made.pop();
  return made;
}

/** What a person typed or chose, `@ben` or `:fire:`, as the nodes that stand for it in the editor. */
export const drawTyped = (said, workspace) =>
  tokens(said, {}, workspace).flatMap((element) => editable(element, workspace));

/** A rich_text block as nodes to edit; what is no text stays whole, and is read back as it was. */
export function drawRich(block, workspace) {
  return (block?.elements ?? []).map((part) => {
    const inner = (elements) => elements.flatMap((element) => editable(element, workspace));
    switch (part.type) {
      case "rich_text_list":
        return h(
          part.style === "ordered" ? "ol" : "ul",
          { data: { indent: String(part.indent ?? 0) } },
          part.elements.map((item) => h("li", {}, inner(item.elements))),
        );
      case "rich_text_preformatted":
        return h("pre", {}, inner(part.elements));
      case "rich_text_quote":
        return h("blockquote", {}, inner(part.elements));
      default:
        return h("div", {}, inner(part.elements));
    }
  });
}

function editable(element, workspace) {
  if (element.type === "text") {
    const lines = element.text.split("\n");
    const plain = lines.flatMap((line, at) => (at ? [h("br"), line] : [line])).filter(Boolean);
    return plain.map((piece) =>
      typeof piece === "string" ? run({ ...element, text: piece }, workspace) : piece,
    );
  }
  if (element.type === "link") return [run(element, workspace)];
  const whole = { contenteditable: "false", data: { rich: JSON.stringify(element) } };
  return [h("span", whole, run(element, workspace))];
}
