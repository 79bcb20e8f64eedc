/** The traffic: every call that the app makes and every delivery to it, as they happen. */
import * as api from "./api.js";
import { fill, h, patch } from "./dom.js";
import { icon } from "./icons.js";
import { clock } from "./time.js";

const EVERY_MS = 700;
const SYSTEMS = [
  ["", "All systems"],
  ["slack", "Slack"],
  ["github", "GitHub"],
  ["hub", "The hub's API"],
  ["proxy", "The users' way"],
  ["cluster", "The cluster"],
];
const TITLES = new Map(SYSTEMS);

/** Where an entry goes, in words. */
export function course({ system, way }) {
  const title = TITLES.get(system) ?? system;
  if (way === "call") return `→ ${title}`;
  return way === "delivery" ? `← ${title}` : `${title}, socket`;
}

/** A duration for people: nothing for what is still open. */
export function lasted(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}

/** Whether an entry is one of those that are looked for. */
export function wanted(entry, { system, text, bad }) {
  if (system && entry.system !== system) return false;
  if (bad && entry.mood !== "bad") return false;
  const words = `${entry.name} ${entry.about} ${entry.outcome}`.toLowerCase();
  return words.includes(text.trim().toLowerCase());
}

/** A panel that asks the server while it is in the document, and stops by itself when taken out. */
export function inspectorPanel(app) {
  return new Inspector(app).node;
}

class Inspector {
  entries = new Map();
  open = new Map();
  version = 0;
  question = 0;
  paused = false;
  sought = { system: "", text: "", bad: false };

  constructor(app) {
    this.app = app;
    this.list = h("ol", {
      class: "traffic",
      "aria-label": "Calls and deliveries, newest first",
      data: { testid: "traffic" },
    });
    this.count = h("p", { class: "traffic-count faint", role: "status", data: { testid: "traffic-count" } });
    this.pause = h(
      "button",
      {
        type: "button",
        class: "button",
        "aria-pressed": "false",
        data: { testid: "traffic-pause" },
        onclick: () => this.#pause(),
      },
      "Pause",
    );
    this.node = h(
      "div",
      { class: "lab-panel", data: { testid: "traffic-panel" } },
      h(
        "header",
        { class: "pane-head" },
        h(
          "div",
          { class: "pane-title" },
          h("h2", {}, "Traffic"),
          h("div", { class: "topic" }, "What mayday asks and what it is told"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close the traffic panel",
            onclick: () => app.closeSide(),
          },
          icon("close"),
        ),
      ),
      this.#tools(),
      h("div", { class: "lab-scroll", tabindex: "-1" }, this.list),
    );
    this.#tick(true);
  }

  #tools() {
    const seek = (change) => {
      Object.assign(this.sought, change);
      this.#draw();
    };
    return h(
      "div",
      { class: "traffic-tools" },
      h(
        "select",
        {
          class: "input select",
          "aria-label": "System",
          onchange: (event) => seek({ system: event.target.value }),
        },
        SYSTEMS.map(([value, title]) => h("option", { value }, title)),
      ),
      h("input", {
        class: "input",
        type: "search",
        placeholder: "Filter",
        "aria-label": "Filter by text",
        oninput: (event) => seek({ text: event.target.value }),
      }),
      this.count,
      h(
        "label",
        { class: "traffic-bad" },
        h("input", { type: "checkbox", onchange: (event) => seek({ bad: event.target.checked }) }),
        "Errors only",
      ),
      this.pause,
      h(
        "button",
        {
          type: "button",
          class: "button",
          data: { testid: "traffic-clear" },
          onclick: async () => {
            await api.clearTraffic();
            // Not simply everything: something may have come since.
            await this.#look();
          },
        },
        "Clear",
      ),
    );
  }

  #pause() {
    this.paused = !this.paused;
    this.pause.textContent = this.paused ? "Go on" : "Pause";
    this.pause.setAttribute("aria-pressed", String(this.paused));
    this.#draw();
  }

  async #tick(first = false) {
    if (!first && !this.node.isConnected) return;
    try {
      if (!this.paused) await this.#look();
    } catch {
      fill(this.count, "The sandbox does not answer.");
    }
    setTimeout(() => this.#tick(), EVERY_MS);
  }

  async #look() {
    const question = (this.question += 1);
    const news = await api.fetchTraffic(this.version);
    // The answer to an older question never undoes that to a newer one.
    if (!news || question !== this.question) return;
    if (!this.paused) await this.#take(news);
    for (const id of this.entries.keys()) {
      if (id >= news.first) break;
      this.entries.delete(id);
      this.open.delete(id);
    }
    this.#draw();
  }

  async #take(news) {
    if (news.version < this.version) this.entries.clear();
    this.version = news.version;
    for (const entry of news.entries) this.entries.set(entry.id, entry);
    const changed = news.entries.filter(({ id }) => this.open.has(id));
    await Promise.all(
      changed.map(async ({ id }) => {
        const details = await this.#details(id);
        // Who has closed it meanwhile wants it closed.
        if (this.open.has(id)) this.open.set(id, details);
      }),
    );
  }

  #details = async (id) => (await api.fetchTraffic(null, id)) ?? {};

  async #toggle(id) {
    if (this.open.has(id)) this.open.delete(id);
    else this.open.set(id, await this.#details(id));
    this.#draw();
  }

  #draw() {
    // As the messages beside it: in the person's zone, by the clock that dates them.
    const { tz } = this.app.ws;
    const shown = [...this.entries.values()].filter((entry) => wanted(entry, this.sought));
    const all = this.entries.size;
    const number = shown.length === all ? `${all}` : `${shown.length} of ${all}`;
    fill(
      this.count,
      all ? `${number}, newest first` : "Nothing yet: say something in a channel.",
      this.paused ? "; paused, nothing new is shown" : null,
      all && !shown.length ? ": nothing fits the filter." : null,
    );
    patch(
      this.list,
      shown.reverse().map((entry) => {
        const details = this.open.get(entry.id);
        return {
          key: String(entry.id),
          sig: JSON.stringify([entry, details ?? null, tz]),
          make: () => row(entry, details, tz, () => this.#toggle(entry.id)),
        };
      }),
    );
  }
}

function row(entry, details, tz, toggle) {
  return h(
    "li",
    { class: `traffic-entry ${entry.mood}`, data: { system: entry.system, way: entry.way } },
    h(
      "button",
      {
        type: "button",
        class: "traffic-row",
        "aria-expanded": String(Boolean(details)),
        "aria-label": [
          `${entry.name} ${course(entry)} ${entry.id}: ${entry.outcome}`,
          entry.about,
          entry.struck && "by a fault",
        ]
          .filter(Boolean)
          .join(", "),
        onclick: toggle,
      },
      h("span", { class: "traffic-name", title: entry.name }, entry.name),
      h(
        "span",
        { class: `state ${{ good: "good", bad: "bad", open: "poor" }[entry.mood]}` },
        entry.outcome,
      ),
      h(
        "span",
        { class: "traffic-facts" },
        h("span", { class: `course ${entry.way}` }, course(entry)),
        entry.about ? h("span", {}, entry.about) : null,
        entry.struck ? h("span", { class: "tag" }, "BY A FAULT") : null,
      ),
      h("span", { class: "traffic-when" }, `${clock(Date.parse(entry.at), tz, true)}  ${lasted(entry.seconds)}`),
    ),
    details
      ? h(
          "div",
          { class: "traffic-details" },
          details.error ? h("p", { class: "faint" }, details.error) : null,
          body("Asked", details.asked),
          body("Answered", details.answered),
        )
      : null,
  );
}

const body = (title, text) =>
  text
    ? h("section", {}, h("h4", {}, title), h("pre", { tabindex: "0" }, text))
    : h("section", {}, h("h4", {}, title), h("p", { class: "faint" }, "Nothing."));
