// Pictures as the server gives them: int16, little-endian, 4096 where all but a thousandth of the first pass is darker.
import { get } from "../http.js";

const asked = async (address, signal) => (await get(address, { signal })).arrayBuffer();

/** Fetches slice `number`: Int16Array of (4, rows, columns), before contrast and the three passes. */
export const pixelsOf = (address) => async (number, signal) =>
  new Int16Array(await asked(`${address}slices/${number}/pixels`, signal));

/** Fetches the projection: as one pass that comes after a dark one, so that it is painted like every subtraction. */
export async function projectionOf(address) {
  const values = new Int16Array(await asked(`${address}projection/pixels`));
  const slice = new Int16Array(2 * values.length);
  slice.set(values, values.length);
  return slice;
}

/** Fetches what lies over slice `number`: a bitmap. */
export const coverOf = (address, layer) => async (number, signal) => {
  const answer = await get(`${address}slices/${number}/layers/${layer}.png`, { signal });
  return createImageBitmap(await answer.blob());
};
