/** The `rich_text` block, https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. */
import { h } from "./dom.js";
import { channelLink, emojiNode, link, mention, unescape } from "./mrkdwn.js";
import { dateTokens } from "./time.js";

function run(element, workspace) {
  switch (element.type) {
    case "text":
      return dressed(element.text, element.style);
    case "link":
      return dressed(link(element.url, element.text || element.url, workspace), element.style);
    case "emoji":
      return emojiNode(element.name);
    case "user":
      return mention(element.user_id, workspace);
    case "channel":
      return channelLink(element.channel_id, workspace);
    case "usergroup": {
      const handle = workspace.groups.get(element.usergroup_id)?.handle ?? element.usergroup_id;
      return h("span", { class: "mention" }, `@${handle}`);
    }
    case "broadcast":
      return h("span", { class: "mention mention-all" }, `@${element.range}`);
    case "date":
      return dateTokens(element.format, element.timestamp * 1000, workspace.tz, workspace.now);
    default:
      return unescape(element.text ?? element.fallback ?? "");
  }
}

function dressed(content, style = {}) {
  let node = content;
  if (style.code) node = h("code", {}, node);
  if (style.bold) node = h("strong", {}, node);
  if (style.italic) node = h("em", {}, node);
  if (style.strike) node = h("s", {}, node);
  return node;
}

const runs = (elements, workspace) => elements.map((element) => run(element, workspace));

/** The block's parts as nodes. */
export function richText(block, workspace) {
  return block.elements.map((part) => {
    switch (part.type) {
      case "rich_text_list": {
        const tag = part.style === "ordered" ? "ol" : "ul";
        const start = part.offset ? { start: String(part.offset + 1) } : {};
        const inset = { "margin-left": `${(part.indent ?? 0) * 22}px` };
        return h(
          tag,
          { ...start, style: inset },
          part.elements.map((item) => h("li", {}, runs(item.elements, workspace))),
        );
      }
      case "rich_text_preformatted":
        return h("pre", { class: "code-block" }, runs(part.elements, workspace));
      case "rich_text_quote":
        return h("blockquote", {}, runs(part.elements, workspace));
      default:
        return h("div", { class: "rich-section" }, runs(part.elements, workspace));
    }
  });
}
