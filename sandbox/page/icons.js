/** The page's own line drawings, as path data on a 20 × 20 grid. */
const RING = "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z";
const PATHS = {
  attach:
    "M14.5 9.5 9.6 14.4a3 3 0 0 1-4.2-4.2l5.8-5.8a2 2 0 0 1 2.9 2.9l-5.5 5.5a.9.9 0 0 1-1.3-1.3l4.6-4.6",
  bolt: "M11 2.5 4.5 11.5H10L9 17.5 15.5 8.5H10z",
  chevron: "M5.5 8l4.5 4.5L14.5 8",
  clock: `${RING} M10 5.8V10l3 2`,
  close: "M5 5l10 10 M15 5 5 15",
  download: "M10 3v9 M6 8.5l4 4 4-4 M4 16.5h12",
  eye: "M2.5 10c4-6.5 11-6.5 15 0-4 6.5-11 6.5-15 0z M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  file: "M5 2.5h6.5L15.5 6.5v11H5z M11.5 2.5v4h4",
  hash: "M8 3 6 17 M14 3l-2 14 M4 7.5h13 M3 12.5h13",
  hub:
    "M10 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z M10 2.5v5 M10 12.5v5 M3 6l4.8 2.8 " +
    "M12.2 11.2 17 14 M3 14l4.8-2.8 M12.2 8.8 17 6",
  lock: "M6 9V6.5a4 4 0 0 1 8 0V9 M4.5 9h11v7.5h-11z",
  menu: "M3 5.5h14 M3 10h14 M3 14.5h14",
  more: "M4.6 10h.8 M9.6 10h.8 M14.6 10h.8",
  pin: "M7 3.5h6 M8 3.5v5L5.5 11h9L12 8.5v-5 M10 11v6",
  ring:
    `${RING} M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6z ` +
    "M4.7 4.7 7.9 7.9 M12.1 12.1l3.2 3.2 M15.3 4.7 12.1 7.9 M7.9 12.1 4.7 15.3",
  send: "M3.5 4 17 10 3.5 16 6 10z M6 10h6",
  thread: "M3.5 4.5h13v9H9l-3.5 3v-3h-2z M6.5 8h7 M6.5 10.5h4.5",
  wave: "M2.5 10h3l2.5-6 4 12 2.5-6h3",
};

const SVG = "http://www.w3.org/2000/svg";

/** The icon of that name; it is decorative and hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
