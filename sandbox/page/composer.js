/** The composer: drafts, files, slash commands, sending. */
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { iconButton } from "./parts.js";
import { menuButton } from "./popups.js";
import { fileOnWire } from "./wire.js";

/**
 * A composer for a channel, or for a thread in it. It is made once and never redrawn.
 * `onSent` is called after sending, to scroll to the new message.
 */
export function composer(app, channel, thread, onSent) {
  const draftKey = `${app.ws.me.id} ${channel} ${thread ?? ""}`;
  const name = app.ws.channelName(channel);
  let files = [];

  const box = h("textarea.composer-box", {
    rows: "1",
    placeholder: thread ? "Reply…" : `Message ${name}`,
    "aria-label": thread ? "Reply in thread" : `Message ${name}`,
    testid: thread ? "thread-composer" : "composer",
    value: app.drafts.get(draftKey) ?? "",
  });
  const write = (text) => {
    box.value = text;
    box.dispatchEvent(new Event("input"));
    box.focus();
  };
  const ready = () => (sendButton.disabled = !box.value.trim() && !files.length);

  const fileRow = h("div.chips");
  const attach = (chosen) => {
    files = chosen;
    const chip = (file) => {
      const leaveOut = () => attach(files.filter((other) => other !== file));
      return h("span.chip", file.name, iconButton("close", `Leave out ${file.name}`, leaveOut));
    };
    fill(fileRow, files.map(chip));
    ready();
    box.focus();
  };
  const fileInput = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files" });
  fileInput.addEventListener("change", () => {
    attach([...files, ...fileInput.files]);
    fileInput.value = "";
  });

  async function send() {
    const typed = box.value.trim();
    const sent = files;
    if (!typed && !sent.length) return;
    write("");
    attach([]);
    onSent();
    const answer = await app.act("say", {
      channel,
      text: typed,
      ...(thread ? { thread_ts: thread } : {}),
      ...(sent.length ? { files: await Promise.all(sent.map(fileOnWire)) } : {}),
    });
    // Keep the text if the server rejects it.
    if (answer.ok || box.value) return;
    write(typed);
    attach(sent);
  }

  const sendProps = { "aria-label": "Send", title: "Send (Enter)", onclick: send };
  const sendButton = h("button.send", sendProps, icon("send"));
  box.addEventListener("input", () => {
    app.drafts.set(draftKey, box.value);
    ready();
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  });

  const shortcuts = { "aria-label": "Shortcuts", title: "Commands and shortcuts" };
  const items = () => shortcutItems(app, write);
  const menu = () =>
    menuButton("button.icon-button", shortcuts, "Commands and shortcuts", items, icon("bolt"));
  const node = h(
    "div.composer",
    box,
    fileRow,
    h(
      "div.composer-tools",
      iconButton("attach", "Attach files", () => fileInput.click()),
      !thread && menu(),
      fileInput,
      h("span.composer-help", "Enter sends · Shift+Enter for a new line"),
      sendButton,
    ),
  );
  node.write = write;
  ready();
  return node;
}

function shortcutItems(app, write) {
  const { commands, global_shortcuts: shortcuts } = app.ws.state;
  const items = [
    ...commands.map(({ command, description }) => ({
      label: command,
      note: description,
      run: () => write(`${command} `),
    })),
    ...shortcuts.map(({ callback_id, name }) => ({
      label: name,
      data: { shortcut: callback_id },
      run: () => app.act("shortcut", { callback_id }),
    })),
  ];
  return items.length ? items : [{ label: "No app is connected", run: () => {} }];
}
