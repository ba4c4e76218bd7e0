// The screen of a study that is done: its parts, and what they share. A part listens to the view and draws itself.
import { About } from "./about.js";
import { Covers } from "./covers.js";
import { Curve } from "./curve.js";
import { examAt, firstSlice } from "./exam.js";
import { Findings } from "./findings.js";
import { Headline } from "./headline.js";
import { Keys } from "./keys.js";
import { Layers } from "./layers.js";
import { FIRST } from "./pictures.js";
import { pixelsOf, projectionOf } from "./pixels.js";
import { Reason } from "./reason.js";
import { passes, Stack } from "./stack.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";
import { TakeAway } from "./takeaway.js";
import { Tools } from "./tools.js";
import { makeView } from "./view.js";
import { answer } from "./words.js";

const PARTS = [Stage, Headline, Strip, Tools, Layers, Reason, Findings, Curve, TakeAway, About, Keys];
const MEMORY = 300e6; // bytes of slices that are held
const PASSES = 4;
const AT_ONCE = 4; // slices that are fetched at once
const PATIENCE = 100; // milliseconds for which the slice before stays while the next is fetched

/**
 * Builds the screen of `study`, which is done. `page` has `tell(words)`, `line(there)`, `gone(problem)`, `erase()` and
 * `home`. Throws Problem.
 */
export async function openReader(study, { address, networks }, page) {
  const slice = firstSlice(study);
  const early = pixelsOf(address)(slice).catch(() => null); // asked for before it is known how to draw it
  const exam = await examAt(address, networks);
  return new Reader(exam, address, page, slice, await early);
}

class Reader {
  #patience = 0;
  #projecting = false;

  constructor(exam, address, page, slice, early) {
    Object.assign(this, { exam, address, page });
    this.view = makeView(firstView(exam, slice));
    this.stack = exam.pictures && this.#makeStack();
    if (early) this.stack?.hold(slice, early);
    this.covers = new Covers(address, exam, this.view, this.#failed);
    const shared = { exam, address, page, view: this.view, stack: this.stack, covers: this.covers, move: this.move };
    this.parts = PARTS.map((Part) => new Part(shared));
    if (exam.pictures) this.view.on(["picture"], this.#project);
  }

  start() {
    const { study } = this.exam;
    document.title = `${answer(study)} – BreastWise`;
    this.page.tell(`Done. ${answer(study)}.`);
    this.view.start();
    this.#seek();
  }

  /** Nothing is asked for until `resume`. */
  pause() {
    clearTimeout(this.#patience);
    this.stack?.stop();
    this.covers.stop();
  }

  resume() {
    this.#seek();
    this.covers.resume();
  }

  close() {
    this.pause();
    for (const each of this.parts) each.close?.();
  }

  /** Makes one of the moves of moves.js. */
  move = (move) => {
    const changes = move(this.view.state, this.exam);
    this.view.set(changes);
    if ("slice" in changes) this.#seek();
  };

  #makeStack() {
    const { rows, columns, count } = this.exam;
    const room = Math.floor(MEMORY / (PASSES * rows * columns * Int16Array.BYTES_PER_ELEMENT));
    const load = pixelsOf(this.address);
    return new Stack({ count, load, room, parallel: AT_ONCE, arrived: this.#arrived, failed: this.#failed });
  }

  /** The number and the picture change together: at once where the picture is there, else when it comes, or after a
   * moment with nothing in its place. */
  #seek() {
    const { slice, lost } = this.view.state;
    const stack = lost ? null : this.stack;
    clearTimeout(this.#patience);
    stack?.centre(slice);
    if (!stack || stack.has(slice)) return this.view.set({ shown: slice });
    this.#patience = setTimeout(() => this.view.set({ shown: slice }), PATIENCE);
  }

  #arrived = (number) => {
    this.page.line(true);
    const { slice, arrivals } = this.view.state;
    if (number !== slice) return;
    clearTimeout(this.#patience);
    this.view.set({ shown: slice, arrivals: arrivals + 1 });
  };

  #failed = (problem) => {
    if (passes(problem)) this.page.line(false);
    else if (problem.code === "not_kept") this.#lose(problem);
    else this.page.gone(problem);
  };

  /** The numbers stay on the screen. */
  #lose(problem) {
    this.view.set({ lost: problem });
    this.page.tell(problem.detail);
    this.#seek();
  }

  #project = async ({ picture, projection }) => {
    if (picture !== "projection" || projection || this.#projecting) return;
    this.#projecting = true;
    try {
      this.view.set({ projection: await projectionOf(this.address) });
    } catch (problem) {
      this.#failed(problem);
    }
    this.#projecting = false;
  };
}

/**
 * What is looked at first. `slice` is the number that is asked for, `shown` the one whose picture, number and reason are
 * on the screen; `arrivals` and `coverArrivals` count what came for it since; `place` is where the curve is taken.
 */
function firstView(exam, slice) {
  return {
    slice,
    shown: slice,
    arrivals: 0,
    picture: FIRST,
    projection: null,
    windows: exam.windows,
    zoom: 1,
    middle: [0.5, 0.5],
    size: "",
    layer: null,
    opacity: 1,
    coverArrivals: 0,
    coverProblem: null,
    marks: true,
    place: null,
    drag: "window",
    lost: null,
  };
}
