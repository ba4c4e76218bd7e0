// A study in words; what all pages say alike is in ../words.js.
import { runs } from "./scale.js";

const MINUS = "\u2212";

export const FINAL = new Set(["done", "refused", "failed"]);

/** Rising numbers as "3, 6 to 9". */
export const ranges = (numbers) =>
  runs(numbers)
    .map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`))
    .join(", ");

/** Whether slices are positive, and how many. */
export function answer({ positive_slices: positive, slice_count: count }) {
  if (!positive.length) return `No slice of ${count} is positive`;
  return `${positive.length} of ${count} slices ${positive.length === 1 ? "is" : "are"} positive`;
}

export const number = (value, digits = 1) => value.toFixed(digits).replace("-", MINUS);

// At the low and the high end of each patient axis: left, back, head.
const SIDES = [
  ["right", "left"],
  ["front", "back"],
  ["feet", "head"],
];
const towards = (value, [low, high]) => `${number(Math.abs(value))} mm to the ${value > 0 ? high : low}`;

/** Where a slice lies; `normal` names the sides at its ends, undefined or null where they are not known. */
export const along = (position, normal) =>
  normal ? towards(position, [normal.negative, normal.positive]) : `at ${number(position)} mm along the stack`;

/** Where a place lies in the patient, as the report says it. */
export const inPatient = (position) =>
  `${position.map((value, axis) => towards(value, SIDES[axis])).join(", ")} of the scanner's origin`;

export const percent = (value) => `${value > 0 ? "+" : ""}${number(value, 0)} %`;
export const probability = (value) => value.toFixed(2);
export const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);
export const decision = (yes) => (yes ? "positive" : "negative");

/** What somebody who does not see the strip is told of a slice. */
export function spoken(row, slices) {
  const single = probability(row.single_probability);
  const scantype = probability(row.scantype_probability);
  return `slice ${row.number} of ${slices}, ${decision(row.fused)}, single ${single}, scantype ${scantype}`;
}

/** How far a study is: a heading, and what is known of it in a sentence. */
export function progress({ state, slice_count: slices, slices_done: done }) {
  if (state === "queued") return ["Waiting for its turn", "Other exams are read before this one."];
  if (state === "reading") return ["Reading the files", "Every file is checked before a network sees it."];
  return ["Analysing", slices ? `${done} of ${slices} slices are seen by both networks.` : ""];
}

/** Where a stack of this geometry lies, as far as headers tell. */
export function geometry({ rows, columns, pixel_spacing_mm, slice_spacing_mm, orientation, numbered_from }) {
  return [
    `${columns} \u00d7 ${rows} pixels`,
    pixel_spacing_mm && `of ${pixel_spacing_mm.map((each) => number(each, 2)).join(" \u00d7 ")} mm`,
    slice_spacing_mm && `slices ${number(slice_spacing_mm, 1)} mm apart`,
    orientation,
    numbered_from && `numbered from ${numbered_from}`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** The kinetics of a place in words; empty where it is too dark to tell. */
export function kinetics({ initial_rise: rise, delayed_change: change, curve_type: type }) {
  if (rise == null) return "Too dark here to tell how it takes up contrast.";
  const later = change == null ? "" : `, then ${percent(change)}`;
  return `${percent(rise)} in the first pass${later}: ${type ?? "no type"}.`;
}

/** Where a finding lies and how long it is. */
export function place({ first_slice: first, last_slice: last, extent, peak }) {
  const slices = first === last ? `slice ${first}` : `slices ${first} to ${last}`;
  const side = { left: "left breast", right: "right breast", middle: "near the middle" }[peak?.side];
  return [side, slices, extent != null && `${number(extent)} mm along the stack`].filter(Boolean).join(", ");
}

/** A DICOM person name (PS3.5 6.2.1.2): family name first, each way of writing it once. */
export function person(name) {
  const written = name.split("=").map((each) =>
    each
      .split("^")
      .map((part) => part.trim())
      .filter(Boolean)
      .join(", "),
  );
  return [...new Set(written)].filter(Boolean).join(" / ");
}

/** A DICOM date as 2020-01-31; as it stands where it is none. */
export const day = (date) => date.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3");
