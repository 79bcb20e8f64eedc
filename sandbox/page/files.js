/** The files of a message: images inline, each with name, size and download link. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

export const files = (message) => h("div.files", { testid: "files" }, message.files.map(card));

function card(file) {
  const href = `/_sandbox/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}`;
  // An SVG may contain scripts.
  const pictured = file.mimetype?.startsWith("image/") && file.mimetype !== "image/svg+xml";
  const title = file.title || file.name;
  const elsewhere = { href, target: "_blank", rel: "noopener" };
  const saved = { href, download: file.name, "aria-label": `Download ${file.name}` };
  return h(
    "figure.file",
    pictured && h("a", elsewhere, h("img.picture", { src: href, alt: title })),
    h(
      "figcaption",
      !pictured && icon("file"),
      h("a.file-name", elsewhere, title),
      h("span.faint", size(file.size)),
      h("a.icon-button", saved, icon("download")),
    ),
  );
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
