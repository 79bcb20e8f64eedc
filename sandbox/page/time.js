/** Times in a person's own zone, as Slack shows them, and wall-clock input back to an instant. */
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

/** "Thursday, February 23rd", with Today and Yesterday, and the year when it is not this one. */
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

function ordinal(day) {
  const teen = Math.floor(day / 10) === 1;
  return `${day}${(!teen && { 1: "st", 2: "nd", 3: "rd" }[day % 10]) || "th"}`;
}

function longDate(ms, tz, month, year, weekday) {
  const day = Number(wall(ms, tz).day);
  const date = `${format(tz, { month }).format(ms)} ${month === "long" ? ordinal(day) : day}`;
  const prefix = weekday ? `${format(tz, { weekday: "long" }).format(ms)}, ` : "";
  return `${prefix}${date}${year ? `, ${wall(ms, tz).year}` : ""}`;
}

function ago(ms, now) {
  const minutes = Math.round((now - ms) / 60_000);
  const some = (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"} ago`;
  if (minutes < 1) return "just now";
  if (minutes < 60) return some(minutes, "minute");
  if (minutes < 48 * 60) return some(Math.round(minutes / 60), "hour");
  return some(Math.round(minutes / 1440), "day");
}

/** Slack's date tokens, https://docs.slack.dev/messaging/formatting-message-text#date-formatting. */
function dateTokens(template, ms, tz, now) {
  const tokens = {
    date_num: () => dayOf(ms, tz),
    date: () => longDate(ms, tz, "long", true, false),
    date_slash: () => dayOf(ms, tz).replaceAll("-", "/"),
    date_long: () => longDate(ms, tz, "long", true, true),
    date_long_full: () => longDate(ms, tz, "long", true, true),
    date_short: () => longDate(ms, tz, "short", true, false),
    date_pretty: () => nearDay(ms, tz, now) ?? tokens.date(),
    date_short_pretty: () => nearDay(ms, tz, now) ?? tokens.date_short(),
    date_long_pretty: () => nearDay(ms, tz, now) ?? tokens.date_long(),
    time: () => clock(ms, tz),
    time_secs: () => clock(ms, tz, true),
    ago: () => ago(ms, now),
  };
  return capital(template.replace(/\{(\w+)\}/g, (whole, name) => tokens[name]?.() ?? whole));
}

/** An instant in Slack's own template, as {text, title, iso}. */
export function formatted(template, ms, { tz, now }) {
  const iso = new Date(ms).toISOString();
  return { text: dateTokens(template, ms, tz, now), title: fullTime(ms, tz), iso };
}

/** The instant (whole seconds) that wall time "2017-02-23T21:10" names in that zone. */
export function secondsOf(local, tz) {
  const wanted = Date.parse(`${local}Z`);
  let guess = wanted;
  // Two rounds settle every offset, the hours around a change of clocks included.
  for (let round = 0; round < 2; round += 1)
    guess += wanted - Date.parse(`${localOf(guess / 1000, tz)}:${wall(guess, tz).second}Z`);
  return Math.round(guess / 1000);
}

/** The other way round: what a datetime-local input shows for an instant in seconds. */
export function localOf(seconds, tz) {
  const ms = seconds * 1000;
  return `${dayOf(ms, tz)}T${clock(ms, tz)}`;
}
