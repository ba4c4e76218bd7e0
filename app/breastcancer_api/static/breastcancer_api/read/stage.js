// The pictures: one, or four passes side by side.
import { byId } from "../dom.js";
import { listen } from "./gestures.js";
import { paintPass, paintSubtraction } from "./painting.js";
import { Pane } from "./pane.js";
import { pictureOf, titleOf } from "./pictures.js";
import { remedy } from "./remedies.js";
import { columnsFor } from "./scale.js";
import { greys } from "./windowing.js";

const PANES = 4;
const MARGIN = 18; // pixels around a picture for the letters of its edges
const NOT_KEPT = "The pictures of this study are not kept, or not any more.";

export class Stage {
  #table = { window: null, greys: null };

  constructor({ exam, view, stack, covers, move }) {
    Object.assign(this, { exam, view, stack, covers, room: byId("stage") });
    view.on(["lost"], this.#lose);
    if (!exam.pictures) return;
    this.panes = Array.from({ length: PANES }, () => new Pane(exam.pictures));
    this.room.append(...this.panes.map((each) => each.node));
    view.on(["picture"], this.#choose);
    view.on(["picture", "zoom", "middle", "size"], this.#place);
    view.on(["shown", "arrivals", "picture", "windows", "projection"], this.#paint);
    view.on(["shown", "coverArrivals", "picture", "layer"], this.#lay);
    view.on(["opacity"], ({ opacity }) => this.room.style.setProperty("--opacity", opacity));
    view.on(["shown", "picture", "marks", "place"], this.#mark);
    this.resizes = new ResizeObserver(() => view.set({ size: `${this.room.clientWidth}x${this.room.clientHeight}` }));
    this.resizes.observe(this.room);
    this.gestures = listen(this.room, this.panes, view, move);
  }

  close() {
    this.resizes?.disconnect();
  }

  #lose = ({ lost }) => {
    const gone = lost !== null || !this.exam.pictures;
    byId("no-pictures").hidden = !gone;
    byId("reading").classList.toggle("without", gone);
    byId("no-pictures").textContent = `${NOT_KEPT} ${remedy("not_kept")}`;
    for (const each of this.panes ?? []) each.node.hidden = gone;
  };

  #shownPanes(picture) {
    return this.panes.slice(0, picture.passes.length);
  }

  #choose = ({ picture: name }) => {
    const count = pictureOf(name).passes.length;
    this.panes.forEach((each, at) => (each.node.hidden = at >= count));
  };

  #place = ({ picture: name, zoom, middle }) => {
    const panes = this.#shownPanes(pictureOf(name));
    const { clientWidth: width, clientHeight: height } = this.room;
    const columns = columnsFor(panes.length, width, height, panes[0].aspect);
    const [wide, high] = [Math.floor(width / columns), Math.floor(height / (panes.length / columns))];
    this.room.style.setProperty("--columns", columns);
    for (const each of panes) each.place(wide - 2 * MARGIN, high - 2 * MARGIN, zoom, middle);
  };

  #paint = (state) => {
    const picture = pictureOf(state.picture);
    const slice = picture.projection ? state.projection : this.stack.get(state.shown);
    const table = this.#greys(state.windows[picture.of]);
    const paint = picture.less ? paintSubtraction : paintPass;
    this.#shownPanes(picture).forEach((pane, at) => {
      const pass = picture.passes[at];
      const title = titleOf(picture, pass, this.exam.pictures.passes);
      const label = picture.projection ? `${title}, all ${this.exam.count} slices` : `Slice ${state.shown}, ${title}`;
      if (slice) pane.show((pixels) => paint(slice, pass, table, pixels), title, label);
      else pane.empty(title, label);
    });
    if (slice) this.#measure();
  };

  /** Made once a window: most drawing is of another slice. */
  #greys(window) {
    if (this.#table.window !== window) this.#table = { window, greys: greys(window) };
    return this.#table.greys;
  }

  /** How long after the result the first picture came, for who measures it (User Timing). */
  #measure() {
    if (performance.getEntriesByName("breastwise-first-picture").length) return;
    performance.measure("breastwise-first-picture", "breastwise-done");
  }

  #lay = ({ shown, layer, picture: name }) => {
    const picture = pictureOf(name);
    const bitmap = layer && !picture.projection ? this.covers.get(layer, shown) : undefined;
    const classes = this.exam.layers.find((each) => each.name === layer)?.legend.some((each) => each.colour) ?? false;
    for (const each of this.#shownPanes(picture)) each.lay(bitmap, classes);
  };

  #mark = ({ shown, picture: name, marks, place }) => {
    const picture = pictureOf(name);
    const there = marks && !picture.projection;
    const peaks = there ? this.exam.findings.filter((each) => each.peak && each.best_slice === shown) : [];
    const places = peaks.map(({ number, peak: { row, column } }) => ({ row, column, number }));
    for (const each of this.#shownPanes(picture)) each.mark(places, there ? place : null);
  };
}
