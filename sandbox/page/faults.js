/** The faults: ready-made ones, one of one's own, and what stands of them at the moment. */
import * as api from "./api.js";
import { fill, h, patch } from "./dom.js";
import { icon } from "./icons.js";

const EVERY_MS = 1000;

/**
 * What a rule of one's own may do: a label, the fault from the value (if `value` asks for one), and
 * whether `effect` may be chosen. `on` is "answer" for calls and requests, "event", or both.
 */
export const KINDS = {
  slow: {
    label: "is slow",
    value: ["Seconds", "2"],
    fault: (value) => ({ delay: Number(value) }),
  },
  status: {
    label: "answers with a status",
    on: "answer",
    value: ["HTTP status", "502"],
    effect: true,
    fault: (value) => ({ status: Number(value) }),
  },
  error: {
    label: "answers Slack's error",
    on: "answer",
    only: "slack",
    value: ["Error", "internal_error"],
    effect: true,
    fault: (value) => ({ status: 200, answer: { ok: false, error: value } }),
  },
  drop: { label: "loses the connection", on: "answer", effect: true, fault: () => ({ drop: true }) },
  hang: { label: "hangs", on: "answer", effect: true, fault: () => ({ hang: true }) },
  html: { label: "answers HTML", on: "answer", fault: () => ({ garbled: "html" }) },
  truncated: { label: "breaks off the JSON", on: "answer", fault: () => ({ garbled: "truncated" }) },
  empty: { label: "answers nothing", on: "answer", fault: () => ({ garbled: "empty" }) },
  shape: {
    label: "answers another shape",
    on: "answer",
    fault: () => ({ garbled: "another shape" }),
  },
  twice: { label: "comes twice", on: "event", fault: () => ({ times: 2 }) },
  missing: { label: "never comes", on: "event", fault: () => ({ times: 0, effect: false }) },
  late: {
    label: "comes late",
    on: "event",
    value: ["Seconds", "60"],
    fault: (value) => ({ late: Number(value) }),
  },
  overtaken: { label: "is overtaken", on: "event", fault: () => ({ overtaken: 1 }) },
  ack: { label: "loses its acknowledgement", on: "event", fault: () => ({ drop: true }) },
};

const WHICH = {
  every: { label: "every one", which: () => ({}) },
  next: { label: "the next ones, so many", value: "1", which: (n) => ({ times: n }) },
  nth: { label: "only the one with the number", value: "2", which: (n) => ({ numbers: [n] }) },
  from: { label: "from the one with the number on", value: "2", which: (n) => ({ first: n }) },
  lasts: { label: "for so many seconds", value: "60", which: (n) => ({ lasts: n }) },
};

/** The rule as the server takes it, from what was chosen. */
export function ruleOf({ target, name, path, kind, value, effect, which, number }) {
  const fault = KINDS[kind].fault(value);
  if (KINDS[kind].effect && !effect) fault.effect = false;
  const what =
    target === "event"
      ? { direction: "delivery", name }
      : target === "call"
        ? { direction: "call", name }
        : { direction: "request", name, ...(path ? { path } : {}) };
  return { ...what, fault, ...WHICH[which].which(Number(number)) };
}

/** A panel that asks the server while it is in the document, and stops by itself when taken out. */
export function faultsPanel(app) {
  const said = h("p", { class: "outage-said", role: "status", data: { testid: "fault-said" } });
  const active = h("ul", { class: "fault-active", data: { testid: "fault-active" } });
  const buttons = h("div", { class: "faults" });
  const own = h("div", {});
  let drawn = false;

  const look = async () => {
    const board = await api.fetchFaults();
    if (!board) return;
    drawActive(active, board.active, (id) => act("take_away", { id }));
    if (!drawn) {
      drawn = true;
      drawButtons(buttons, board, (id, params) => act("press", { id, params }));
      fill(own, ownRule(board.systems, (system, rule) => act("add", { system, rule })));
    }
  };
  const act = async (verb, body) => {
    let answer;
    try {
      answer = await api.doFault(verb, body);
    } catch {
      answer = null;
    }
    fill(said, answer?.said ?? answer?.error ?? "The sandbox does not answer.");
    said.classList.toggle("failed", !answer?.ok);
    await look().catch(() => {});
  };
  const node = h(
    "div",
    { class: "lab-panel", data: { testid: "faults-panel" } },
    h(
      "header",
      { class: "pane-head" },
      h(
        "div",
        { class: "pane-title" },
        h("h2", {}, "Faults"),
        h("div", { class: "topic" }, "Slack, GitHub, the hub and the cluster at their worst"),
      ),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Close the faults panel",
          onclick: () => app.closeSide(),
        },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "fault-board", tabindex: "-1" },
      h(
        "div",
        { class: "fault-now" },
        h("h3", {}, "At the moment"),
        h(
          "button",
          {
            type: "button",
            class: "button primary",
            data: { testid: "fault-heal" },
            onclick: () => act("heal", {}),
          },
          "Heal everything",
        ),
      ),
      said,
      active,
    ),
    h(
      "div",
      { class: "lab-scroll", tabindex: "-1" },
      buttons,
      h("h3", {}, "A rule of your own"),
      own,
    ),
  );
  const tick = async (first = false) => {
    if (!first && !node.isConnected) return;
    await look().catch(() => fill(said, "The sandbox does not answer."));
    setTimeout(tick, EVERY_MS);
  };
  tick(true);
  return node;
}

function drawActive(root, active, takeAway) {
  const none = {
    key: "none",
    sig: "",
    make: () => h("li", { class: "faint" }, "Everything works as it should."),
  };
  patch(
    root,
    active.length
      ? active.map((fault) => ({
          key: fault.id,
          sig: JSON.stringify(fault),
          make: () =>
            h(
              "li",
              { class: "fault-standing", data: { fault: fault.id } },
              h(
                "div",
                {},
                h("span", { class: "badge" }, fault.system),
                h("span", {}, ` ${fault.sentence}`),
                fault.struck === undefined
                  ? null
                  : h(
                      "small",
                      { class: "faint" },
                      fault.seen
                        ? `Struck ${fault.struck} of ${fault.seen} that came.`
                        : "Nothing of the kind has come yet.",
                    ),
              ),
              h(
                "button",
                {
                  type: "button",
                  class: "button",
                  "aria-label": `Take away: ${fault.sentence}`,
                  onclick: () => takeAway(fault.id),
                },
                "Take away",
              ),
            ),
        }))
      : [none],
  );
}

function drawButtons(root, { systems, troubles }, press) {
  fill(
    root,
    systems.map(({ id, title }) => [
      h("h3", {}, title),
      troubles.filter((trouble) => trouble.system === id).map((each) => troubleRow(each, press)),
    ]),
  );
}

function troubleRow(trouble, press) {
  const inputs = trouble.params.map(({ name, label, choices }) => ({
    name,
    input: h(
      "select",
      { class: "input select", "aria-label": `${trouble.label}: ${label}` },
      choices.map((choice) => h("option", { value: choice }, choice)),
    ),
  }));
  const button = h(
    "button",
    {
      type: "button",
      class: "button danger-quiet",
      data: { trouble: trouble.id },
      onclick: async () => {
        button.disabled = true;
        await press(
          trouble.id,
          Object.fromEntries(inputs.map(({ name, input }) => [name, input.value])),
        );
        button.disabled = false;
      },
    },
    trouble.label,
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
    h("div", { class: "outage-words" }, h("p", {}, trouble.help)),
  );
}

function ownRule(systems, add) {
  const form = h("form", { class: "own-rule", data: { testid: "own-rule" } });
  let fields = 0;
  const field = (label, input) => {
    // A label around a menu would be read with all its choices.
    const id = `own-rule-${fields++}`;
    input.setAttribute("aria-labelledby", id);
    return h("label", { class: "own-field" }, h("span", { id }, label), input);
  };
  const select = (choices, onchange) =>
    h(
      "select",
      { class: "input select", onchange },
      choices.map(([value, title]) => h("option", { value }, title)),
    );
  const targets = systems.flatMap(({ id, title }) =>
    id === "slack"
      ? [
          ["slack/call", "Slack: a call"],
          ["slack/event", "Slack: a delivery"],
        ]
      : [[`${id}/request`, `${title}: a request`]],
  );
  const target = select(targets, () => fit());
  const name = h("input", { class: "input", value: "*", required: true });
  const path = h("input", { class: "input", placeholder: "any path" });
  const kind = select([], () => fitValue());
  const value = h("input", { class: "input", required: true });
  const effect = h("input", { type: "checkbox" });
  const which = select(
    Object.entries(WHICH).map(([key, { label }]) => [key, label]),
    () => fitWhich(),
  );
  const number = h("input", { class: "input", type: "number", min: "1", required: true });
  const nameField = field("", name);
  const pathField = field("Path begins (regular expression)", path);
  const valueField = field("", value);
  const effectField = h("label", { class: "own-check" }, effect, "after it took effect");
  const numberField = field("Number", number);
  const show = (node, visible, ...inputs) => {
    node.hidden = !visible;
    for (const input of inputs) input.disabled = !visible;
  };

  function fit() {
    const [system, what] = target.value.split("/");
    nameField.firstChild.textContent = {
      call: "Call, as chat.* or pins.add|pins.remove",
      event: "Event, command or action, as message",
      request: "HTTP method, as POST|PATCH",
    }[what];
    name.value = "*";
    show(pathField, what === "request", path);
    const fits = Object.entries(KINDS).filter(
      ([, { on, only }]) =>
        (!on || on === (what === "event" ? "event" : "answer")) && (!only || only === system),
    );
    fill(
      kind,
      fits.map(([key, { label }]) => h("option", { value: key }, label)),
    );
    fitValue();
  }
  function fitValue() {
    const { value: asked, effect: may } = KINDS[kind.value];
    show(valueField, Boolean(asked), value);
    show(effectField, Boolean(may), effect);
    effect.checked = false;
    if (!asked) return;
    const text = asked[0] === "Error";
    valueField.firstChild.textContent = asked[0];
    value.type = text ? "text" : "number";
    value.step = "any";
    value.value = asked[1];
  }
  function fitWhich() {
    const { value: asked } = WHICH[which.value];
    show(numberField, Boolean(asked), number);
    number.value = asked ?? "";
    numberField.firstChild.textContent = which.value === "lasts" ? "Seconds" : "Number";
  }

  form.append(
    field("What", target),
    nameField,
    pathField,
    field("What it does", kind),
    valueField,
    effectField,
    field("Which", which),
    numberField,
    h("button", { type: "submit", class: "button danger-quiet" }, "Let it happen"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [system, what] = target.value.split("/");
    add(
      system,
      ruleOf({
        target: what,
        name: name.value.trim(),
        path: path.value.trim(),
        kind: kind.value,
        value: value.value.trim(),
        effect: effect.checked,
        which: which.value,
        number: number.value,
      }),
    );
  });
  fit();
  fitWhich();
  return form;
}
