// All that is known of an exam once it is read, and does not change any more.
import { getJson, Problem } from "../http.js";

/** Of the study at `address`. Throws Problem. */
export async function examAt(address, networks) {
  const [study, pictures, cards] = await Promise.all([
    getJson(`${address}results.json`),
    kept(getJson(`${address}pictures/`)),
    getJson(networks).catch(() => []),
  ]);
  return examOf(study, pictures, cards);
}

/** null where pictures are not kept, or not any more. */
async function kept(asking) {
  try {
    return await asking;
  } catch (problem) {
    if (problem instanceof Problem && problem.code === "not_kept") return null;
    throw problem;
  }
}

/** `study` with its slices, `pictures` null where they are not kept, `cards` of the networks in use. */
export function examOf(study, pictures, cards) {
  return {
    study,
    pictures,
    count: study.slice_count,
    slices: study.slices,
    findings: study.findings,
    positives: study.positive_slices,
    layers: pictures?.layers ?? [],
    windows: pictures?.windows ?? { pass: [0, 1], subtraction: [0, 1] },
    rows: pictures?.rows ?? 0,
    columns: pictures?.columns ?? 0,
    thresholds: thresholdsOf(study.networks, cards),
  };
}

/** Of the networks that read the study, by role; null where others are in use now. */
function thresholdsOf(networks, cards) {
  const bySum = new Map(cards.map((card) => [card.weights_sha256, card.threshold]));
  return Object.fromEntries(networks.map(({ role, sha256 }) => [role, bySum.get(sha256) ?? null]));
}

/** Where reading begins: the best slice of the first finding, else the middle one. */
export const firstSlice = ({ findings, slice_count: count }) => findings[0]?.best_slice ?? Math.ceil(count / 2);

/** Width by height of a slice as it is in the patient; pixels are square where headers do not tell. */
export function aspectOf({ rows, columns, pixel_spacing_mm: spacing }) {
  const [down, across] = spacing ?? [1, 1];
  return (columns * across) / (rows * down);
}
