/**
 * What the server says is taken in between two presses, never in the middle of one: a browser makes a
 * click only of a press and a release on the same node, so one that is drawn anew meanwhile swallows it.
 */

/** A press whose end the browser never tells of (it ended over a list of the system's) is over then. */
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
  // The click follows its release in the same task: what waits goes on after that.
  setTimeout(release);
}

addEventListener("pointerdown", begin, true);
for (const type of ENDS) addEventListener(type, end, true);
addEventListener("blur", end);
// The space bar presses a button too, and clicks when it is let go.
addEventListener("keydown", (event) => event.key === " " && !event.repeat && begin(), true);
addEventListener("keyup", (event) => event.key === " " && end(), true);

/** Resolves once nothing is being pressed. */
export async function pressOver() {
  while (held) await held.over;
}
