/** The traffic: every call by the app and every delivery to it, newest first. */
import * as api from "./api.js";
import { fill, h, item, patch } from "./dom.js";
import { sideHead } from "./parts.js";
import { clock } from "./time.js";

const EVERY_MS = 700;
const TITLES = {
  slack: "Slack",
  github: "GitHub",
  hub: "The hub's API",
  proxy: "The users' way",
  cluster: "The cluster",
};
const ARROWS = { call: "→ ", delivery: "← " };

/** A panel that polls the server while in the document. */
export function trafficPanel(app) {
  const entries = new Map();
  let version = 0;
  const label = "Calls and deliveries, newest first";
  const list = h("ul.panel-scroll.traffic", { "aria-label": label });
  const said = h("p.faint", { role: "status", testid: "traffic-count" });
  const topic = "What mayday asks and what it receives, newest first";
  const node = h(
    "div.panel",
    { testid: "traffic-panel" },
    sideHead(app, "Traffic", topic, "Close the traffic panel"),
    said,
    list,
  );
  api.repeat(node, EVERY_MS, async () => {
    try {
      const news = await api.fetchTraffic(version);
      if (news.version < version) entries.clear();
      version = news.version;
      for (const entry of news.entries) entries.set(entry.id, entry);
      for (const id of entries.keys()) if (id < news.first) entries.delete(id);
      fill(said, entries.size ? null : "Nothing yet: say something in a channel.");
    } catch {
      fill(said, "The sandbox does not answer.");
    }
    // Like messages: in the person's zone, by the sandbox's clock.
    const { tz } = app.ws;
    const make = () => h("li", h("details", h("summary"), h("div.bodies")));
    const newest = [...entries.values()].reverse();
    const update = (entry) => (row) => draw(row.firstChild, entry, tz);
    patch(
      list,
      newest.map((entry) => item(entry.id, [entry, tz], make, update(entry))),
    );
  });
  return node;
}

/** The duration; empty while pending. */
function lasted(seconds) {
  if (seconds === null) return "";
  return seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : `${seconds.toFixed(1)} s`;
}

function draw(row, entry, tz) {
  const [summary, bodies] = row.children;
  const { id, name, about, outcome, mood, system, way, at, seconds, struck } = entry;
  const show = async () => {
    if (!row.open) return;
    const { error, asked, answered } = await api.fetchEntry(id);
    const body = (title, text) => [h("h4", title), h("pre", { tabindex: "0" }, text || "Nothing.")];
    fill(bodies, error ? h("p.faint", error) : [body("Asked", asked), body("Answered", answered)]);
  };
  fill(
    summary,
    h("code", name),
    h(`span.state.${mood === "open" ? "poor" : mood}`, outcome),
    h("small.faint", `${ARROWS[way] ?? ""}${TITLES[system]} ${about}`),
    struck && h("span.tag", "BY A FAULT"),
    h("small.faint.when", `${clock(Date.parse(at), tz, true)} ${lasted(seconds)}`),
  );
  row.ontoggle = show;
  show();
}
