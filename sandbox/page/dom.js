/**
 * Builds DOM nodes without parsing markup, so typed text cannot become an element.
 * The keyed patch keeps nodes (and the focus, drafts and open menus in them) over a refresh.
 */
const PROPERTIES = new Set(["value", "checked", "selected"]);
const isProps = (value) => value && Object.getPrototypeOf(value) === Object.prototype;

/**
 * An element from "tag.class.class", properties (optional) and children. `on…` are listeners, `data`
 * is the dataset, `testid` the name for tests; null and false properties are left out.
 */
export function h(spec, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  const props = isProps(children[0]) ? children.shift() : {};
  if (tag === "button") node.type = "button";
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") Object.assign(node.dataset, value);
    else if (name === "testid") node.dataset.testid = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") {
      for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
    } else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  if (classes.length) node.classList.add(...classes);
  return append(node, children);
}

/** Append nodes and strings; flatten arrays and skip empty values. */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

/** Replace all children. */
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

/** An item for patch(); without `update`, a changed `sig` rebuilds the node. */
export const item = (key, sig, make, update) => ({ key, sig: JSON.stringify(sig), make, update });

/** An item that is made once and never updated. */
export const fixed = (key, make) => item(key, 0, make);

/** A selector for the control that has the focus in `root`, to find it after a redraw. */
function focusMark(root) {
  const active = document.activeElement;
  const holder = root.contains(active) && active.closest("[data-action-id],[data-testid],[aria-label]");
  if (!holder || !root.contains(holder)) return null;
  const name = ["data-action-id", "data-testid", "aria-label"].find((n) => holder.hasAttribute(n));
  return `[${name}="${CSS.escape(holder.getAttribute(name))}"]`;
}

/**
 * Make `parent`'s children match the items. A node with an unchanged sig is kept; a changed one
 * is updated in place when the item can, and replaced otherwise.
 */
export function patch(parent, items) {
  const old = new Map();
  for (const child of [...parent.children]) {
    if (child.patchKey === undefined) child.remove();
    else old.set(child.patchKey, child);
  }
  let place = parent.firstElementChild;
  for (const { key, sig, make, update } of items) {
    let node = old.get(key);
    old.delete(key);
    if (!node) {
      node = make();
      update?.(node);
    } else if (node.patchSig !== sig) {
      if (update) update(node);
      else {
        const mark = focusMark(node);
        const fresh = make();
        if (place === node) place = fresh;
        node.replaceWith(fresh);
        node = fresh;
        if (mark) (fresh.matches(mark) ? fresh : fresh.querySelector(mark))?.focus();
      }
    }
    Object.assign(node, { patchKey: key, patchSig: sig });
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
}
