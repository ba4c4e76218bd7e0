// Pixels through a table of greys (windowing.js) into a picture. `slice` holds int16, (4, rows, columns): before contrast
// and the three passes; `out` is (rows * columns,) uint32, the pixels of an ImageData.

/** Pass `index`, 0 to 3. */
export function paintPass(slice, index, table, out) {
  const values = new Uint16Array(slice.buffer, slice.byteOffset, slice.length);
  const first = index * out.length;
  for (let at = 0; at < out.length; at += 1) out[at] = table[values[first + at]];
}

/** What pass `index`, 1 to 3, has more than the one before contrast. */
export function paintSubtraction(slice, index, table, out) {
  const first = index * out.length;
  for (let at = 0; at < out.length; at += 1) {
    const more = Math.max(-32768, Math.min(32767, slice[first + at] - slice[at]));
    out[at] = table[more & 0xffff];
  }
}
