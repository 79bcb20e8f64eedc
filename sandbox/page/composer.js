/** Where a person writes: drafts, files, suggestions, slash commands, sending. */
import { fill, h } from "./dom.js";
import { fileChip } from "./fileinput.js";
import { icon } from "./icons.js";
import { menu, notice } from "./popups.js";
import { openPicker } from "./reactions.js";
import { suggestions } from "./suggest.js";
import { fileOnWire } from "./wire.js";

/**
 * A composer for a channel, or for a thread in it. It is made once and never redrawn.
 * `onSent` is called when something was sent: whoever speaks wants to see it and the answer.
 */
export function composer(app, channel, thread, onSent) {
  const draftKey = `${app.ws.me.id} ${channel} ${thread ?? ""}`;
  const name = app.ws.channelName(channel);
  const prompt = thread
    ? "Reply…"
    : `Message ${app.ws.channels.get(channel).is_im ? "" : "#"}${name}`;
  let chosenFiles = [];

  const box = h("textarea", {
    class: "composer-box",
    rows: "1",
    placeholder: prompt,
    "aria-label": thread ? "Reply in thread" : `Message ${name}`,
    "aria-autocomplete": "list",
    data: { testid: thread ? "thread-composer" : "composer" },
    value: app.drafts.get(draftKey) ?? "",
  });
  const grow = () => {
    box.style.setProperty("height", "auto");
    box.style.setProperty("height", `${Math.min(box.scrollHeight, 220)}px`);
    sendButton.disabled = !box.value.trim() && !chosenFiles.length;
  };
  const write = (text) => {
    box.value = text;
    box.dispatchEvent(new Event("input"));
    box.focus();
  };
  const insert = (text) => {
    box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input"));
    box.focus();
  };

  const fileRow = h("div", { class: "chosen-files" });
  const fileInput = h("input", {
    type: "file",
    multiple: true,
    hidden: true,
    "aria-label": "Files",
    onchange: () => {
      attach(fileInput.files);
      fileInput.value = "";
    },
  });
  const attach = (files) => {
    chosenFiles = [...chosenFiles, ...files];
    drawFiles();
    box.focus();
  };
  const drawFiles = () => {
    fill(
      fileRow,
      chosenFiles.map((file) =>
        fileChip(file, picture(file) ?? icon("file"), () => {
          chosenFiles = chosenFiles.filter((other) => other !== file);
          drawFiles();
        }),
      ),
    );
    grow();
  };

  const also = h("input", { type: "checkbox" });
  const alsoRow = h(
    "label",
    { class: "also-send" },
    also,
    h("span", {}, `Also send to ${app.ws.channels.get(channel).is_im ? "" : "#"}${name}`),
  );

  async function send() {
    const typed = box.value.trim();
    const sent = chosenFiles;
    if (!typed && !sent.length) return;
    const unknown = unknownCommand(typed, app.ws);
    if (unknown) {
      notice(unknown);
      return;
    }
    const broadcast = also.checked;
    write("");
    chosenFiles = [];
    also.checked = false;
    drawFiles();
    onSent();
    const files = await Promise.all(sent.map(fileOnWire));
    const answer = await app.act("say", {
      channel,
      text: typed,
      ...(thread ? { thread_ts: thread, broadcast } : {}),
      ...(files.length ? { files } : {}),
    });
    // Nothing that was written is lost because the server refused it.
    if (!answer.ok && !box.value) {
      chosenFiles = sent;
      also.checked = broadcast;
      write(typed);
      drawFiles();
    }
  }

  const sendButton = h(
    "button",
    {
      type: "button",
      class: "send",
      "aria-label": "Send",
      title: "Send (Enter)",
      onclick: send,
    },
    icon("send"),
  );
  const emojiButton = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Emoji",
      title: "Emoji",
      onclick: () => openPicker(emojiButton, (picked) => insert(`:${picked}: `)),
    },
    icon("smile"),
  );
  const shortcutButton = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Shortcuts",
      title: "Commands and shortcuts",
      onclick: () =>
        menu(shortcutButton, shortcutItems(app, write, thread), "Commands and shortcuts"),
    },
    icon("bolt"),
  );

  const list = h("div", {
    class: "suggestions",
    role: "listbox",
    "aria-label": "Suggestions",
    hidden: true,
  });
  const suggest = suggestions(app, box, list, { commands: !thread });
  box.addEventListener("input", () => {
    app.drafts.set(draftKey, box.value);
    grow();
    suggest.refresh();
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || suggest.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !event.altKey && !box.value) {
      if (app.editLast(channel, thread)) event.preventDefault();
    }
  });
  box.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    attach(event.clipboardData.files);
  });
  box.addEventListener("blur", () => suggest.close());

  const node = h(
    "div",
    { class: "composer" },
    list,
    box,
    fileRow,
    thread ? alsoRow : null,
    h(
      "div",
      { class: "composer-tools" },
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Attach files",
          title: "Attach files",
          onclick: () => fileInput.click(),
        },
        icon("attach"),
      ),
      emojiButton,
      thread ? null : shortcutButton,
      fileInput,
      h("span", { class: "composer-help" }, "Enter sends · Shift+Enter for a new line"),
      sendButton,
    ),
  );
  node.write = write;
  node.attach = attach;
  requestAnimationFrame(grow);
  return node;
}

/** A small preview of a chosen picture; nothing for other files. */
function picture(file) {
  if (!file.type.startsWith("image/")) return null;
  const node = h("img", { class: "chosen-picture", alt: "" });
  fileOnWire(file).then(({ mimetype, content_b64: content }) => {
    node.src = `data:${mimetype};base64,${content}`;
  });
  return node;
}

/** Slack takes everything that starts with a slash for a command; say so before it is sent. */
function unknownCommand(typed, workspace) {
  const found = /^\/([a-z][\w-]*)(\s|$)/.exec(typed);
  const known = workspace.state.commands.map(({ command }) => command);
  if (!found || found[1] === "me" || known.includes(`/${found[1]}`)) return null;
  const example = known.length ? `Try ${known.join(" or ")}.` : "No app is connected yet.";
  return `/${found[1]} is not a command here. ${example}`;
}

function shortcutItems(app, write, thread) {
  const commands = thread
    ? []
    : app.ws.state.commands.map(({ command, description }) => ({
        label: command,
        note: description,
        run: () => write(`${command} `),
      }));
  const shortcuts = (app.ws.state.global_shortcuts ?? []).map(({ callback_id, name }) => ({
    label: name,
    data: { shortcut: callback_id },
    run: () => app.act("shortcut", { callback_id }),
  }));
  const items = [...commands, ...(commands.length && shortcuts.length ? [null] : []), ...shortcuts];
  return items.length ? items : [{ label: "No app is connected", run: () => {} }];
}
