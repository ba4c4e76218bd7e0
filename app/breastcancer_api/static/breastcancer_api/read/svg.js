const SPACE = "http://www.w3.org/2000/svg";

/** A new element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) made.setAttribute(name, value);
  made.append(...children.flat().filter((each) => each != null));
  return made;
}
