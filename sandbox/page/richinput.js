/** The `rich_text_input` element: a small editor with Slack's styles, lists, quotes and code. */
import { h } from "./dom.js";
import { inOrder, marks, nextId, register } from "./fields.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { formDialog } from "./popups.js";
import { drawRich, drawTyped, readRich } from "./richdoc.js";
import { suggestions } from "./suggest.js";

export function richInput(el, blockId, ctx, emit, kept) {
  const { workspace } = ctx;
  const start = kept ? kept.rich_text_value : el.initial_value;
  const prompt = el.placeholder ? plain(el.placeholder.text) : "";
  const box = h(
    "div",
    {
      class: "rich-box",
      id: nextId(),
      role: "textbox",
      contenteditable: "true",
      tabindex: "0",
      "aria-multiline": "true",
      "aria-label": prompt || "Text",
      "aria-autocomplete": "list",
      data: { ...marks(el, blockId), placeholder: prompt },
    },
    drawRich(start, workspace),
  );
  const read = register(el, blockId, ctx, () => ({ rich_text_value: readRich(box, workspace) }));
  const tell = inOrder(emit);
  const triggers = el.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];

  const list = h("div", {
    class: "suggestions",
    role: "listbox",
    "aria-label": "Suggestions",
    hidden: true,
  });
  const editor = richEditor(box, workspace);
  const suggest = suggestions(ctx.app, box, list, { commands: false, editor });

  const changed = () => box.classList.toggle("blank", !box.textContent && !box.querySelector("li"));
  box.addEventListener("input", () => {
    changed();
    suggest.refresh();
    if (!list.hidden) list.scrollIntoView({ block: "nearest" });
    if (triggers.includes("on_character_entered")) tell(read());
  });
  box.addEventListener("focus", () => {
    document.execCommand("styleWithCSS", false, false);
    document.execCommand("defaultParagraphSeparator", false, "div");
  });
  // Whatever is pasted or dropped comes in as text.
  box.addEventListener("paste", (event) => {
    event.preventDefault();
    document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
  });
  box.addEventListener("drop", (event) => event.preventDefault());
  box.addEventListener("blur", () => suggest.close());
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (suggest.key(event)) {
      // Escape is for the list, not for the form around it.
      event.stopPropagation();
      return;
    }
    const style = event.ctrlKey || event.metaKey ? SHORTCUTS[keyName(event)] : null;
    if (style) {
      event.preventDefault();
      event.stopPropagation();
      style(box, changed);
    } else if (event.key === "Enter" && !event.shiftKey && emit.live) {
      if (triggers.includes("on_enter_pressed")) tell(read());
    }
  });
  changed();
  const node = h("div", { class: "rich-input" }, toolbar(box, changed), box, list);
  return { node, control: box };
}

/** How the editor tells what stands before the caret, and takes what was chosen; in code it offers nothing. */
function richEditor(box, workspace) {
  const caret = () => {
    const { anchorNode: node, anchorOffset: offset, isCollapsed } = getSelection();
    const plain = node?.nodeType === Node.TEXT_NODE && box.contains(node);
    return isCollapsed && plain && !node.parentElement.closest("code, pre") ? { node, offset } : null;
  };
  return {
    before: () => {
      const at = caret();
      return at ? at.node.data.slice(0, at.offset).replaceAll("\u00a0", " ") : "";
    },
    text: () => box.textContent,
    replace: ({ text, start }) => {
      const { node, offset } = caret();
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, offset);
      range.deleteContents();
      const after = document.createTextNode("\u00a0");
      for (const made of [after, ...drawTyped(text.trim(), workspace).reverse()])
        range.insertNode(made);
      getSelection().collapse(after, 1);
    },
  };
}

const command = (name, value) => (box, changed) => {
  box.focus();
  document.execCommand(name, false, value);
  changed();
};

/** Make the line a quote or code, or a plain line again. */
const lineOf = (tag) => (box, changed) => {
  box.focus();
  const inside = ancestor(box, tag.toUpperCase());
  document.execCommand("formatBlock", false, inside ? "div" : tag);
  changed();
};

function code(box, changed) {
  box.focus();
  const range = getSelection().getRangeAt(0);
  const inside = ancestor(box, "CODE");
  if (inside) {
    inside.replaceWith(...inside.childNodes);
  } else {
    const node = h("code", {}, range.toString() || "\u200b");
    range.deleteContents();
    range.insertNode(node);
    getSelection().selectAllChildren(node);
    getSelection().collapseToEnd();
  }
  box.normalize();
  changed();
}

function link(box, changed) {
  box.focus();
  const range = getSelection().getRangeAt(0).cloneRange();
  const address = h("input", {
    class: "input",
    id: nextId(),
    type: "url",
    required: true,
    autofocus: true,
    autocomplete: "off",
    placeholder: "https://",
  });
  const words = h("input", { class: "input", id: nextId(), value: range.toString() });
  formDialog({
    title: "Add a link",
    confirm: "Add",
    fields: [
      h("label", { class: "field-label", for: address.id }, "Address"),
      address,
      h("label", { class: "field-label", for: words.id }, "Text"),
      words,
    ],
    submit: async () => {
      const url = address.value.trim();
      if (!/^(https?:\/\/\S+|mailto:\S+)$/i.test(url))
        return "Enter a whole address, such as https://example.org.";
      range.deleteContents();
      const node = h("a", { href: url }, words.value.trim() || url);
      range.insertNode(node);
      node.after("\u00a0");
      box.focus();
      getSelection().collapse(node.nextSibling, 1);
      changed();
      return null;
    },
  });
}

function ancestor(box, tag) {
  const { anchorNode } = getSelection();
  const element = anchorNode instanceof Element ? anchorNode : anchorNode?.parentElement;
  const found = element?.closest(tag);
  return found && box.contains(found) ? found : null;
}

const TOOLS = [
  ["bold", "Bold", "Ctrl+B", command("bold")],
  ["italic", "Italic", "Ctrl+I", command("italic")],
  ["strike", "Strikethrough", "Ctrl+Shift+X", command("strikeThrough")],
  ["link", "Link", "Ctrl+Shift+U", link],
  ["ordered", "Ordered list", "Ctrl+Shift+7", command("insertOrderedList")],
  ["bullets", "Bulleted list", "Ctrl+Shift+8", command("insertUnorderedList")],
  ["quote", "Quote", "Ctrl+Shift+9", lineOf("blockquote")],
  ["code", "Code", "Ctrl+Shift+C", code],
  ["pre", "Code block", "Ctrl+Alt+Shift+C", lineOf("pre")],
];
const SHORTCUTS = Object.fromEntries(TOOLS.map(([, , keys, act]) => [keys.toLowerCase(), act]));

/** A key with its modifiers, as TOOLS writes it; digits by their place, whatever Shift makes of them. */
function keyName(event) {
  const key = /^Digit\d$/.test(event.code) ? event.code.slice(-1) : event.key.toLowerCase();
  return ["ctrl", event.altKey && "alt", event.shiftKey && "shift", key].filter(Boolean).join("+");
}

/** One stop for Tab; the arrow keys walk within. */
function toolbar(box, changed) {
  const buttons = TOOLS.map(([name, title, keys, act], at) =>
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        title: `${title} (${keys})`,
        "aria-label": title,
        tabindex: at ? "-1" : "0",
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => act(box, changed),
      },
      icon(name),
    ),
  );
  const node = h(
    "div",
    { class: "rich-tools", role: "toolbar", "aria-label": "Formatting" },
    buttons,
  );
  node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = buttons.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = buttons[(at + step + buttons.length) % buttons.length];
    buttons.forEach((button) => (button.tabIndex = button === next ? 0 : -1));
    next.focus();
  });
  return node;
}
