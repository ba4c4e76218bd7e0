// Every way to look at something else: pure functions of what is looked at (view.js) and of the exam, which give what
// changes. Keys, buttons and gestures all end here.
import { pictureOf } from "./pictures.js";
import { dragged } from "./windowing.js";

const FARTHEST = 16; // zoom
const NUDGE = 1 / 20; // share of a window by which keys move it

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export const toSlice =
  (number) =>
  (_, { count }) => ({ slice: clamp(number, 1, count) });
export const step =
  (by) =>
  ({ slice }, { count }) => ({ slice: clamp(slice + by, 1, count) });
export const toFirst = () => ({ slice: 1 });
export const toLast = (_, { count }) => ({ slice: count });

/** The next positive slice, with -1 the one before; nothing changes where there is none. */
export const toPositive =
  (direction) =>
  ({ slice }, { positives }) =>
    nextOf(positives, slice, direction);

/** The best slice of the next finding, with -1 of the one before. */
export const toFinding =
  (direction) =>
  (state, { findings }) => {
    const bests = findings.map((each) => each.best_slice).sort((a, b) => a - b);
    return nextOf(bests, state.slice, direction);
  };

function nextOf(rising, slice, direction) {
  const found = direction > 0 ? rising.find((each) => each > slice) : rising.findLast((each) => each < slice);
  return found ? { slice: found } : {};
}

export const showPicture = (picture) => () => ({ picture });
export const showLayer = (layer) => () => ({ layer });

/** The layer after this one, and after the last none. */
export const nextLayer = ({ layer }, { layers }) => {
  const names = [null, ...layers.map((each) => each.name)];
  return { layer: names[(names.indexOf(layer) + 1) % names.length] };
};

/** The scantype network's heat, or none. */
export const toggleHeat = ({ layer }, { layers }) => {
  const heat = layers.find((each) => each.name === "heat-scantype");
  return heat ? { layer: layer === heat.name ? null : heat.name } : {};
};

export const fade =
  (by) =>
  ({ opacity }) => ({ opacity: clamp(opacity + by, 0, 1) });
export const toggleMarks = ({ marks }) => ({ marks: !marks });

/** Right and down as shares of the picture. */
export const dragWindow = (right, down) => (state, exam) => {
  const { of } = pictureOf(state.picture);
  return { windows: { ...state.windows, [of]: dragged(state.windows[of], right, down, exam.windows[of]) } };
};

export const brighten = (times) => dragWindow(0, -NUDGE * times);
export const contrast = (times) => dragWindow(-NUDGE * times, 0);
export const resetWindow = (state, exam) => {
  const { of } = pictureOf(state.picture);
  return { windows: { ...state.windows, [of]: exam.windows[of] } };
};

/**
 * Zooms by `factor`. `at` is the place in the picture that stays where it is, [across, down] as shares of the picture;
 * `middle` is the place in the middle of the pane.
 */
export const zoom =
  (factor, at = null) =>
  ({ zoom: before, middle }) => {
    const after = clamp(before * factor, 1, FARTHEST);
    const still = at ?? middle;
    const moved = still.map((each, axis) => each - ((each - middle[axis]) * before) / after);
    return { zoom: after, middle: after === 1 ? [0.5, 0.5] : kept(moved) };
  };

/** Moves the picture by shares of itself as it is shown at zoom 1. */
export const pan =
  (right, down) =>
  ({ zoom: by, middle }) => ({
    middle: by === 1 ? [0.5, 0.5] : kept([middle[0] - right / by, middle[1] - down / by]),
  });

export const fit = () => ({ zoom: 1, middle: [0.5, 0.5] });

const kept = (middle) => middle.map((each) => clamp(each, 0, 1));

/** Moves the place of the curve by pixels; the first time it comes to that of the slice's finding, or the middle. */
export const movePlace =
  (down, right) =>
  ({ place, slice }, { rows, columns, findings }) => {
    if (!place) return { place: firstPlace(slice, rows, columns, findings) };
    return {
      place: { row: clamp(place.row + down, 0, rows - 1), column: clamp(place.column + right, 0, columns - 1) },
    };
  };

function firstPlace(slice, rows, columns, findings) {
  const peak = findings.find((each) => each.best_slice === slice)?.peak;
  return peak ? curveOf(peak) : { row: rows >> 1, column: columns >> 1 };
}

export const showFinding =
  ({ best_slice: slice, peak }) =>
  () => ({
    slice,
    place: peak && curveOf(peak),
  });

/** Where the curve of a finding is. */
export const curveOf = ({ curve_row: row, curve_column: column }) => ({ row, column });
