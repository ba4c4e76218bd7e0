// The buttons beside the pictures.
import { byId, element } from "../dom.js";
import * as moves from "./moves.js";
import { PICTURES } from "./pictures.js";

const DRAGS = { window: "Window", pan: "Pan", slices: "Slices" };
const ZOOM = 1.25;

export class Tools {
  constructor({ view, move }) {
    const pictures = PICTURES.map(({ name, short, title }) => [name, short, title]);
    choices(byId("pictures"), pictures, (name) => move(moves.showPicture(name)));
    choices(byId("drags"), Object.entries(DRAGS), (drag) => view.set({ drag }));
    view.on(["picture"], ({ picture }) => choose(byId("pictures"), picture));
    view.on(["drag"], ({ drag }) => choose(byId("drags"), drag));
    view.on(["marks"], ({ marks }) => byId("marks").setAttribute("aria-pressed", marks));
    const does = {
      "zoom-in": moves.zoom(ZOOM),
      "zoom-out": moves.zoom(1 / ZOOM),
      fit: moves.fit,
      reset: moves.resetWindow,
      marks: moves.toggleMarks,
    };
    for (const [id, what] of Object.entries(does)) byId(id).addEventListener("click", () => move(what));
  }
}

/** Fills `room` with a button for each of [name, words, more words]; `chosen(name)` is told of a press. */
export function choices(room, named, chosen) {
  const button = ([name, words, title]) =>
    element("button", { type: "button", title, "data-name": name ?? "", onclick: () => chosen(name) }, words);
  room.append(...named.map(button));
}

/** Shows which of them is chosen. */
export function choose(room, name) {
  for (const each of room.children) each.setAttribute("aria-pressed", each.dataset.name === (name ?? ""));
}
