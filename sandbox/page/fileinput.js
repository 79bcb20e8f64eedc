/** The `file_input` element: files are sent as soon as they are chosen, and the form holds what came of it. */
import { fill, h } from "./dom.js";
import { marks, nextId, register } from "./fields.js";
import { icon } from "./icons.js";

const MOST = 10;

export function fileInput(el, blockId, ctx, emit, kept) {
  const most = el.max_files ?? MOST;
  const endings = (el.filetypes ?? []).map((ending) => ending.toLowerCase().replace(/^\./, ""));
  let files = [...(kept?.files ?? [])];
  let coming = 0;

  const said = h("p", { class: "field-error", role: "status" });
  const list = h("div", { class: "chips" });
  const control = h("input", {
    type: "file",
    class: "unseen",
    id: nextId(),
    multiple: most > 1,
    accept: endings.map((ending) => `.${ending}`).join(",") || null,
    "aria-label": "Files",
    data: marks(el, blockId),
    onchange: () => {
      const chosen = [...control.files];
      control.value = "";
      add(chosen);
    },
  });
  const zone = h(
    "label",
    { class: "drop-zone", for: control.id },
    icon("attach"),
    h(
      "span",
      {},
      most === 1 ? "Choose a file, or drop it here" : "Choose files, or drop them here",
    ),
    endings.length ? h("small", { class: "faint" }, endings.join(", ")) : null,
  );
  const node = h("div", { class: "file-input" }, control, zone, list, said);
  const read = register(
    el,
    blockId,
    ctx,
    () => ({ files }),
    () => (coming ? "Wait until the files have arrived." : null),
  );

  async function add(chosen) {
    fill(said);
    const wrong = chosen.find(({ name }) => endings.length && !endings.includes(endOf(name)));
    if (wrong) fill(said, `${wrong.name} is not of an accepted kind: ${endings.join(", ")}.`);
    else if (files.length + coming + chosen.length > most)
      fill(said, `At most ${most === 1 ? "one file" : `${most} files`} can be attached.`);
    else await Promise.all(chosen.map(send));
  }
  async function send(file) {
    coming += 1;
    draw();
    const answer = await ctx.app.upload(file);
    coming -= 1;
    if (answer.ok) {
      files = [...files, answer.file];
      emit(read());
    } else fill(said, answer.error);
    draw();
  }
  function draw() {
    fill(
      list,
      files.map((file) =>
        fileChip(file, icon("file"), () => {
          files = files.filter((other) => other !== file);
          draw();
          control.focus();
        }),
      ),
      coming ? h("span", { class: "chip faint" }, "Sending…") : null,
    );
    zone.hidden = files.length + coming >= most;
  }
  droppable(node, add);
  draw();
  return { node, control };
}

const endOf = (name) => name.slice(name.lastIndexOf(".") + 1).toLowerCase();

/** Let files be dropped on `node`; it wears a class while some hover over it. */
export function droppable(node, take) {
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  node.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    node.classList.add("dropping");
  });
  node.addEventListener("dragleave", (event) => {
    if (!node.contains(event.relatedTarget)) node.classList.remove("dropping");
  });
  node.addEventListener("drop", (event) => {
    node.classList.remove("dropping");
    if (!holdsFiles(event)) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

/** A file that is chosen, with a button to leave it out. */
export function fileChip(file, picture, leaveOut) {
  return h(
    "span",
    { class: "chip" },
    picture,
    file.name,
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": `Leave out ${file.name}`,
        onclick: leaveOut,
      },
      icon("close"),
    ),
  );
}
