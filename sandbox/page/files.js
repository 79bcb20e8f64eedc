/** The files of a message: pictures in sight, all with their name, their size and a way to keep them. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

const SCRIPTABLE = "image/svg+xml";

export const files = (message) =>
  h("div", { class: "files", data: { testid: "files" } }, message.files.map(card));

function card(file) {
  const href = `/_sandbox/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}`;
  const pictured = file.mimetype?.startsWith("image/") && file.mimetype !== SCRIPTABLE;
  const title = file.title || file.name;
  const elsewhere = { href, target: "_blank", rel: "noopener" };
  return h(
    "figure",
    { class: pictured ? "file picture-file" : "file" },
    pictured
      ? h(
          "a",
          { ...elsewhere, "aria-label": `Open ${title}` },
          h("img", { class: "picture", src: href, alt: title }),
        )
      : null,
    h(
      "figcaption",
      {},
      pictured ? null : icon("file"),
      h("a", { ...elsewhere, class: "file-name" }, title),
      h("span", { class: "faint" }, size(file.size)),
      h(
        "a",
        {
          href,
          download: file.name,
          class: "icon-button",
          title: "Download",
          "aria-label": `Download ${file.name}`,
        },
        icon("download"),
      ),
    ),
  );
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
