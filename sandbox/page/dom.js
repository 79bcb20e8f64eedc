/**
 * DOM nodes built by hand: no markup is ever parsed, so nothing a person typed can become an element.
 * The keyed patch keeps nodes (and the focus, drafts and open menus in them) over a refresh.
 */

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "selected", "indeterminate"]);

/** An element: `on*` props are listeners, `data` is the dataset, null and false props are left out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") Object.assign(node.dataset, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") {
      for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
    } else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  append(node, children);
  return node;
}

/** Append nodes and strings, flattening arrays and skipping what is empty. */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child);
  }
  return node;
}

/** A 20 × 20 line drawing from path data. */
export function drawing(paths, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** Replace all children. */
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

/** How to find the control that has the focus again after its surroundings were drawn anew. */
function focusMark(root) {
  const active = document.activeElement;
  if (!active || active === document.body || !root.contains(active)) return null;
  const holder = active.closest("[data-action-id],[data-testid],[aria-label]");
  if (!holder || !root.contains(holder)) return null;
  const attribute = ["data-action-id", "data-testid", "aria-label"].find((n) =>
    holder.hasAttribute(n),
  );
  return `[${attribute}="${CSS.escape(holder.getAttribute(attribute))}"]`;
}

/**
 * Make `parent`'s children match `items`: {key, sig, make, update?}. A node whose sig is unchanged is
 * left alone; a changed one is updated in place when the item can, and replaced otherwise.
 */
export function patch(parent, items) {
  const old = new Map();
  for (const child of [...parent.children]) {
    if (child.patchKey === undefined) child.remove();
    else old.set(child.patchKey, child);
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    let node = old.get(item.key);
    old.delete(item.key);
    if (node && node.patchSig !== item.sig) {
      if (item.update) item.update(node);
      else {
        const mark = focusMark(node);
        const fresh = item.make();
        if (place === node) place = fresh;
        node.replaceWith(fresh);
        node = fresh;
        if (mark) (fresh.matches(mark) ? fresh : fresh.querySelector(mark))?.focus();
      }
    } else if (!node) {
      node = item.make();
      item.update?.(node);
    }
    node.patchKey = item.key;
    node.patchSig = item.sig;
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
}
