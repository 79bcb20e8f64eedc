/** The `rich_text` block, https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. */
import { h } from "./dom.js";
import { channelLink, dateNode, emojiNode, link, mention, wordMention } from "./mrkdwn.js";

const INLINE = {
  text: (el) => el.text,
  link: (el, ws) => link(el.url, el.text || el.url, ws),
  emoji: (el) => emojiNode(el.name),
  user: (el, ws) => mention(el.user_id, ws),
  channel: (el, ws) => channelLink(el.channel_id, ws),
  usergroup: (el, ws) => wordMention(ws.groups.get(el.usergroup_id)?.handle ?? el.usergroup_id),
  broadcast: (el) => wordMention(el.range, ".mention-all"),
  date: (el, ws) => dateNode(el.format, el.timestamp * 1000, el.url, ws),
};
const STYLES = { code: "code", bold: "strong", italic: "em", strike: "s" };

/** One element of a section, in its styles. */
function run(el, ws) {
  let node = INLINE[el.type]?.(el, ws) ?? el.fallback ?? el.value ?? "";
  for (const [style, tag] of Object.entries(STYLES)) if (el.style?.[style]) node = h(tag, node);
  return node;
}

const WRAPPERS = {
  rich_text_preformatted: "pre.code-block",
  rich_text_quote: "blockquote",
};

/** The block's parts as nodes. Lists that stand within others come one after another, by indent. */
export const richText = (block, ws) =>
  block.elements.map((part) => {
    const runs = (elements) => elements.map((el) => run(el, ws));
    if (part.type !== "rich_text_list")
      return h(WRAPPERS[part.type] ?? "div.rich-section", runs(part.elements));
    const start = part.offset ? String(part.offset + 1) : null;
    const props = { start, style: { "margin-left": `${(part.indent ?? 0) * 24}px` } };
    const items = part.elements.map((each) => h("li", runs(each.elements)));
    return h(part.style === "ordered" ? "ol" : "ul", props, items);
  });
