// Brightness to grey: a window's table, and how a window is changed. A window is [low, high], black and white in the
// unit of the pixels; what lies between is linear.

const VALUES = 65536; // of 16 bits
const LEAST = 1; // least width

/**
 * The grey of every int16 value as (65536,) uint32 RGBA in the order of ImageData on little-endian machines, which all
 * that browsers run on are; the place of a value is its 16 bits read as unsigned.
 */
export function greys([low, high]) {
  const table = new Uint32Array(VALUES);
  const slope = 255 / Math.max(high - low, LEAST);
  for (let at = 0; at < VALUES; at += 1) {
    const value = at < VALUES / 2 ? at : at - VALUES;
    const grey = Math.round(Math.min(255, Math.max(0, (value - low) * slope)));
    table[at] = (255 << 24) | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}

export const widthOf = ([low, high]) => high - low;
export const levelOf = ([low, high]) => (low + high) / 2;

/** `level` is the middle of the window. */
export function windowOf(width, level) {
  const half = Math.max(width, LEAST) / 2;
  return [Math.round(level - half), Math.round(level + half)];
}

/**
 * The window after a drag by shares of the picture: to the right it is wider, which is less contrast, upwards its level
 * is lower, which is brighter. `usual` is the window that a reset gives: it sets the pace.
 */
export function dragged(window, right, down, usual) {
  const pace = widthOf(usual);
  return windowOf(widthOf(window) + right * pace, levelOf(window) + down * pace);
}

/** In words, as workstations show it. */
export const told = (window) => `W ${Math.round(widthOf(window))} L ${Math.round(levelOf(window))}`;
