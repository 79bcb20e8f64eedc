/** The faults: buttons that break a system, and the active faults. */
import * as api from "./api.js";
import { fill, h, item, patch } from "./dom.js";
import { outageRow, outcome } from "./outages.js";
import { sideHead } from "./parts.js";

const EVERY_MS = 1000;

/** A panel that polls the server while in the document. */
export function faultsPanel(app) {
  const { node: said, say } = outcome("fault-said");
  const active = h("ul.active", { testid: "fault-active" });
  const buttons = h("div.panel-scroll", { tabindex: "-1" });
  const look = async () => {
    const board = await api.fetchFaults();
    drawActive(active, board.active, (id) => act("take_away", { id }));
    if (!buttons.children.length)
      drawButtons(buttons, board, (id, params) => act("press", { id, params }));
  };
  const act = async (verb, body) => {
    say(await api.doFault(verb, body).catch(() => null));
    await look().catch(() => {});
  };
  const heal = { testid: "fault-heal", onclick: () => act("heal", {}) };
  const topic = "Slack, GitHub, the hub and the cluster at their worst";
  const node = h(
    "div.panel",
    { testid: "faults-panel" },
    sideHead(app, "Faults", topic, "Close the faults panel"),
    h(
      "div.panel-now",
      h("h3", "At the moment"),
      h("button.button.primary", heal, "Heal everything"),
      said,
      active,
    ),
    buttons,
  );
  api.repeat(node, EVERY_MS, () => look().catch(() => say(null)));
  return node;
}

function drawActive(root, active, takeAway) {
  const struck = ({ struck: times, seen }) =>
    seen ? `Struck ${times} of ${seen} that came.` : "Nothing of the kind has come yet.";
  const row = (fault) => {
    const { id, sentence, system } = fault;
    const props = { "aria-label": `Take away: ${sentence}`, onclick: () => takeAway(id) };
    const about = fault.struck !== undefined && h("small.faint", struck(fault));
    const words = h("div", h("span.badge", system), ` ${sentence}`, about);
    return h("li.fault", words, h("button.button", props, "Take away"));
  };
  const none = () => h("li.faint", "Everything works as it should.");
  const rows = active.map((fault) => item(fault.id, fault, () => row(fault)));
  patch(root, rows.length ? rows : [item("none", 0, none)]);
}

const drawButtons = (root, { systems, troubles }, press) =>
  fill(
    root,
    systems.map(({ id: system, title }) => [
      h("h3", title),
      troubles
        .filter((trouble) => trouble.system === system)
        .map((each) => outageRow(each, { trouble: each.id }, (values) => press(each.id, values))),
    ]),
  );
