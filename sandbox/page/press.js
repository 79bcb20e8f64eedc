/**
 * Server updates are applied between presses, never during one: a browser fires a
 * click only for a press and release on the same node, so a redraw in between loses it.
 */

/** Ends a press without an end event, such as one released over a system menu. */
const LONGEST_MS = 3000;
const ENDS = ["pointerup", "pointercancel", "dragstart", "contextmenu", "change"];

let held = null;

function begin() {
  end();
  const press = { timer: setTimeout(end, LONGEST_MS) };
  press.over = new Promise((resolve) => (press.release = resolve));
  held = press;
}

function end() {
  if (!held) return;
  const { timer, release } = held;
  held = null;
  clearTimeout(timer);
  // The click follows the release in the same task: continue after it.
  setTimeout(release);
}

addEventListener("pointerdown", begin, true);
for (const type of ENDS) addEventListener(type, end, true);
addEventListener("blur", end);
// The space bar also presses a button and clicks on release.
addEventListener("keydown", (event) => event.key === " " && !event.repeat && begin(), true);
addEventListener("keyup", (event) => event.key === " " && end(), true);

/** Resolves when no press is active. */
export async function pressOver() {
  while (held) await held.over;
}
