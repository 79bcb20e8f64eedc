/** Times in a person's own zone, as Slack shows them. */
const DAY_MS = 86_400_000;
const formats = new Map();

function format(tz, options) {
  const key = `${tz}|${JSON.stringify(options)}`;
  if (!formats.has(key)) {
    const made = new Intl.DateTimeFormat("en-US", { ...options, timeZone: tz || "UTC" });
    formats.set(key, made);
  }
  return formats.get(key);
}

const WALL = { year: "numeric", hourCycle: "h23" };
for (const part of ["month", "day", "hour", "minute", "second"]) WALL[part] = "2-digit";

/** The parts of an instant (milliseconds) on that zone's wall clock, as two- or four-digit strings. */
function wall(ms, tz) {
  const parts = format(tz, WALL).formatToParts(ms);
  return Object.fromEntries(parts.map((part) => [part.type, part.value]));
}

/** Milliseconds of a Slack timestamp. */
export const instant = (ts) => Number.parseFloat(ts) * 1000;

/** The day as 2017-02-23, for grouping. */
export function dayOf(ms, tz) {
  const { year, month, day } = wall(ms, tz);
  return `${year}-${month}-${day}`;
}

export function clock(ms, tz, seconds = false) {
  const { hour, minute, second } = wall(ms, tz);
  return seconds ? `${hour}:${minute}:${second}` : `${hour}:${minute}`;
}

/** The zone's short name at that instant, such as PST. */
export function zoneName(ms, tz) {
  const parts = format(tz, { timeZoneName: "short" }).formatToParts(ms);
  return parts.find((part) => part.type === "timeZoneName").value;
}

/** "Thursday, February 23", with Today and Yesterday, and the year when it is not this one. */
export function dayTitle(ms, tz, now) {
  const sameYear = wall(ms, tz).year === wall(now, tz).year;
  return capital(nearDay(ms, tz, now) ?? longDate(ms, tz, "long", !sameYear, true));
}

/** Date and time in full, for a tooltip. */
export const fullTime = (ms, tz) =>
  `${longDate(ms, tz, "long", true, false)} at ${clock(ms, tz, true)} ${zoneName(ms, tz)}`;

const capital = (text) => text && text[0].toUpperCase() + text.slice(1);

function nearDay(ms, tz, now) {
  const day = dayOf(ms, tz);
  const near = { today: now, yesterday: now - DAY_MS, tomorrow: now + DAY_MS };
  return Object.keys(near).find((name) => day === dayOf(near[name], tz)) ?? null;
}

function longDate(ms, tz, month, year, weekday) {
  const date = `${format(tz, { month }).format(ms)} ${Number(wall(ms, tz).day)}`;
  const prefix = weekday ? `${format(tz, { weekday: "long" }).format(ms)}, ` : "";
  return `${prefix}${date}${year ? `, ${wall(ms, tz).year}` : ""}`;
}

/** The date tokens in use, https://docs.slack.dev/messaging/formatting-message-text#date-formatting. */
function dateTokens(template, ms, tz, now) {
  const tokens = {
    date_short: () => longDate(ms, tz, "short", true, false),
    date_short_pretty: () => nearDay(ms, tz, now) ?? tokens.date_short(),
    time: () => clock(ms, tz),
    time_secs: () => clock(ms, tz, true),
  };
  return capital(template.replace(/\{(\w+)\}/g, (whole, name) => tokens[name]?.() ?? whole));
}

/** An instant in Slack's template, as {text, title, iso}. */
export function formatted(template, ms, { tz, now }) {
  const iso = new Date(ms).toISOString();
  return { text: dateTokens(template, ms, tz, now), title: fullTime(ms, tz), iso };
}
