/** Client of the sandbox's server: state, live frames and a person's actions. */
import { pressOver } from "./press.js";

async function json(path, options) {
  try {
    const answer = await fetch(path, { cache: "no-store", ...options });
    return answer.status === 404 ? null : await answer.json();
  } finally {
    await pressOver();
  }
}

const post = (path, body) =>
  json(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const who = (as) => (as ? `?as=${encodeURIComponent(as)}` : "");

/** Fetch the workspace as that person sees it. */
export const fetchState = (as) => json(`/_sandbox/state${who(as)}`);

/** Do something as a person; always {ok, error?, …}, even if the server is down. */
export async function act(as, verb, details) {
  try {
    const answer = await post("/_sandbox/act", { ...details, as, verb });
    return answer ?? { ok: false, error: "The sandbox does not know this action." };
  } catch {
    return { ok: false, error: "The sandbox does not answer. Is it still running?" };
  }
}

/** Move the sandbox's clock forward by some seconds. */
export const moveClock = (seconds) => post("/_sandbox/clock", { seconds });
export const fetchHubs = () => json("/_sandbox/hubs");
export const fetchOutages = () => json("/_sandbox/outages");
export const fetchReports = () => json("/_sandbox/reports");
export const startOutage = (id, values) =>
  post(`/_sandbox/outages/${encodeURIComponent(id)}`, values);

/** Fetch the traffic since a version. */
export const fetchTraffic = (after) => json(`/_sandbox/traffic?after=${after}`);
/** Fetch a call or delivery with bodies. */
export const fetchEntry = (id) => json(`/_sandbox/traffic/${id}`);
export const fetchFaults = () => json("/_sandbox/faults");
export const doFault = (verb, body) => post(`/_sandbox/faults/${verb}`, body);

/** Call `look` now, then repeatedly while the node is in the document. */
export async function repeat(node, everyMs, look) {
  await look();
  setTimeout(() => node.isConnected && repeat(node, everyMs, look), everyMs);
}

/** Follow changes until stopped; reconnect without limit and report connection changes. */
export function follow(as, onChange, onLine) {
  let socket = null;
  let stopped = false;
  let wait = 250;
  const open = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/_sandbox/live${who(as)}`);
    socket.addEventListener("open", () => {
      wait = 250;
      onLine(true);
    });
    socket.addEventListener("message", onChange);
    socket.addEventListener("close", () => {
      if (stopped) return;
      onLine(false);
      setTimeout(open, wait);
      wait = Math.min(wait * 2, 4000);
    });
  };
  open();
  return () => {
    stopped = true;
    socket.close();
  };
}
