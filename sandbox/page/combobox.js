/** Selects with type-ahead, single or multiple, from the app's or the element's options. */
import { fill, h } from "./dom.js";
import { placeholder } from "./fields.js";
import { Listbox } from "./listbox.js";
import { plain } from "./mrkdwn.js";
import { iconButton } from "./parts.js";

const USUAL_LENGTH = 3;
const PAUSE_MS = 120;
const label = (option) => plain(option.text.text);

/**
 * `external_select`, `multi_external_select`, `multi_static_select`. `changed` runs on a choice.
 * The answer to an older request never replaces a newer one.
 */
export function combobox(el, ctx, kept, changed) {
  const many = el.type.startsWith("multi_");
  const least = el.options ? 0 : (el.min_query_length ?? USUAL_LENGTH);
  const most = many ? (el.max_selected_items ?? Infinity) : 1;
  let chosen = many
    ? [...(kept?.selected_options ?? el.initial_options ?? [])]
    : [kept ? kept.selected_option : el.initial_option].filter(Boolean);
  let before = chosen;
  let question = 0;
  let pause = null;

  const name = placeholder(el, "Choose");
  const props = { role: "combobox", autocomplete: "off", spellcheck: "false", "aria-label": name };
  const control = h("input.combo-box", { type: "text", ...props });
  const list = new Listbox(control, "Options", ({ option }) => take(option));
  const chips = h("span.chips");
  const node = h("div.combo.input", chips, control, list.node);

  const isChosen = (option) => chosen.some((other) => other.value === option.value);
  const rest = () => (many || !chosen[0] ? "" : label(chosen[0]));
  const note = (text) => list.show([], text);

  function close() {
    clearTimeout(pause);
    question += 1;
    list.close();
  }
  function offer(groups) {
    const items = groups.flatMap((group) =>
      group.options.map((option) => {
        const about = option.description && h("small", plain(option.description.text));
        const shown = [h("span", label(option)), about];
        const name = group.label && plain(group.label.text);
        return { option, shown, group: name, taken: isChosen(option) };
      }),
    );
    list.show(items, items.length ? null : "Nothing found.");
    list.node.scrollIntoView({ block: "nearest" });
  }
  function ask() {
    const typed = control.value.trim();
    clearTimeout(pause);
    question += 1;
    const mine = question;
    if (el.options) {
      const fits = (option) => label(option).toLowerCase().includes(typed.toLowerCase());
      offer([{ options: el.options.filter(fits) }]);
      return;
    }
    if (typed.length < least) {
      note(`Type ${least === 1 ? "a letter" : `${least} letters`} or more.`);
      return;
    }
    pause = setTimeout(async () => {
      note("Looking…");
      const details = { action_id: el.action_id, block_id: ctx.blockId, typed };
      const answer = await ctx.app.suggest({ ...ctx.where, ...details });
      if (mine !== question) return;
      if (answer.ok) offer(answer.groups);
      else note(answer.error);
    }, PAUSE_MS);
  }
  function set(options) {
    before = chosen;
    chosen = options;
    draw();
    changed();
  }
  function take(option) {
    if (!many) set([option]);
    else if (isChosen(option)) set(chosen.filter((other) => other.value !== option.value));
    else if (chosen.length < most) set([...chosen, option]);
    control.value = rest();
    close();
  }
  function draw() {
    const chip = (option) => {
      const leaveOut = () => {
        set(chosen.filter((other) => other !== option));
        control.focus();
      };
      const button = iconButton("close", `Leave out ${label(option)}`, leaveOut);
      return h("span.chip", label(option), button);
    };
    fill(chips, many && chosen.map(chip));
    control.placeholder = many && chosen.length ? "" : placeholder(el, "Type to search");
    control.disabled = many && chosen.length >= most;
  }

  control.addEventListener("focus", () => {
    if (!many) control.select();
    if (least === 0) ask();
  });
  control.addEventListener("input", () => {
    // Clearing the box clears the choice.
    if (!many && !control.value && chosen.length) set([]);
    ask();
  });
  control.addEventListener("blur", () => {
    close();
    control.value = rest();
  });
  control.addEventListener("keydown", (event) => {
    if (list.key(event, ["Enter"])) return;
    if (event.key === "ArrowDown") ask();
    else if (event.key === "Backspace" && many && !control.value && chosen.length)
      set(chosen.slice(0, -1));
    else if (event.key !== "Enter") return;
    event.preventDefault();
  });
  node.addEventListener("pointerdown", (event) => {
    if (event.target !== node && event.target !== chips) return;
    event.preventDefault();
    control.focus();
  });
  draw();
  control.value = rest();
  return {
    node,
    control,
    read: () => (many ? { selected_options: chosen } : { selected_option: chosen[0] ?? null }),
    undo: () => {
      chosen = before;
      draw();
      control.value = rest();
    },
  };
}
