/** Choosing from what the app offers: one asks as one types, and takes one answer or several. */
import { fill, h } from "./dom.js";
import { nextId } from "./fields.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";

const USUAL_LENGTH = 3;
const PAUSE_MS = 120;

/**
 * `external_select` and its `multi_` sister. `changed` is called after a choice. The answer to an older
 * question never overwrites that to a newer one.
 */
export function externalSelect(el, ctx, kept, changed) {
  const many = el.type.startsWith("multi_");
  const least = el.min_query_length ?? USUAL_LENGTH;
  const most = many ? (el.max_selected_items ?? Infinity) : 1;
  let chosen = many
    ? [...(kept?.selected_options ?? el.initial_options ?? [])]
    : [kept ? kept.selected_option : el.initial_option].filter(Boolean);
  let before = chosen;
  let offered = [];
  let at = -1;
  let question = 0;
  let pause = null;

  const list = h("div", {
    class: "combo-list",
    role: "listbox",
    id: nextId(),
    "aria-label": "Options",
    "aria-multiselectable": many ? "true" : null,
    hidden: true,
  });
  const control = h("input", {
    class: "combo-box",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    "aria-label": el.placeholder ? plain(el.placeholder.text) : "Choose",
  });
  const chips = h("span", { class: "chips" });
  const node = h("div", { class: `combo input${many ? " many" : ""}` }, chips, control, list);
  const said = h("p", { class: "unseen", role: "status" });
  node.append(said);

  const label = (option) => plain(option.text.text);
  const isChosen = (option) => chosen.some((other) => other.value === option.value);
  const rest = () => (many ? "" : chosen[0] ? label(chosen[0]) : "");

  function show() {
    list.hidden = false;
    control.setAttribute("aria-expanded", "true");
    list.scrollIntoView({ block: "nearest" });
  }
  function close() {
    list.hidden = true;
    at = -1;
    clearTimeout(pause);
    question += 1;
    control.setAttribute("aria-expanded", "false");
    control.removeAttribute("aria-activedescendant");
  }
  function say(text) {
    fill(list, h("p", { class: "combo-note" }, text));
    fill(said, text);
    offered = [];
    show();
  }
  function mark(index) {
    at = index;
    offered.forEach(({ node: row }, other) => row.classList.toggle("current", other === index));
    const row = offered[index]?.node;
    if (row) control.setAttribute("aria-activedescendant", row.id);
    row?.scrollIntoView({ block: "nearest" });
  }
  function row(option) {
    const made = h(
      "div",
      {
        class: "combo-option",
        role: "option",
        id: nextId(),
        "aria-selected": String(isChosen(option)),
        data: { value: option.value },
        onpointerdown: (event) => {
          event.preventDefault();
          take(option);
        },
      },
      h("span", {}, label(option)),
      option.description && h("small", {}, plain(option.description.text)),
    );
    offered.push({ option, node: made });
    return made;
  }
  function offer(groups) {
    offered = [];
    const parts = groups.map((group) => [
      group.label &&
        h("div", { class: "combo-group", role: "presentation" }, plain(group.label.text)),
      group.options.map(row),
    ]);
    if (!offered.length) {
      say("Nothing found.");
      return;
    }
    fill(list, parts);
    fill(said, `${offered.length} found`);
    show();
    mark(0);
  }
  function ask() {
    const typed = control.value.trim();
    clearTimeout(pause);
    question += 1;
    const mine = question;
    if (typed.length < least) {
      say(`Type ${least === 1 ? "a letter" : `${least} letters`} or more.`);
      return;
    }
    pause = setTimeout(async () => {
      say("Looking…");
      const details = { action_id: el.action_id, block_id: ctx.blockId, typed };
      const answer = await ctx.app.suggest({ ...ctx.where, ...details });
      if (mine !== question) return;
      if (answer.ok) offer(answer.groups);
      else say(answer.error);
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
    fill(
      chips,
      many &&
        chosen.map((option) =>
          h(
            "span",
            { class: "chip" },
            label(option),
            h(
              "button",
              {
                type: "button",
                class: "icon-button",
                "aria-label": `Leave out ${label(option)}`,
                onclick: () => {
                  set(chosen.filter((other) => other !== option));
                  control.focus();
                },
              },
              icon("close"),
            ),
          ),
        ),
    );
    const prompt = el.placeholder ? plain(el.placeholder.text) : "Type to search";
    control.placeholder = many && chosen.length ? "" : prompt;
    control.disabled = many && chosen.length >= most;
  }

  control.addEventListener("focus", () => {
    if (!many) control.select();
    if (least === 0) ask();
  });
  control.addEventListener("input", () => {
    // An emptied box is an emptied choice.
    if (!many && !control.value && chosen.length) set([]);
    ask();
  });
  control.addEventListener("blur", () => {
    close();
    control.value = rest();
  });
  control.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) close();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (list.hidden) ask();
      else if (offered.length) mark((at + step + offered.length) % offered.length);
    } else if (event.key === "Enter") {
      if (offered[at]) take(offered[at].option);
    } else if (event.key === "Backspace" && many && !control.value && chosen.length) {
      set(chosen.slice(0, -1));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  node.addEventListener("pointerdown", (event) => {
    if (event.target === node || event.target === chips) {
      event.preventDefault();
      control.focus();
    }
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
