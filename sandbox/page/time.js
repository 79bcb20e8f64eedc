/** Times in a person's own zone, as Slack shows them, and wall-clock input back to an instant. */

const formats = new Map();

function format(tz, options) {
  const key = `${tz}|${JSON.stringify(options)}`;
  if (!formats.has(key)) {
    let made;
    try {
      made = new Intl.DateTimeFormat("en-US", { ...options, timeZone: tz || "UTC" });
    } catch {
      made = new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
    }
    formats.set(key, made);
  }
  return formats.get(key);
}

/** The parts of an instant (milliseconds) on that zone's wall clock, as two- or four-digit strings. */
export function wall(ms, tz) {
  const options = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  };
  const parts = format(tz, options).formatToParts(ms);
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
  return parts.find((part) => part.type === "timeZoneName")?.value ?? tz;
}

/** "Thursday, February 23rd", with Today and Yesterday, and the year when it is not this one. */
export function dayTitle(ms, tz, now) {
  const near = nearDay(ms, tz, now);
  if (near) return near[0].toUpperCase() + near.slice(1);
  const sameYear = wall(ms, tz).year === wall(now, tz).year;
  return longDate(ms, tz, "long", !sameYear, true);
}

/** Date and time in full, for a tooltip. */
export const fullTime = (ms, tz) =>
  `${longDate(ms, tz, "long", true, false)} at ${clock(ms, tz, true)} ${zoneName(ms, tz)}`;

function nearDay(ms, tz, now) {
  const DAY = 86_400_000;
  const day = dayOf(ms, tz);
  if (day === dayOf(now, tz)) return "today";
  if (day === dayOf(now - DAY, tz)) return "yesterday";
  if (day === dayOf(now + DAY, tz)) return "tomorrow";
  return null;
}

function ordinal(day) {
  const tens = day % 100;
  if (tens >= 11 && tens <= 13) return `${day}th`;
  return `${day}${{ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th"}`;
}

function longDate(ms, tz, month, year, weekday) {
  const name = format(tz, { month }).format(ms);
  const day = Number(wall(ms, tz).day);
  const date = month === "long" ? `${name} ${ordinal(day)}` : `${name} ${day}`;
  const prefix = weekday ? `${format(tz, { weekday: "long" }).format(ms)}, ` : "";
  return `${prefix}${date}${year ? `, ${wall(ms, tz).year}` : ""}`;
}

function ago(ms, now) {
  const minutes = Math.round((now - ms) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? "" : "s"} ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} hour${hours === 1 ? "" : "s"} ago`;
  return `${Math.round(hours / 24)} days ago`;
}

/** Slack's date tokens, https://docs.slack.dev/messaging/formatting-message-text#date-formatting. */
export function dateTokens(template, ms, tz, now) {
  const pretty = (other) => nearDay(ms, tz, now) ?? other();
  const tokens = {
    date_num: () => dayOf(ms, tz),
    date: () => longDate(ms, tz, "long", true, false),
    date_slash: () => dayOf(ms, tz).replaceAll("-", "/"),
    date_long: () => longDate(ms, tz, "long", true, true),
    date_long_full: () => longDate(ms, tz, "long", true, true),
    date_short: () => longDate(ms, tz, "short", true, false),
    date_pretty: () => pretty(tokens.date),
    date_short_pretty: () => pretty(tokens.date_short),
    date_long_pretty: () => pretty(tokens.date_long),
    time: () => clock(ms, tz),
    time_secs: () => clock(ms, tz, true),
    ago: () => ago(ms, now),
  };
  const text = template.replace(/\{(\w+)\}/g, (whole, name) => tokens[name]?.() ?? whole);
  return text[0] ? text[0].toUpperCase() + text.slice(1) : text;
}

/** The instant (whole seconds) that wall time "2017-02-23T21:10" names in that zone. */
export function secondsOf(local, tz) {
  const wanted = Date.parse(`${local}Z`);
  let guess = wanted;
  // Two rounds settle every offset, the hours around a change of clocks included.
  for (let round = 0; round < 2; round += 1) {
    const { year, month, day, hour, minute, second } = wall(guess, tz);
    guess += wanted - Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  }
  return Math.round(guess / 1000);
}

/** The other way round: what a datetime-local input shows for an instant in seconds. */
export function localOf(seconds, tz) {
  const { year, month, day, hour, minute } = wall(seconds * 1000, tz);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}
