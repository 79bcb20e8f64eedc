/** The `markdown` block: standard Markdown (headings, lists, tables, code, quotes, links) as DOM nodes. */
import { h } from "./dom.js";
import { emojiNode, link, unescape } from "./mrkdwn.js";

const INLINE =
  /`([^`\n]+)`|!?\[([^\]\n]+)\]\(([^()\s]+)\)|<(https?:[^<>\s]+)>|\*\*(?=\S)([^\n]+?)\*\*|__(?=\S)([^\n]+?)__|~~(?=\S)([^\n]+?)~~|(?<![\w*])\*(?=[^\s*])([^*\n]+)\*(?![\w*])|(?<![\w_])_(?=[^\s_])([^_\n]+)_(?!\w)|:([a-z0-9_+-]+):|(https?:\/\/[^\s<>]*[^\s<>.,;:!?)'"*_~`])|\\([\\`*_{}[\]()#+.!|<>~-])/g;

function inline(text, workspace) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(unescape(text.slice(from, found.index)));
    from = found.index + found[0].length;
    const [whole, code, label, target, angle, b1, b2, strike, i1, i2, name, bare, escaped] = found;
    const bold = b1 ?? b2;
    const italic = i1 ?? i2;
    if (code !== undefined) nodes.push(h("code", {}, unescape(code)));
    else if (label !== undefined)
      nodes.push(link(target, h("span", {}, inline(label, workspace)), workspace));
    else if (angle ?? bare) nodes.push(link(angle ?? bare, angle ?? bare, workspace));
    else if (bold !== undefined) nodes.push(h("strong", {}, inline(bold, workspace)));
    else if (strike !== undefined) nodes.push(h("s", {}, inline(strike, workspace)));
    else if (italic !== undefined) nodes.push(h("em", {}, inline(italic, workspace)));
    else if (name !== undefined) nodes.push(emojiNode(name, whole));
    else nodes.push(escaped);
  }
  nodes.push(unescape(text.slice(from)));
  return nodes;
}

const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

function table(rows, workspace) {
  const row = (line, tag) =>
    h(
      "tr",
      {},
      cells(line).map((cell) => h(tag, {}, inline(cell, workspace))),
    );
  return h(
    "div",
    { class: "table-scroll" },
    h(
      "table",
      {},
      h("thead", {}, row(rows[0], "th")),
      h(
        "tbody",
        {},
        rows.slice(2).map((line) => row(line, "td")),
      ),
    ),
  );
}

const ITEM = /^(\s*)(?:[-*+]|(\d+)[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/;

/** Nested lists from consecutive item lines, by their indentation. */
function list(items, workspace) {
  const { indent, number } = items[0];
  const node = h(number ? "ol" : "ul", number && number !== "1" ? { start: number } : {});
  for (let at = 0; at < items.length;) {
    const item = items[at];
    let next = at + 1;
    while (next < items.length && items[next].indent > indent) next += 1;
    const box =
      item.tick === undefined
        ? null
        : h("input", {
            type: "checkbox",
            disabled: true,
            checked: item.tick !== " ",
            "aria-label": item.tick === " " ? "open" : "done",
          });
    const nested = next > at + 1 ? list(items.slice(at + 1, next), workspace) : null;
    node.append(
      h(
        "li",
        box ? { class: "task" } : {},
        ...[box, inline(item.text, workspace), nested].flat().filter(Boolean),
      ),
    );
    at = next;
  }
  return node;
}

/** The whole text as block nodes. */
export function markdown(text, workspace) {
  const nodes = [];
  const lines = text.replaceAll("\r", "").split("\n");
  let at = 0;
  const take = (test) => {
    const taken = [];
    while (at < lines.length && test(lines[at])) taken.push(lines[at++]);
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    const fence = /^\s*(```+|~~~+)/.exec(line);
    if (!line.trim()) at += 1;
    else if (fence) {
      at += 1;
      const code = take((other) => !other.trim().startsWith(fence[1]));
      at += 1;
      nodes.push(h("pre", { class: "code-block" }, unescape(code.join("\n"))));
    } else if (heading) {
      at += 1;
      nodes.push(h(`h${Math.min(heading[1].length + 2, 6)}`, {}, inline(heading[2], workspace)));
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      at += 1;
      nodes.push(h("hr"));
    } else if (/^\s*>/.test(line)) {
      const quoted = take((other) => /^\s*>/.test(other)).map((other) =>
        other.replace(/^\s*> ?/, ""),
      );
      nodes.push(h("blockquote", {}, markdown(quoted.join("\n"), workspace)));
    } else if (line.includes("|") && /^[\s|:-]*-[\s|:-]*$/.test(lines[at + 1] ?? "")) {
      nodes.push(
        table(
          take((other) => other.includes("|")),
          workspace,
        ),
      );
    } else if (ITEM.test(line)) {
      const items = take((other) => ITEM.test(other)).map((other) => {
        const [, space, number, tick, rest] = ITEM.exec(other);
        return { indent: space.length, number, tick, text: rest };
      });
      nodes.push(list(items, workspace));
    } else {
      const stop = /^(#{1,6}\s|\s*>|\s*```)/;
      const first = lines[at++];
      const more = take((other) => other.trim() && !stop.test(other) && !ITEM.test(other));
      nodes.push(h("p", {}, inline([first, ...more].join("\n"), workspace)));
    }
  }
  return nodes;
}
