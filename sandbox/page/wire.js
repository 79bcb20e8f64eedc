/** Between Slack's stored form and what a person types; the server encodes, the page only decodes. */
import { unescape } from "./mrkdwn.js";

const EVERYONE = new Set(["channel", "here", "everyone"]);

/** Stored text as a person would have typed it, for editing. */
export function fromWire(stored, workspace) {
  const typed = stored.replace(/<([^<>\n]+)>/g, (whole, token) => {
    const [head, label] = token.split("|");
    if (head.startsWith("@"))
      return `@${workspace.users.get(head.slice(1))?.name ?? label ?? head.slice(1)}`;
    if (head.startsWith("#"))
      return `#${workspace.channelName(head.slice(1)) ?? label ?? head.slice(1)}`;
    if (head.startsWith("!subteam^"))
      return `@${workspace.groups.get(head.slice(9))?.handle ?? label ?? head.slice(9)}`;
    if (head.startsWith("!"))
      return EVERYONE.has(head.slice(1)) ? `@${head.slice(1)}` : (label ?? whole);
    return head;
  });
  return unescape(typed);
}

/** A chosen file as the server takes it: {name, mimetype, content_b64}. */
export function fileOnWire(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("error", () => reject(reader.error));
    reader.addEventListener("load", () =>
      resolve({
        name: file.name,
        mimetype: file.type || "application/octet-stream",
        content_b64: reader.result.slice(reader.result.indexOf(",") + 1),
      }),
    );
    reader.readAsDataURL(file);
  });
}
