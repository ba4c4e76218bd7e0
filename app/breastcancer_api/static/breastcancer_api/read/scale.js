// Where things stand along the strip and in its plot.

/**
 * The height of a probability in the plot, 0 to 1: each network's threshold lies half way up, so that both are positive
 * above one line, wherever their thresholds are. As it is where the threshold is not known.
 */
export function height(probability, threshold) {
  if (threshold == null || threshold <= 0 || threshold >= 1) return probability;
  return probability < threshold
    ? (0.5 * probability) / threshold
    : 0.5 + (0.5 * (probability - threshold)) / (1 - threshold);
}

/** A path through the middle of every column; the plot is as wide as there are slices, and 1 high. */
export function curvePath(heights) {
  return heights.map((each, at) => `${at ? "L" : "M"}${at + 0.5} ${(1 - each).toFixed(4)}`).join("");
}

/** Runs of rising numbers: [[first, last], …]. */
export function runs(numbers) {
  const found = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}

/** The row of each finding, from 0: findings that share slices stand below each other. */
export function rowsOf(findings) {
  const ends = [];
  return findings.map(({ first_slice: first, last_slice: last }) => {
    const free = ends.findIndex((end) => end < first);
    const row = free < 0 ? ends.length : free;
    ends[row] = last;
    return row;
  });
}

/** Numbers below the strip: 1, round ones between, and the last. */
export function ticks(count, most = 9) {
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((each) => count / each <= most) ?? count;
  const between = [];
  for (let number = every; number < count; number += every) {
    if (number > 1 + every / 2 && number < count - every / 2) between.push(number);
  }
  return [1, ...between, count].filter((each, at, all) => all.indexOf(each) === at);
}

/** The slice at a share of the strip, 0 to 1. */
export const sliceAt = (share, count) => Math.min(Math.max(Math.floor(share * count) + 1, 1), count);

const LENGTHS = [200, 100, 50, 20, 10, 5, 2, 1]; // mm

/** Of a scale bar, the longest in mm that takes a third of `pixels`; null where none fits or `millimetres`, of a pixel
 * on the screen, is not known. */
export const barLength = (pixels, millimetres) =>
  millimetres ? (LENGTHS.find((each) => each / millimetres <= pixels / 3) ?? null) : null;

/** How many columns of panes show `count` pictures of `aspect` (width by height) largest in a room of this size. */
export function columnsFor(count, width, height_, aspect) {
  const fits = (columns) => Math.min(width / columns / aspect, height_ / Math.ceil(count / columns));
  return [1, 2, count].reduce((best, each) => (fits(each) > fits(best) ? each : best), 1);
}
