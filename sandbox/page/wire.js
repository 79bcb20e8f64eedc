/** Conversion of Slack's stored text to typed text; the server encodes, the page decodes. */
import { unescape } from "./mrkdwn.js";

/** Stored text as a person would have typed it, for editing. */
export function fromWire(stored, ws) {
  const typed = stored.replace(/<([^<>\n]+)>/g, (whole, token) => {
    const [head, label] = token.split("|");
    const id = head.slice(1);
    if (head.startsWith("@")) return `@${ws.users.get(id)?.name ?? label ?? id}`;
    if (head.startsWith("#")) return `#${ws.channelName(id) ?? label ?? id}`;
    if (head.startsWith("!subteam^"))
      return `@${ws.groups.get(head.slice(9))?.handle ?? label ?? head.slice(9)}`;
    if (/^!(channel|here|everyone)$/.test(head)) return `@${id}`;
    return head.startsWith("!") ? (label ?? whole) : head;
  });
  return unescape(typed);
}

/** A chosen file in the server's format: {name, mimetype, content_b64}. */
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
