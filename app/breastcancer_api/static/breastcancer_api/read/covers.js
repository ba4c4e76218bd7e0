// What lies over slices: heat and kinetic maps as bitmaps, for the slice that is looked at and a few beside it.
import { coverOf } from "./pixels.js";
import { Stack } from "./stack.js";

const ROOM = 48; // bitmaps of a layer
const REACH = 7; // slices around the one that is looked at
const AT_ONCE = 2; // heat is work for the server
const SETTLED = 120; // milliseconds without movement until layers are asked for

export class Covers {
  #stacks = new Map();
  #settling = 0;

  constructor(address, exam, view, failed) {
    Object.assign(this, { address, exam, view, failed });
    view.on(["shown", "layer", "picture"], this.#settle);
  }

  /** The bitmap of a layer of a slice, undefined where it is not there yet. */
  get = (layer, number) => this.#stacks.get(layer)?.get(number);

  stop() {
    clearTimeout(this.#settling);
    for (const each of this.#stacks.values()) each.stop();
  }

  resume() {
    this.#settle(this.view.state);
  }

  #settle = ({ layer, shown, picture }) => {
    clearTimeout(this.#settling);
    if (!layer || picture === "projection") return;
    this.#settling = setTimeout(() => this.#stackOf(layer).centre(shown), this.get(layer, shown) ? 0 : SETTLED);
  };

  #stackOf(layer) {
    for (const [name, stack] of this.#stacks) if (name !== layer) stack.stop();
    if (!this.#stacks.has(layer)) this.#stacks.set(layer, this.#make(layer));
    return this.#stacks.get(layer);
  }

  #make(layer) {
    return new Stack({
      count: this.exam.count,
      load: coverOf(this.address, layer),
      room: ROOM,
      reach: REACH,
      parallel: AT_ONCE,
      arrived: (number) => this.#arrived(layer, number),
      failed: (problem) => this.#told(problem),
    });
  }

  #arrived(layer, number) {
    const { shown, layer: wanted, coverArrivals } = this.view.state;
    if (number === shown && layer === wanted) this.view.set({ coverArrivals: coverArrivals + 1, coverProblem: null });
  }

  /** What cannot be had of a layer leaves the pictures as they are. */
  #told(problem) {
    if (problem.status === 404 || problem.status === 410) this.failed(problem);
    else this.view.set({ coverProblem: problem });
  }
}
