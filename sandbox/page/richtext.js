/** The `rich_text` block, https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. */
import { h } from "./dom.js";
import { channelLink, emojiNode, link, mention } from "./mrkdwn.js";
import { dateTokens, fullTime } from "./time.js";

/** One element of a section, in its styles. */
export const run = (element, workspace) => dressed(content(element, workspace), element.style);

function content(element, workspace) {
  switch (element.type) {
    case "text":
      return element.text;
    case "link":
      return link(element.url, element.text || element.url, workspace);
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
    case "team":
      return h("span", { class: "mention" }, `@${workspace.state.team.name}`);
    case "date":
      return date(element, workspace);
    case "color":
      return colour(element.value);
    default:
      return element.fallback ?? "";
  }
}

function date({ timestamp, format, url }, workspace) {
  const ms = timestamp * 1000;
  const node = h(
    "time",
    { title: fullTime(ms, workspace.tz), datetime: new Date(ms).toISOString() },
    dateTokens(format, ms, workspace.tz, workspace.now),
  );
  return url ? link(url, node, workspace) : node;
}

/** A colour stands beside its value, as in Slack. */
function colour(value) {
  const hex = `#${value.replace("#", "")}`;
  return h(
    "span",
    { class: "colour" },
    hex,
    h("span", { class: "colour-dot", style: { "background-color": hex }, "aria-hidden": "true" }),
  );
}

function dressed(content, style = {}) {
  let node = content;
  if (style.code) node = h("code", {}, node);
  if (style.bold) node = h("strong", {}, node);
  if (style.italic) node = h("em", {}, node);
  if (style.strike) node = h("s", {}, node);
  if (style.underline) node = h("u", {}, node);
  return node;
}

const runs = (elements, workspace) => elements.map((element) => run(element, workspace));

const MARKS = {
  ordered: ["decimal", "lower-alpha", "lower-roman"],
  bullet: ["disc", "circle", "square"],
};

/** The block's parts as nodes. Lists that stand within others come one after another, by indent. */
export function richText(block, workspace) {
  return block.elements.map((part) => {
    const bordered = part.border ? " bordered" : "";
    switch (part.type) {
      case "rich_text_list": {
        const { style, indent = 0, offset } = part;
        return h(
          style === "ordered" ? "ol" : "ul",
          {
            class: `rich-list${bordered}`,
            start: offset ? String(offset + 1) : null,
            style: {
              "margin-left": `${indent * 24}px`,
              "list-style-type": MARKS[style][indent % 3],
            },
          },
          part.elements.map((item) => h("li", {}, runs(item.elements, workspace))),
        );
      }
      case "rich_text_preformatted":
        return h("pre", { class: `code-block${bordered}` }, runs(part.elements, workspace));
      case "rich_text_quote":
        return h("blockquote", { class: bordered }, runs(part.elements, workspace));
      default:
        return h("div", { class: "rich-section" }, runs(part.elements, workspace));
    }
  });
}
