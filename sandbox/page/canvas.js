/** The button that shows a channel's canvas. */
import { h } from "./dom.js";
import { popover } from "./popups.js";

const HEADING = /^(#{1,3}) (.*)$/;

/** Bold, italics and links of a line of Markdown; everything else is text. */
function words(line) {
  const parts = line.split(/(\*\*[^*]+\*\*|\[[^\]]+\]\(https?:[^)\s]+\)|_[^_]+_$)/);
  return parts.map((part) => {
    const link = /^\[([^\]]+)\]\((https?:[^)\s]+)\)$/.exec(part);
    if (link) return h("a", { href: link[2], target: "_blank", rel: "noopener" }, link[1]);
    if (part.startsWith("**")) return h("strong", literal(part.slice(2, -2)));
    if (/^_[^_]+_$/.test(part)) return h("em", literal(part.slice(1, -1)));
    return literal(part);
  });
}

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const literal = (text) =>
  text
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

function block({ markdown }) {
  const heading = HEADING.exec(markdown);
  if (heading) return h(`h${heading[1].length + 1}`, literal(heading[2]));
  const lines = markdown.split(/ *\n/);
  return h(
    "p",
    lines.map((line, at) => [at ? h("br") : null, words(line)]),
  );
}

/** The button, or nothing for a channel without a canvas. */
export function canvasButton(channel) {
  if (!channel.canvas) return null;
  const content = () => h("div.canvas", { testid: "canvas-text" }, channel.canvas.sections.map(block));
  const props = { "aria-haspopup": "dialog", testid: "canvas" };
  const onclick = () => popover(button, content(), "Canvas");
  const button = h("button.button.quiet", { ...props, onclick }, "Canvas");
  return button;
}
