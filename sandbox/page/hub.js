/** The practice hub: who has a server, a pod and a route; what to break; which reports came of it. */
import * as api from "./api.js";
import { fill, h, patch } from "./dom.js";
import { icon } from "./icons.js";
import { link } from "./mrkdwn.js";

const EVERY_MS = 2000;

const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** What ails one server by the three-way table of hub, pod and route; null when it works. */
export function ailment({ hub, pod, route }) {
  if (hub === "ready" && pod === "Running") return route ? null : "sees errors";
  if (hub === "ready") return "stale record";
  if (hub === "pending spawn") return "stuck start";
  if (hub === "pending stop") return "stuck stop";
  if (hub === "absent" && pod !== "none") return "orphan pod";
  return route ? "stray route" : null;
}

const ODD = new Set(["stale record", "orphan pod", "stray route"]);

/** The hub's condition in a sentence, and how bad it is. */
export function verdict({ hub_ok, proxy_ok, rows }) {
  if (!hub_ok && !proxy_ok)
    return ["bad", "Neither the hub nor its proxy answers: nobody reaches anything."];
  if (!proxy_ok) return ["bad", "The proxy does not answer: nobody reaches this hub."];
  const ready = rows.filter((row) => row.hub === "ready").length;
  const routes = rows.filter((row) => row.hub === "ready" && row.route).length;
  const stuck = rows.filter((row) => row.hub.startsWith("pending")).length;
  const deficit = ready - routes;
  const numbers = `${count(ready, "ready server")}, ${count(routes, "route")}`;
  const parts = [];
  if (deficit > 0)
    parts.push(
      routes
        ? `${numbers}: ${count(deficit, "user sees", "users see")} errors`
        : `${numbers}: users see errors`,
    );
  if (stuck) parts.push(`${count(stuck, "server is", "servers are")} stuck`);
  const odd = rows.filter((row) => ODD.has(ailment(row))).length;
  if (odd) parts.push(`${count(odd, "record does", "records do")} not fit what is there`);
  if (!hub_ok) parts.unshift("The hub does not answer: logins and new servers fail");
  if (parts.length) return [deficit > 0 || !hub_ok ? "bad" : "poor", `${parts.join("; ")}.`];
  return ["good", ready ? `${numbers}: everyone can work.` : "Nobody has a server running."];
}

/** A panel that asks the server while it is in the document, and stops by itself when taken out. */
export function hubPanel(app) {
  const hubs = h("div", { class: "hubs" });
  const outages = h("div", { class: "outages" });
  const said = h("p", { class: "outage-said", role: "status", data: { testid: "outage-said" } });
  const reports = h("div", { class: "reports" });
  const node = h(
    "div",
    { class: "hub-panel", data: { testid: "hub-panel" } },
    h(
      "header",
      { class: "pane-head" },
      h(
        "div",
        { class: "pane-title" },
        h("h2", {}, "Practice hub"),
        h("div", { class: "topic" }, "A real JupyterHub with its proxy, on this computer"),
      ),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Close the hub panel",
          onclick: () => app.closeSide(),
        },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "hub-scroll", tabindex: "-1" },
      hubs,
      h("h3", {}, "Break something"),
      said,
      outages,
      h("h3", {}, "Published reports"),
      reports,
    ),
  );

  const look = async () => {
    const [state, published] = await Promise.all([api.fetchHubs(), api.fetchReports()]);
    drawHubs(hubs, state);
    drawReports(app, reports, published?.reports ?? []);
  };
  const list = async () => {
    const answer = await api.fetchOutages();
    drawOutages(outages, answer?.outages ?? [], async (outage, values) => {
      fill(said, `${outage.label}…`);
      const result = await api.startOutage(outage.id, values);
      fill(said, result?.said ?? result?.error ?? "The sandbox did not answer.");
      said.classList.toggle("failed", !result?.ok);
      await look();
    });
  };
  let known = false;
  const tick = async () => {
    if (known && !node.isConnected) return;
    known = true;
    try {
      await look();
      if (!outages.children.length) await list();
    } catch {
      fill(hubs, h("p", { class: "faint" }, "The sandbox does not answer."));
    }
    setTimeout(tick, EVERY_MS);
  };
  tick();
  return node;
}

function drawHubs(root, state) {
  const hubs = state?.hubs ?? [];
  if (!hubs.length) {
    const why = state?.error ?? "No hub is attached to this sandbox.";
    patch(root, [{ key: "none", sig: why, make: () => h("p", { class: "empty" }, why) }]);
    return;
  }
  patch(
    root,
    hubs.map((hub) => ({
      key: hub.name,
      sig: JSON.stringify(hub),
      make: () => h("section", { class: "hub", data: { hub: hub.name } }),
      update: (node) => patch(node, hubParts(hub)),
    })),
  );
}

function hubParts(hub) {
  const [mood, sentence] = verdict(hub);
  const lamp = (ok, name) =>
    h(
      "span",
      { class: `lamp-word ${ok ? "good" : "bad"}` },
      h("span", { class: "lamp" }),
      `${name} ${ok ? "answers" : "is down"}`,
    );
  return [
    {
      key: "head",
      sig: JSON.stringify([
        hub.name,
        hub.cluster,
        hub.namespace,
        hub.hub_ok,
        hub.proxy_ok,
        hub.url,
      ]),
      make: () =>
        h(
          "div",
          { class: "hub-head" },
          h("h3", {}, hub.name, h("small", {}, `${hub.cluster} / ${hub.namespace}`)),
          h("div", {}, lamp(hub.hub_ok, "hub"), lamp(hub.proxy_ok, "proxy")),
        ),
    },
    {
      key: "verdict",
      sig: mood + sentence,
      make: () =>
        h(
          "p",
          { class: `verdict ${mood}`, role: "status", data: { testid: "hub-verdict" } },
          sentence,
        ),
    },
    ...(hub.note
      ? [{ key: "note", sig: hub.note, make: () => h("p", { class: "faint" }, hub.note) }]
      : []),
    {
      key: "table",
      sig: JSON.stringify(hub.rows),
      make: () => table(hub),
      update: (node) =>
        patch(
          node.querySelector("tbody"),
          hub.rows.map((row) => ({
            key: `${row.user} ${row.server ?? ""}`,
            sig: JSON.stringify(row),
            make: () => tableRow(row),
          })),
        ),
    },
  ];
}

const table = (hub) =>
  h(
    "div",
    { class: "table-scroll" },
    h(
      "table",
      { class: "hub-table" },
      h("caption", { class: "unseen" }, `Servers of ${hub.name}`),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["User", "Hub says", "Pod", "Route", "So"].map((title) =>
            h("th", { scope: "col" }, title),
          ),
        ),
      ),
      h("tbody", {}),
    ),
  );

function tableRow(row) {
  const ill = ailment(row);
  const tone = (good, bad) => (good ? "good" : bad ? "bad" : "poor");
  const cell = (text, kind) => h("td", {}, h("span", { class: `state ${kind}` }, text));
  return h(
    "tr",
    { class: ill ? "ill" : "", data: { user: row.user } },
    h("th", { scope: "row" }, row.user, row.server ? h("small", {}, ` /${row.server}`) : null),
    cell(row.hub, tone(row.hub === "ready", row.hub === "absent")),
    cell(row.pod, tone(row.pod === "Running", row.pod === "none")),
    cell(row.route ? "yes" : "missing", row.route ? "good" : "bad"),
    h("td", { class: "ailment" }, ill ?? h("span", { class: "faint" }, "works")),
  );
}

function drawOutages(root, outages, start) {
  fill(
    root,
    outages.map((outage) => {
      const inputs = (outage.params ?? []).map(({ name, label, choices }) => ({
        name,
        label,
        input: choices?.length
          ? h(
              "select",
              { class: "input select", "aria-label": label },
              choices.map((choice) => h("option", { value: choice }, choice)),
            )
          : h("input", { class: "input", "aria-label": label, placeholder: label }),
      }));
      const button = h(
        "button",
        {
          type: "button",
          class: `button ${outage.mends ? "" : "danger-quiet"}`,
          data: { outage: outage.id },
          title: outage.help,
          onclick: async () => {
            button.disabled = true;
            await start(
              outage,
              Object.fromEntries(inputs.map(({ name, input }) => [name, input.value])),
            );
            button.disabled = false;
          },
        },
        outage.label,
      );
      return h(
        "div",
        { class: "outage" },
        h(
          "div",
          { class: "outage-go" },
          inputs.map(({ input }) => input),
          button,
        ),
        h("div", { class: "outage-words" }, h("p", {}, outage.help)),
      );
    }),
    outages.length ? null : h("p", { class: "faint" }, "There is nothing here to break."),
  );
}

function drawReports(app, root, reports) {
  const none = {
    key: "none",
    sig: "",
    make: () =>
      h("p", { class: "faint" }, "None yet. Close an incident and its report appears here."),
  };
  patch(
    root,
    reports.length
      ? reports.map(({ title, url }) => ({
          key: url,
          sig: title,
          make: () =>
            h(
              "div",
              { class: "report" },
              icon("report"),
              link(new URL(url, location.href).href, title, app.ws),
            ),
        }))
      : [none],
  );
}
