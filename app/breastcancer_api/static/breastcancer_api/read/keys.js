// What keys do, in one table: it is what they do and what the help says.
import { byId, element } from "../dom.js";
import * as moves from "./moves.js";
import { PICTURES } from "./pictures.js";

const PAGE = 10; // slices
const ZOOM = 1.25;
const PAN = 0.1; // of the picture
const FADE = 0.1;
const [NEAR, FAR] = [2, 12]; // pixels by which the place of the curve is moved
const KEPT = "breastwise-letter-keys";

const pictures = PICTURES.map(({ name, title }, at) => ({
  keys: [String(at)],
  words: title.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase()),
  move: moves.showPicture(name),
}));

/** `shift`: with Shift, else without; null: it does not matter, as for signs that need it on some keyboards. */
export const TABLE = [
  { keys: ["ArrowRight", "ArrowDown"], shift: false, shown: "→ ↓", words: "next slice", move: moves.step(1) },
  { keys: ["ArrowLeft", "ArrowUp"], shift: false, shown: "← ↑", words: "slice before", move: moves.step(-1) },
  { keys: ["PageDown"], words: `${PAGE} slices on`, move: moves.step(PAGE) },
  { keys: ["PageUp"], words: `${PAGE} slices back`, move: moves.step(-PAGE) },
  { keys: ["Home"], words: "first slice", move: moves.toFirst },
  { keys: ["End"], words: "last slice", move: moves.toLast },
  { keys: ["n"], shift: false, words: "next positive slice", move: moves.toPositive(1) },
  { keys: ["p"], shift: false, words: "positive slice before", move: moves.toPositive(-1) },
  { keys: ["n"], shift: true, shown: "Shift N", words: "next finding", move: moves.toFinding(1) },
  { keys: ["p"], shift: true, shown: "Shift P", words: "finding before", move: moves.toFinding(-1) },
  ...pictures,
  { keys: ["h"], words: "heat of scantype on and off", move: moves.toggleHeat },
  { keys: ["o"], words: "next layer", move: moves.nextLayer },
  { keys: ["["], words: "layer fainter", move: moves.fade(-FADE) },
  { keys: ["]"], words: "layer stronger", move: moves.fade(FADE) },
  { keys: ["b"], words: "brighter", move: moves.brighten(1) },
  { keys: ["d"], words: "darker", move: moves.brighten(-1) },
  { keys: ["c"], words: "more contrast", move: moves.contrast(1) },
  { keys: ["x"], words: "less contrast", move: moves.contrast(-1) },
  { keys: ["r"], words: "window as it was", move: moves.resetWindow },
  { keys: ["+", "="], shown: "+", words: "zoom in", move: moves.zoom(ZOOM) },
  { keys: ["-"], shown: "−", words: "zoom out", move: moves.zoom(1 / ZOOM) },
  { keys: ["f"], words: "fit", move: moves.fit },
  { keys: ["ArrowRight"], shift: true, shown: "Shift →", words: "look to the right", move: moves.pan(-PAN, 0) },
  { keys: ["ArrowLeft"], shift: true, shown: "Shift ←", words: "look to the left", move: moves.pan(PAN, 0) },
  { keys: ["ArrowDown"], shift: true, shown: "Shift ↓", words: "look down", move: moves.pan(0, -PAN) },
  { keys: ["ArrowUp"], shift: true, shown: "Shift ↑", words: "look up", move: moves.pan(0, PAN) },
  { keys: ["k"], shift: false, words: "curve: here, then down", move: moves.movePlace(NEAR, 0) },
  { keys: ["i"], shift: false, words: "curve: up", move: moves.movePlace(-NEAR, 0) },
  { keys: ["j"], shift: false, words: "curve: left", move: moves.movePlace(0, -NEAR) },
  { keys: ["l"], shift: false, words: "curve: right", move: moves.movePlace(0, NEAR) },
  { keys: ["k"], shift: true, shown: "Shift I J K L", words: "curve: further", move: moves.movePlace(FAR, 0) },
  { keys: ["i"], shift: true, move: moves.movePlace(-FAR, 0) },
  { keys: ["j"], shift: true, move: moves.movePlace(0, -FAR) },
  { keys: ["l"], shift: true, move: moves.movePlace(0, FAR) },
  { keys: ["m"], words: "marks on and off", move: moves.toggleMarks },
];
const HELP = { keys: ["?"], words: "this help" };

const matches = ({ keys, shift = null }, { key, shiftKey }) =>
  keys.includes(key.length === 1 ? key.toLowerCase() : key) && (shift === null || shift === shiftKey);

/** The line of the table that a key asks for, undefined where there is none. */
export const lineOf = (event) => TABLE.find((each) => matches(each, event));

export class Keys {
  constructor({ view, move, exam }) {
    Object.assign(this, { move, exam, view });
    byId("keys").replaceChildren(...[HELP, ...TABLE].filter((each) => each.words).map(line));
    byId("help-open").addEventListener("click", () => byId("help").showModal());
    byId("letters").checked = stored() !== "off";
    byId("letters").addEventListener("change", ({ target }) => store(target.checked ? "on" : "off"));
    document.addEventListener("keydown", this.#press);
  }

  close() {
    document.removeEventListener("keydown", this.#press);
  }

  #press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || types(event.target)) return;
    if (scrolls(event.key, event.target)) return;
    if (event.key.length === 1 && !byId("letters").checked) return;
    if (event.key === "?") return byId("help").showModal();
    const found = lineOf(event);
    if (!found) return;
    event.preventDefault();
    this.move(found.move);
  };
}

/** Whether keys mean something else there. */
const types = (target) => target.matches?.("input, select, textarea, .top *");

/** Whether a key moves a part of the page that is longer than its room. */
const scrolls = (key, target) => /^(Arrow(Up|Down)|Page|Home|End)/.test(key) && target.closest?.(".side");

const line = ({ keys, shown, words }) =>
  element("div", {}, element("dt", {}, element("kbd", {}, shown ?? name(keys[0]))), element("dd", {}, words));

const NAMES = { PageDown: "Page down", PageUp: "Page up" };
const name = (key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);

function stored() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function store(value) {
  try {
    localStorage.setItem(KEPT, value);
  } catch {
    // it holds until the page is left
  }
}
