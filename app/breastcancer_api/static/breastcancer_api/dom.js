/**
 * A new element. Whatever comes from a server goes in as text: strings become text nodes, never markup.
 * Attributes: `class` and the like as written; `on…` functions are listeners; true sets an empty attribute; false, null
 * and undefined leave it out. Children: nodes, strings, numbers, nested arrays; null, undefined and false are left out.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((each) => each != null && each !== false).map(asNode));
  return made;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** The element with this id. */
export const byId = (id) => document.getElementById(id);
