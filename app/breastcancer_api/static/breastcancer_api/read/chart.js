// A curve as a drawing.
import { svg } from "./svg.js";
import { number } from "./words.js";

const [WIDTH, HEIGHT, SIDE, TOP, BOTTOM] = [288, 120, 24, 14, 20];
const HEADROOM = 1.1;
const PASSES = ["pre", "1st", "2nd", "3rd"];

/** Brightness from 0 through the passes; `seconds` null where their times are not known. */
export function chart(seconds, brightness) {
  const names = seconds ? seconds.map((each) => `${number(each, 0)} s`) : PASSES;
  const places = placesOf(seconds ?? PASSES.map((_, at) => at), brightness);
  const told = brightness.map((each, at) => `${names[at]}: ${short(each)}`).join(", ");
  const line = places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
  const view = { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Brightness. ${told}` };
  return svg("svg", view, [
    svg("path", { class: "axis", d: `M${SIDE} ${HEIGHT - BOTTOM}H${WIDTH - SIDE}` }),
    svg("path", { class: "line", d: `M${line}` }),
    ...places.map(([cx, cy]) => svg("circle", { cx, cy, r: 3 })),
    ...places.map(([x, y], at) => label(x, y - 7, short(brightness[at]))),
    ...places.map(([x], at) => label(x, HEIGHT - 6, names[at])),
  ]);
}

function placesOf(times, brightness) {
  const [first, last] = [times[0], times.at(-1)];
  const top = Math.max(...brightness, Number.EPSILON) * HEADROOM;
  const across = (time) => SIDE + ((time - first) / (last - first || 1)) * (WIDTH - 2 * SIDE);
  const up = (value) => HEIGHT - BOTTOM - (Math.max(value, 0) / top) * (HEIGHT - TOP - BOTTOM);
  return times.map((time, at) => [across(time), up(brightness[at])]);
}

const label = (x, y, words) => svg("text", { x, y, "text-anchor": "middle" }, words);
const short = (value) => number(value, value < 10 ? 2 : 0);
