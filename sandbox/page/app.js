/** The page: the acting person, what is open, and a redraw after each change. */
import * as api from "./api.js";
import { drawChannel } from "./channel.js";
import { fixed, h, patch } from "./dom.js";
import { faultsPanel } from "./faults.js";
import { hubPanel } from "./hub.js";
import { Modals } from "./modal.js";
import { notice } from "./popups.js";
import { drawSidebar } from "./sidebar.js";
import { drawThread } from "./thread.js";
import { trafficPanel } from "./traffic.js";
import { hashOf, parseHash, Workspace } from "./workspace.js";

const PANELS = { hub: hubPanel, traffic: trafficPanel, faults: faultsPanel };
const PERSON = "mayday-sandbox-person";
const LOOK_MS = 30_000;
const NARROW = matchMedia("(max-width: 940px)");

class App {
  ws = null;
  place = { channel: null, ts: null, tab: null };
  side = null;
  editing = null;
  online = true;
  drafts = new Map();
  #running = null;
  #again = false;
  #stop = null;

  constructor() {
    // The address names the acting person, so two tabs can be two people.
    this.as = new URL(location.href).searchParams.get("as") ?? sessionStorage.getItem(PERSON);
    permalinkToHash();
    this.rail = document.getElementById("rail");
    this.pane = document.getElementById("channel");
    this.sidePane = document.getElementById("side");
    this.modals = new Modals(this);
    addEventListener("hashchange", () => this.#arrive());
    document.addEventListener("click", (event) => this.#sameHash(event));
    document.addEventListener("keydown", (event) => this.#escape(event));
  }

  async start() {
    await this.refresh();
    this.#follow();
    // Redraw regularly so that relative times advance.
    setInterval(() => document.hidden || this.refresh(), LOOK_MS);
  }

  /** Fetch the state and draw it; calls made meanwhile share one more fetch. */
  refresh() {
    this.#again = true;
    this.#running ??= this.#rounds().finally(() => (this.#running = null));
    return this.#running;
  }

  async #rounds() {
    while (this.#again) {
      this.#again = false;
      const as = this.as;
      let state;
      try {
        state = await api.fetchState(as);
      } catch {
        this.#line(false);
        return;
      }
      if (as !== this.as) continue;
      if (!state?.users) {
        // The person is from an earlier sandbox: use the first person of this one.
        if (!as) return;
        this.as = null;
        this.#again = true;
        continue;
      }
      const first = this.ws === null;
      this.ws = new Workspace(state);
      if (first || !as) this.#settle();
      this.render();
    }
  }

  /** Use the person the server chose, and a channel they can see. */
  #settle() {
    this.as = this.ws.state.me;
    sessionStorage.setItem(PERSON, this.as);
    const url = new URL(location.href);
    url.searchParams.set("as", this.as);
    history.replaceState(null, "", url);
    if (!this.place.channel) this.#arrive();
  }

  #follow() {
    this.#stop?.();
    const refresh = () => this.refresh();
    this.#stop = api.follow(this.as, refresh, (up) => this.#line(up));
  }

  #line(up) {
    if (this.online === up) return;
    this.online = up;
    document.body.classList.toggle("offline", !up);
    if (up) this.refresh();
    else if (this.ws) this.render();
  }

  /** Act as someone else. */
  async become(id) {
    if (id === this.as) return;
    this.as = id;
    this.editing = null;
    await this.refresh();
    this.#settle();
    this.#follow();
    if (parseHash(location.hash)?.app) this.#arrive();
    else this.render();
  }

  /** Do something as the acting person, draw the result, show any error (unless `quiet`). */
  async act(verb, details, { quiet = false } = {}) {
    const answer = await api.act(this.as, verb, details);
    if (!answer.ok && answer.error && !quiet) notice(answer.error);
    await this.refresh();
    return answer;
  }

  /** Ask the app for options: {groups} that match the typed text. */
  suggest(details) {
    return api.act(this.as, "suggest", details);
  }

  /** Show or hide the rail in narrow windows. */
  toggleRail(open) {
    document.body.classList.toggle("rail-open", open);
    if (open) (this.rail.querySelector("a[aria-current]") ?? this.rail.querySelector("a"))?.focus();
    else this.pane.querySelector("[data-testid=show-rail]")?.focus();
  }

  /** Open the place in the address's hash. */
  #arrive() {
    document.body.classList.remove("rail-open");
    const place = parseHash(location.hash);
    if (!place || !this.ws) {
      this.place = { channel: this.place.channel, ts: null, tab: null };
      if (this.ws) this.render();
      return;
    }
    if (place.app) {
      this.#openApp(place.app);
      return;
    }
    // In a narrow window, close the side pane so that the channel is visible.
    if (place.channel !== this.place.channel && NARROW.matches) this.side = null;
    this.place = place;
    const { ts, thread_ts: root } = this.ws.message(place.channel, place.ts) ?? {};
    if (root && root !== ts) {
      this.side = { kind: "thread", channel: place.channel, ts: root, reply: ts };
      // The channel shows the thread's parent.
      this.place.ts = root;
    }
    this.render();
    document.querySelector(".channel-pane [data-testid=composer]")?.focus({ preventScroll: true });
  }

  /** Open the app at a tab: the app gets an event and may publish a view. */
  async #openApp(wished) {
    const tab = this.ws.state.app.home ? wished : "messages";
    const { hash } = location;
    const answer = await this.act("open_home", { tab });
    if (!answer.ok || location.hash !== hash) return;
    this.place = { channel: answer.channel, ts: null, tab };
    if (NARROW.matches) this.side = null;
    this.render();
  }

  /** A link to the current hash shows its message again. */
  #sameHash(event) {
    const anchor = event.target.closest?.("a[href^='#']");
    if (anchor && anchor.getAttribute("href") === location.hash) this.#arrive();
  }

  #escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]"))
      return;
    if (document.body.classList.contains("rail-open")) {
      this.toggleRail(false);
      return;
    }
    if (this.side && this.sidePane.contains(document.activeElement)) this.closeSide();
  }

  openThread(channel, ts) {
    this.side = { kind: "thread", channel, ts };
    this.render();
    document.querySelector("[data-testid=thread-composer]")?.focus();
  }

  /** Open or close one of the practice panels. */
  togglePanel(kind, open = this.side?.kind !== kind) {
    this.side = open ? { kind } : null;
    this.render();
  }

  closeSide() {
    this.side = null;
    this.render();
    document.querySelector("[data-testid=composer]")?.focus();
  }

  edit(target) {
    this.editing = target;
    this.render();
    if (!target) document.querySelector("[data-testid=composer]")?.focus();
  }

  /** Draw everything from the state and what is open; keep unchanged parts. */
  render() {
    const { ws } = this;
    if (!ws.channels.has(this.place.channel)) {
      this.place = { channel: ws.firstChannel?.id ?? null, ts: null, tab: null };
    }
    if (this.side?.kind === "thread" && !ws.channels.has(this.side.channel)) this.side = null;
    const name = ws.channelName(this.place.channel) ?? "sandbox";
    document.title = `${name} · ${ws.state.team.name}`;
    drawSidebar(this, this.rail);
    drawChannel(this, this.pane);
    this.#drawSide();
    this.modals.sync();
    document.body.classList.add("ready");
  }

  #drawSide() {
    const { side } = this;
    document.body.dataset.side = side?.kind ?? "";
    this.sidePane.hidden = !side;
    if (!side) this.sidePane.replaceChildren();
    else if (!PANELS[side.kind]) drawThread(this, this.sidePane);
    else patch(this.sidePane, [fixed(side.kind, () => PANELS[side.kind](this))]);
  }
}

/** A message's permalink opened in the browser: the same page, with the place in its hash. */
function permalinkToHash() {
  const found = /^\/archives\/([CGD][A-Z0-9]+)(\/p\d+)?\/?$/.exec(location.pathname);
  if (found) history.replaceState(null, "", `/${location.search}#${found[1]}${found[2] ?? ""}`);
}

const app = new App();
app.start().then(() => {
  const silent = "The sandbox does not answer. Start it with `make run` and load this page again.";
  if (!app.ws) document.body.append(h("p.empty", { role: "alert" }, silent));
  else if (!location.hash && app.place.channel)
    history.replaceState(null, "", `${location.search}${hashOf(app.place.channel)}`);
});
