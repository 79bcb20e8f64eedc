/** Choosing from a list: one (the browser's own select) or many (a filtered list of boxes with chips). */
import { fill, h } from "./dom.js";
import { plain } from "./mrkdwn.js";

/** The key under which Slack reports a choice, by the list's source. */
const SINGULAR = {
  static: "selected_option",
  users: "selected_user",
  conversations: "selected_conversation",
  channels: "selected_channel",
};
const source = (el) => /(static|users|conversations|channels)_select$/.exec(el.type)[1];

/** What can be chosen: [{key, label, group, value}], `value` as Slack reports it. */
function choicesOf(el, ctx) {
  const { workspace } = ctx;
  switch (source(el)) {
    case "users":
      return workspace.people.map((user) => ({
        key: user.id,
        label: workspace.userName(user.id),
        value: user.id,
      }));
    case "channels":
    case "conversations":
      return [...workspace.channels.values()]
        .filter((channel) => !channel.is_archived && offers(el, channel, workspace))
        .map((channel) => ({
          key: channel.id,
          label: `${channel.is_im ? "@" : "#"}${workspace.channelName(channel.id)}`,
          value: channel.id,
        }));
    default: {
      const groups = el.option_groups ?? [{ options: el.options ?? [] }];
      return groups.flatMap((group) =>
        group.options.map((option) => ({
          key: option.value,
          label: plain(option.text.text),
          value: option,
          group: group.label && plain(group.label.text),
          note: option.description && plain(option.description.text),
        })),
      );
    }
  }
}

/** Whether the element's list has this conversation: public channels alone, or by its own filter. */
function offers(el, channel, workspace) {
  const kind = channel.is_im ? "im" : channel.is_private ? "private" : "public";
  if (source(el) === "channels") return kind === "public";
  const {
    include,
    exclude_bot_users: noBots,
    exclude_external_shared_channels: noShared,
  } = el.filter ?? {};
  if (include && !include.includes(kind)) return false;
  if (noShared && channel.is_ext_shared) return false;
  return !(noBots && channel.user === workspace.bot.id);
}

const keyOf = (value) => (value && typeof value === "object" ? value.value : value);

const placeholder = (el, otherwise) => (el.placeholder ? plain(el.placeholder.text) : otherwise);

/** A list to choose one of; `changed` is called after a choice. */
export function singleSelect(el, ctx, kept, changed) {
  const name = SINGULAR[source(el)];
  const choices = choicesOf(el, ctx);
  const given =
    el[name.replace("selected", "initial")] ??
    (el.default_to_current_conversation ? ctx.channel : null);
  let current = keyOf(kept ? kept[name] : given) ?? "";
  const option = (choice) =>
    h(
      "option",
      { value: choice.key, selected: choice.key === current },
      choice.note ? `${choice.label} – ${choice.note}` : choice.label,
    );
  const control = h(
    "select",
    { class: "input select", "aria-label": placeholder(el, "Choose one") },
    h("option", { value: "" }, placeholder(el, "Choose one")),
  );
  for (const group of new Set(choices.map((choice) => choice.group))) {
    const options = choices.filter((choice) => choice.group === group).map(option);
    control.append(...(group ? [h("optgroup", { label: group }, options)] : options));
  }
  const read = () => ({
    [name]: choices.find((choice) => choice.key === control.value)?.value ?? null,
  });
  let before = control.value;
  const undo = () => (control.value = current = before);
  control.addEventListener("change", () => {
    before = current;
    current = control.value;
    if (control.value) changed();
  });
  return { node: control, control, read, undo };
}

/** A list to choose many of; `changed` is called when the list is closed after a change. */
export function multiSelect(el, ctx, kept, changed) {
  const single = SINGULAR[source(el)];
  const name = `${single}s`;
  const choices = choicesOf(el, ctx);
  const here = el.default_to_current_conversation && ctx.channel ? [ctx.channel] : [];
  const given = kept?.[name] ?? el[name.replace("selected", "initial")] ?? here;
  const initial = new Set(given.map(keyOf));
  const shown = h("span", { class: "chips" });
  const boxes = choices.map((choice) => ({
    choice,
    box: h("input", { type: "checkbox", value: choice.key, checked: initial.has(choice.key) }),
  }));
  const picked = () => boxes.filter(({ box }) => box.checked).map(({ choice }) => choice);
  const draw = () => {
    const all = picked();
    fill(
      shown,
      all.length
        ? all.map((choice) => h("span", { class: "chip" }, choice.label))
        : h("span", { class: "placeholder" }, placeholder(el, "Choose some")),
    );
    const full = el.max_selected_items && all.length >= el.max_selected_items;
    for (const { box } of boxes) box.disabled = Boolean(full && !box.checked);
  };
  const rows = boxes.map(({ choice, box }) =>
    h(
      "label",
      { class: "choice" },
      box,
      h("span", {}, choice.label, choice.note ? h("small", {}, choice.note) : null),
    ),
  );
  const groups = [...new Set(choices.map((choice) => choice.group))];
  const listed = groups.map((group) =>
    h(
      "div",
      { role: group ? "group" : null, "aria-label": group ?? null },
      group ? h("div", { class: "combo-group", "aria-hidden": "true" }, group) : null,
      rows.filter((_, index) => choices[index].group === group),
    ),
  );
  const search = h("input", {
    class: "input",
    type: "search",
    placeholder: "Filter",
    "aria-label": "Filter the list",
    oninput: () => {
      const wanted = search.value.toLowerCase();
      boxes.forEach(
        ({ choice }, index) => (rows[index].hidden = !choice.label.toLowerCase().includes(wanted)),
      );
    },
  });
  const control = h("summary", { class: "input select" }, shown);
  const node = h(
    "details",
    { class: "multi" },
    control,
    h(
      "div",
      { class: "multi-list", role: "group", "aria-label": "Options" },
      choices.length > 6 ? search : null,
      listed,
    ),
  );
  let dirty = false;
  node.addEventListener("change", () => {
    dirty = true;
    draw();
  });
  node.addEventListener("toggle", () => {
    if (!node.open && dirty) changed();
    if (!node.open) dirty = false;
    else node.lastElementChild.scrollIntoView({ block: "nearest" });
  });
  node.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !node.contains(event.relatedTarget)) node.open = false;
  });
  node.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      node.open = true;
      const shown = boxes.map(({ box }) => box).filter((box) => box.checkVisibility());
      const at = shown.indexOf(document.activeElement);
      shown[(at + step + shown.length) % shown.length]?.focus();
    }
    if (event.key !== "Escape" || !node.open) return;
    event.preventDefault();
    event.stopPropagation();
    node.open = false;
    control.focus();
  });
  draw();
  return {
    node,
    control,
    read: () => ({ [name]: picked().map((choice) => choice.value) }),
    undo: () => {},
  };
}
