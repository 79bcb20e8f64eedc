/** The sandbox's clock: by how much it runs ahead, and a menu that moves it forward. */
import * as api from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { menu, notice } from "./popups.js";
import { clock, zoneName } from "./time.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = [
  [5 * MINUTE, "5 minutes later", ""],
  [30 * MINUTE, "30 minutes later", "Reminders come due at once."],
  [3 * HOUR, "3 hours later", "Events that come late arrive."],
  [DAY, "A day later", "The report marks the new day."],
];

/** As "3 h 5 min"; empty below a minute. */
export function span(seconds) {
  const minutes = Math.round(seconds / MINUTE);
  return [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "min"],
  ]
    .filter(([number]) => number)
    .map(([number, unit]) => `${number} ${unit}`)
    .join(" ");
}

/** The rail's button, where this sandbox has a clock to move. */
export function clockButton(app) {
  const { ws } = app;
  const ahead = span(ws.state.clock_ahead);
  const node = h(
    "button",
    {
      type: "button",
      class: "rail-item",
      "aria-haspopup": "menu",
      "aria-label": `Move the clock${ahead ? `, ${ahead} ahead` : ""}`,
      title: "mayday and this Slack share a clock. It goes forward only.",
      data: { testid: "clock" },
      onclick: () =>
        menu(
          node,
          STEPS.map(([seconds, label, note]) => ({
            label,
            note,
            data: { seconds },
            run: () => move(app, seconds),
          })),
          "Move the clock",
        ),
    },
    icon("clock"),
    h("span", { class: "rail-name" }, ahead ? `Clock +${ahead}` : "Move the clock"),
  );
  return node;
}

async function move(app, seconds) {
  const answer = await api.moveClock(seconds).catch(() => null);
  await app.refresh();
  const { now, tz } = app.ws;
  notice(
    answer?.ok
      ? `It is ${clock(now, tz)} ${zoneName(now, tz)} now, here and for mayday.`
      : (answer?.error ?? "The sandbox does not answer."),
  );
}
