// Slices that are held and fetched: those around the one that is looked at, the nearest first.
import { offline } from "../http.js";

const AHEAD = 2; // slices in the direction of movement for one behind
const SOON = 3; // times as many as are fetched at once may still be asked for when others have come nearer
const REST = 2000; // milliseconds before a broken line is tried again

/** Numbers 1 to `count` in the order in which they are wanted from `at`, moving in `direction`, 1 or -1. */
export function outward(at, count, direction) {
  const order = [at];
  let ahead = at + direction;
  let behind = at - direction;
  const there = (number) => number >= 1 && number <= count;
  while (order.length < count) {
    for (let left = AHEAD; left && there(ahead); left -= 1, ahead += direction) order.push(ahead);
    if (there(behind)) (order.push(behind), (behind -= direction));
  }
  return order;
}

/** Whether a problem may be over in a moment. */
export const passes = ({ code, status }) => code === "offline" || status === 429 || status >= 500;

/**
 * Holds at most `room` of `count` things by their numbers, from 1, and fetches them with `load(number, signal)`,
 * `parallel` at once, up to `reach` of them around the one that is looked at. `arrived(number)` is told of each,
 * `failed(problem)` of what cannot be had; what may be over in a moment is tried again.
 */
export class Stack {
  #held = new Map();
  #loading = new Map();
  #wanted = [];
  #at = 0;
  #direction = 1;
  #resting = 0;

  constructor({ count, load, room, parallel, reach = room, arrived, failed }) {
    Object.assign(this, { count, load, room: Math.max(room, 1), parallel, reach, arrived, failed });
  }

  has = (number) => this.#held.has(number);
  get = (number) => this.#held.get(number);

  get size() {
    return this.#held.size;
  }

  /** `number` is looked at. */
  centre(number) {
    this.#direction = Math.sign(number - this.#at) || this.#direction;
    this.#at = number;
    this.#wanted = outward(number, this.count, this.#direction).slice(0, Math.min(this.room, this.reach));
    this.#abortPassed();
    this.#fill();
  }

  /** Takes over what was fetched otherwise. */
  hold(number, value) {
    this.#held.set(number, value);
    if (this.#held.size <= this.room) return;
    const wanted = new Set(this.#wanted);
    const spare = [...this.#held.keys()].filter((each) => !wanted.has(each));
    const farthest = (one, other) => Math.abs(other - this.#at) - Math.abs(one - this.#at);
    const [out] = (spare.length ? spare : [...this.#held.keys()]).sort(farthest);
    this.#held.get(out).close?.(); // bitmaps hold memory that is not the heap's
    this.#held.delete(out);
  }

  /** Fetches nothing until the next `centre`. */
  stop() {
    clearTimeout(this.#resting);
    this.#resting = 0;
    this.#wanted = [];
    for (const controller of this.#loading.values()) controller.abort();
  }

  #missing() {
    return this.#wanted.filter((number) => !this.#held.has(number));
  }

  #abortPassed() {
    const soon = new Set(this.#missing().slice(0, SOON * this.parallel));
    for (const [number, controller] of this.#loading) if (!soon.has(number)) controller.abort();
  }

  #fill() {
    if (this.#resting) return;
    for (const number of this.#missing()) {
      if (this.#loading.size >= this.parallel) return;
      if (!this.#loading.has(number)) this.#fetch(number);
    }
  }

  async #fetch(number) {
    const controller = new AbortController();
    this.#loading.set(number, controller);
    try {
      this.hold(number, await this.load(number, controller.signal));
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(error);
    }
    this.#loading.delete(number);
    if (this.#held.has(number)) this.arrived(number);
    this.#fill();
  }

  #fail(error) {
    const problem = error instanceof TypeError ? offline() : error; // a body that breaks off
    if (!passes(problem)) this.stop();
    else if (!this.#resting) this.#resting = setTimeout(() => this.#wake(), REST);
    this.failed(problem);
  }

  #wake() {
    this.#resting = 0;
    this.#fill();
  }
}
