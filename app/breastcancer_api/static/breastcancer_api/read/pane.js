// One picture with what lies over it and stands around it.
import { element } from "../dom.js";
import { aspectOf } from "./exam.js";
import { barLength } from "./scale.js";
import { svg } from "./svg.js";

const SIDES = ["left", "right", "top", "bottom"];
// Pixels of the screen, at any zoom and for any matrix:
const GAP = 7; // between a place and its mark
const ARM = 10; // length of a mark's arms
const RING = 5; // radius

/** Shows pictures of an exam whose server's pictures/ are `pictures`. */
export class Pane {
  #seen = { width: 0, height: 0, across: 0.5, down: 0.5 }; // the picture on the screen
  #marked = [];

  constructor(pictures) {
    const { rows, columns, edges, pixel_spacing_mm: spacing } = pictures;
    this.aspect = aspectOf(pictures);
    this.millimetres = spacing && columns * spacing[1]; // across the picture
    this.picture = element("canvas", { width: columns, height: rows, role: "img" });
    this.cover = element("canvas", { width: columns, height: rows, class: "cover", "aria-hidden": "true" });
    this.frame = element("div", { class: "frame" }, this.picture, this.cover);
    this.marks = svg("svg", { x: "50%", y: "50%", overflow: "visible" }); // counts from the middle of the pane
    const marks = svg("svg", { class: "marks", "aria-hidden": "true" }, this.marks);
    this.title = element("p", { class: "pane-title" });
    this.bar = element("p", { class: "scale", hidden: true }, element("span", {}), element("i", {}));
    const letters = SIDES.map((side) => edges && element("span", { class: "edge", "data-side": side }, edges[side]));
    this.node = element("div", { class: "pane" }, this.frame, marks, this.title, letters, this.bar);
    this.image = new ImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.context = this.picture.getContext("2d", { alpha: false });
    this.over = this.cover.getContext("2d");
    this.cover.hidden = true;
  }

  /** Draws what `paint(pixels)` paints. */
  show(paint, title, label) {
    paint(this.pixels);
    this.context.putImageData(this.image, 0, 0);
    this.node.classList.remove("empty");
    this.#name(title, label);
  }

  /** Nothing, in place of a picture that is not there yet. */
  empty(title, label) {
    this.node.classList.add("empty");
    this.#name(title, label);
  }

  #name(title, label) {
    this.title.textContent = title;
    this.picture.setAttribute("aria-label", label);
  }

  /** Lays `bitmap` over the picture, or nothing where it is undefined; `classes`: its colours are not to be mixed. */
  lay(bitmap, classes) {
    if (!bitmap && this.cover.hidden) return; // as under most slices
    this.over.clearRect(0, 0, this.cover.width, this.cover.height);
    if (bitmap) this.over.drawImage(bitmap, 0, 0);
    this.cover.hidden = !bitmap;
    this.cover.classList.toggle("classes", classes);
  }

  /** Puts the picture into a room of this size, [across, down] of it in the middle. */
  place(width, height, zoom, [across, down]) {
    const wide = Math.min(width, height * this.aspect);
    const high = wide / this.aspect;
    const { style } = this.frame;
    [style.width, style.height] = [`${wide}px`, `${high}px`];
    this.#seen = { width: wide * zoom, height: high * zoom, across, down };
    this.#putMarks();
    style.transform = `scale(${zoom}) translate(${(0.5 - across) * wide}px, ${(0.5 - down) * high}px)`;
    this.#drawBar(wide, this.millimetres && this.millimetres / (wide * zoom));
  }

  /** `millimetres`: of a pixel on the screen. */
  #drawBar(wide, millimetres) {
    const length = barLength(wide, millimetres);
    this.bar.hidden = !length;
    if (!length) return;
    this.bar.firstElementChild.textContent = `${length} mm`;
    this.bar.lastElementChild.style.width = `${length / millimetres}px`;
  }

  /** Marks `peaks`, {row, column, number}, and `place`, {row, column} or null. */
  mark(peaks, place) {
    if (!this.#marked.length && !peaks.length && !place) return; // as in most slices
    this.#marked = peaks.map((each) => ({ ...each, node: peakMark(each.number) }));
    if (place) this.#marked.push({ ...place, node: placeMark() });
    this.marks.replaceChildren(...this.#marked.map(({ node }) => node));
    this.#putMarks();
  }

  /** Each on the middle of its pixel. */
  #putMarks() {
    const { width, height, across, down } = this.#seen;
    for (const { row, column, node } of this.#marked) {
      const x = width * ((column + 0.5) / this.picture.width - across);
      const y = height * ((row + 0.5) / this.picture.height - down);
      node.setAttribute("transform", `translate(${x} ${y})`);
    }
  }

  /** The pixel at a point of the window, {row, column}; null outside the picture. */
  at(x, y) {
    const { left, top, width, height } = this.picture.getBoundingClientRect();
    const [across, down] = [(x - left) / width, (y - top) / height];
    if (across < 0 || across >= 1 || down < 0 || down >= 1) return null;
    return { row: Math.floor(down * this.picture.height), column: Math.floor(across * this.picture.width) };
  }
}

/** Four arms that leave the place itself free; light on dark, so that they are seen over any grey. */
function peakMark(number) {
  const far = GAP + ARM;
  const arms = `M${-far} 0h${ARM}M${GAP} 0h${ARM}M0 ${-far}v${ARM}M0 ${GAP}v${ARM}`;
  return svg("g", { class: "peak" }, [
    svg("path", { class: "halo", d: arms }),
    svg("path", { d: arms }),
    svg("text", { x: ARM + 2, y: -ARM - 2 }, String(number)),
  ]);
}

function placeMark() {
  return svg("g", { class: "place" }, svg("circle", { class: "halo", r: RING }), svg("circle", { r: RING }));
}
