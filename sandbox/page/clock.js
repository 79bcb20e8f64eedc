/** The sandbox's clock: its offset, and a menu that moves it forward. */
import * as api from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { menuButton, notice } from "./popups.js";
import { clock, zoneName } from "./time.js";

const STEPS = [
  [5, "5 minutes later", ""],
  [30, "30 minutes later", "Reminders come due at once."],
  [180, "3 hours later", "Events that come late arrive."],
  [1440, "A day later", "The report marks the new day."],
];

/** Seconds as "3 h 5 min"; empty below a minute. */
function span(seconds) {
  const minutes = Math.round(seconds / 60);
  const parts = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const words = parts.map((number, at) => number && `${number} ${["d", "h", "min"][at]}`);
  return words.filter(Boolean).join(" ");
}

/** The rail's button, if the sandbox has a movable clock. */
export function clockButton(app) {
  const ahead = span(app.ws.state.clock_ahead);
  const props = {
    "aria-label": `Move the clock${ahead ? `, ${ahead} ahead` : ""}`,
    title: "mayday and this Slack share a clock. It only goes forward.",
    testid: "clock",
  };
  const items = () =>
    STEPS.map(([minutes, label, note]) => ({ label, note, run: () => move(app, minutes) }));
  const words = h("span.rail-name", ahead ? `Clock +${ahead}` : "Move the clock");
  return menuButton("button.rail-item", props, "Move the clock", items, icon("clock"), words);
}

async function move(app, minutes) {
  const answer = await api.moveClock(minutes * 60).catch(() => null);
  await app.refresh();
  const { now, tz } = app.ws;
  const done = `It is ${clock(now, tz)} ${zoneName(now, tz)} now, here and for mayday.`;
  notice(answer?.ok ? done : (answer?.error ?? "The sandbox does not answer."));
}
