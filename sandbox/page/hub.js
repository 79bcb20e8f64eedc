/** The practice hub: each user's server, pod and route; faults; reports. */
import * as api from "./api.js";
import { fill, h, item, patch } from "./dom.js";
import { icon } from "./icons.js";
import { link } from "./mrkdwn.js";
import { outageRow, outcome } from "./outages.js";
import { count, sideHead } from "./parts.js";

const EVERY_MS = 2000;

/** A server's problem by the hub, pod and route table; null if it works. */
function ailment({ hub, pod, route }) {
  if (hub === "ready" && pod === "Running") return route ? null : "sees errors";
  if (hub === "ready") return "stale record";
  if (hub === "pending spawn") return "stuck start";
  if (hub === "pending stop") return "stuck stop";
  if (hub === "absent" && pod !== "none") return "orphan pod";
  return route ? "stray route" : null;
}

/** The hub's condition in a sentence, and its severity. */
function verdict({ hub_ok, proxy_ok, rows }) {
  if (!hub_ok && !proxy_ok)
    return ["bad", "Neither the hub nor its proxy answers: nobody reaches anything."];
  if (!proxy_ok) return ["bad", "The proxy does not answer: nobody reaches this hub."];
  const all = rows.map(ailment);
  const having = (...names) => all.filter((each) => names.includes(each)).length;
  const ready = rows.filter((row) => row.hub === "ready");
  const routes = ready.filter((row) => row.route).length;
  const missing = ready.length - routes;
  const stuck = having("stuck start", "stuck stop");
  const odd = having("stale record", "orphan pod", "stray route");
  const numbers = `${count(ready.length, "ready server")}, ${count(routes, "route")}`;
  const who = routes ? count(missing, "user sees", "users see") : "users see";
  const parts = [
    !hub_ok && "The hub does not answer: logins and new servers fail",
    missing > 0 && `${numbers}: ${who} errors`,
    stuck && `${count(stuck, "server is", "servers are")} stuck`,
    odd && `${count(odd, "record does", "records do")} not match the cluster`,
  ].filter(Boolean);
  if (parts.length) return [missing > 0 || !hub_ok ? "bad" : "poor", `${parts.join("; ")}.`];
  const well = ready.length ? `${numbers}: everyone can work.` : "Nobody has a server running.";
  return ["good", well];
}

/** A panel that polls the server while in the document. */
export function hubPanel(app) {
  const hubs = h("div");
  const outages = h("div");
  const reports = h("div");
  const { node: said, say } = outcome("outage-said");
  const title = ["Practice hub", "A real JupyterHub with its proxy, on this computer"];
  const node = h(
    "div.panel",
    { testid: "hub-panel" },
    sideHead(app, ...title, "Close the hub panel"),
    h(
      "div.panel-scroll",
      { tabindex: "-1" },
      ...[hubs, h("h3", "Break something"), said, outages],
      ...[h("h3", "Published reports"), reports],
    ),
  );
  const look = async () => {
    const [state, published] = await Promise.all([api.fetchHubs(), api.fetchReports()]);
    drawHubs(hubs, state);
    drawReports(app, reports, published?.reports ?? []);
  };
  const row = (outage) =>
    outageRow(outage, { outage: outage.id }, async (values) => {
      say(undefined, `${outage.label}…`);
      say(await api.startOutage(outage.id, values).catch(() => null));
      await look();
    });
  const list = async () => {
    const known = (await api.fetchOutages()).outages;
    fill(outages, known.length ? known.map(row) : h("p.faint", "There is nothing here to break."));
  };
  api.repeat(node, EVERY_MS, async () => {
    try {
      await look();
      if (!outages.children.length) await list();
    } catch {
      fill(hubs, h("p.faint", "The sandbox does not answer."));
    }
  });
  return node;
}

function drawHubs(root, state) {
  const hubs = state?.hubs ?? [];
  const why = state?.error ?? "No hub is attached to this sandbox.";
  const section = () => h("section.hub");
  const known = hubs.map((hub) => item(hub.name, hub, section, (node) => patch(node, hubParts(hub))));
  patch(root, hubs.length ? known : [item("none", why, () => h("p.empty", why))]);
}

function hubParts(hub) {
  const { name, cluster, namespace, hub_ok, proxy_ok, note, rows } = hub;
  const [mood, sentence] = verdict(hub);
  const lamp = (ok, what) =>
    h("div.faint", h(`span.lamp.${ok ? "good" : "bad"}`), `${what} ${ok ? "answers" : "is down"}`);
  const head = () =>
    h(
      "div.hub-head",
      h("h3", name, h("small.faint", `${cluster} / ${namespace}`)),
      h("div", lamp(hub_ok, "hub"), lamp(proxy_ok, "proxy")),
    );
  const says = { role: "status", testid: "hub-verdict" };
  return [
    item("head", [cluster, namespace, hub_ok, proxy_ok], head),
    item("verdict", sentence, () => h(`p.verdict.${mood}`, says, sentence)),
    ...(note ? [item("note", note, () => h("p.faint", note))] : []),
    item("table", rows, () => table(hub), drawRows(rows)),
  ];
}

const drawRows = (rows) => (node) =>
  patch(
    node.querySelector("tbody"),
    rows.map((row) => item(`${row.user} ${row.server ?? ""}`, row, () => tableRow(row))),
  );

function table(hub) {
  const titles = ["User", "Hub says", "Pod", "Route", "So"];
  const head = titles.map((title) => h("th", { scope: "col" }, title));
  const caption = h("caption.unseen", `Servers of ${hub.name}`);
  return h("div.table-scroll", h("table", caption, h("thead", h("tr", head)), h("tbody")));
}

function tableRow(row) {
  const tone = (good, bad) => (good ? "good" : bad ? "bad" : "poor");
  const cell = (text, mood) => h("td", h(`span.state.${mood}`, text));
  return h(
    "tr",
    { data: { user: row.user } },
    h("th", { scope: "row" }, row.user, row.server && h("small", ` /${row.server}`)),
    cell(row.hub, tone(row.hub === "ready", row.hub === "absent")),
    cell(row.pod, tone(row.pod === "Running", row.pod === "none")),
    cell(row.route ? "yes" : "missing", row.route ? "good" : "bad"),
    h("td", ailment(row) ?? h("span.faint", "works")),
  );
}

function drawReports(app, root, reports) {
  const line = ({ title, url }) => {
    const address = new URL(url, location.href).href;
    return item(url, title, () => h("p.report", icon("file"), link(address, title, app.ws)));
  };
  const none = () => h("p.faint", "None yet. Close an incident and its report appears here.");
  patch(root, reports.length ? reports.map(line) : [item("none", 0, none)]);
}
