/** Talks to the sandbox's server: the state, the live frames, and what a person does. */
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

/** The whole workspace as that person sees it. */
export const fetchState = (as) => json(`/_sandbox/state${who(as)}`);

/** Do something as a person; always {ok, error?, …}, also when the server is away. */
export async function act(as, verb, details) {
  try {
    const answer = await post("/_sandbox/act", { ...details, as, verb });
    return answer ?? { ok: false, error: "The sandbox does not know this action." };
  } catch {
    return { ok: false, error: "The sandbox does not answer. Is it still running?" };
  }
}

/** Move the sandbox's clock forward by so many seconds. */
export const moveClock = (seconds) => post("/_sandbox/clock", { seconds });
export const fetchHubs = () => json("/_sandbox/hubs");
export const fetchOutages = () => json("/_sandbox/outages");
export const fetchReports = () => json("/_sandbox/reports");
export const startOutage = (id, values) =>
  post(`/_sandbox/outages/${encodeURIComponent(id)}`, values);

/** The traffic that is new since a version. */
export const fetchTraffic = (after) => json(`/_sandbox/traffic?after=${after}`);
/** One call or delivery with its bodies. */
export const fetchEntry = (id) => json(`/_sandbox/traffic/${id}`);
export const fetchFaults = () => json("/_sandbox/faults");
export const doFault = (verb, body) => post(`/_sandbox/faults/${verb}`, body);

/** Call `look` at once, then again and again while the node is in the document. */
export async function repeat(node, everyMs, look) {
  await look();
  setTimeout(() => node.isConnected && repeat(node, everyMs, look), everyMs);
}

/** Follow changes until stopped: reconnects for ever, and says when the line drops and comes back. */
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
