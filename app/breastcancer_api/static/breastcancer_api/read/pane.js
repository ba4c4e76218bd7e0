// One picture with what lies over it and stands around it.
import { element } from "../dom.js";
import { aspectOf } from "./exam.js";
import { barLength } from "./scale.js";
import { svg } from "./svg.js";

const SIDES = ["left", "right", "top", "bottom"];
const GAP = 5; // pixels of a slice between a place and its mark
const ARM = 8; // length of a mark's arms

/** Shows pictures of an exam whose server's pictures/ are `pictures`. */
export class Pane {
  constructor(pictures) {
    const { rows, columns, edges, pixel_spacing_mm: spacing } = pictures;
    this.aspect = aspectOf(pictures);
    this.millimetres = spacing && columns * spacing[1]; // across the picture
    this.picture = element("canvas", { width: columns, height: rows, role: "img" });
    this.cover = element("canvas", { width: columns, height: rows, class: "cover", "aria-hidden": "true" });
    this.marks = svg("svg", { viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.frame = element("div", { class: "frame" }, this.picture, this.cover, this.marks);
    this.title = element("p", { class: "pane-title" });
    this.bar = element("p", { class: "scale", hidden: true }, element("span", {}), element("i", {}));
    const letters = SIDES.map((side) => edges && element("span", { class: "edge", "data-side": side }, edges[side]));
    this.node = element("div", { class: "pane" }, this.frame, this.title, letters, this.bar);
    this.image = new ImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.context = this.picture.getContext("2d", { alpha: false });
    this.over = this.cover.getContext("2d");
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
    this.over.clearRect(0, 0, this.cover.width, this.cover.height);
    if (bitmap) this.over.drawImage(bitmap, 0, 0);
    this.cover.classList.toggle("classes", classes);
  }

  /** Puts the picture into a room of this size, [across, down] of it in the middle. */
  place(width, height, zoom, [across, down]) {
    const wide = Math.min(width, height * this.aspect);
    const high = wide / this.aspect;
    const { style } = this.frame;
    [style.width, style.height] = [`${wide}px`, `${high}px`];
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
    this.marks.replaceChildren(...peaks.map(peakMark), ...(place ? [placeMark(place)] : []));
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
function peakMark({ row, column, number }) {
  const [x, y, far] = [column + 0.5, row + 0.5, GAP + ARM];
  const arms = `M${x - far} ${y}h${ARM}M${x + GAP} ${y}h${ARM}M${x} ${y - far}v${ARM}M${x} ${y + GAP}v${ARM}`;
  return svg("g", { class: "peak" }, [
    svg("path", { class: "halo", d: arms }),
    svg("path", { d: arms }),
    svg("text", { x: x + GAP + 2, y: y - GAP - 2 }, String(number)),
  ]);
}

function placeMark({ row, column }) {
  const ring = { cx: column + 0.5, cy: row + 0.5, r: 3 };
  return svg("g", { class: "place" }, svg("circle", { class: "halo", ...ring }), svg("circle", ring));
}
