// How far a study is: asked again and again until it has ended, never while nobody looks.
import { getJson } from "../http.js";
import { FINAL } from "./words.js";

// Seconds until a study is asked for again: the first time that it did not change, and at most.
const FIRST = { queued: 0.5, reading: 0.25, analysing: 0.25 };
const LONGEST = { queued: 5, reading: 1, analysing: 0.5 };
const SLOWER = 1.5;
const NO_LINE = { first: 1, longest: 5 };

/** Seconds until the next question, when the last `calm` ones brought nothing new; `state` is null without a line. */
export function waiting(state, calm) {
  const first = FIRST[state] ?? NO_LINE.first;
  return Math.min(first * SLOWER ** calm, LONGEST[state] ?? NO_LINE.longest);
}

/**
 * The study at `address` once it has ended. `told(study)` is called whenever it has changed, `line(there)` when the
 * server is lost and when it answers again. Throws Problem, of anything but a broken line; an AbortError when `signal`
 * ends it.
 */
export async function ended(address, { told, line, signal }) {
  let [last, calm] = [null, 0];
  for (;;) {
    await looked();
    const study = await asked(address, line, signal);
    const news = study && key(study) !== key(last);
    if (news) told(study);
    if (study && FINAL.has(study.state)) return study;
    calm = news ? 0 : calm + 1;
    last = study ?? last;
    await rest(waiting(study?.state, calm));
    signal.throwIfAborted();
  }
}

const key = (study) => study && [study.state, study.progress, study.slices_done, study.slice_count].join();

/** The study, null where no answer came or the page was put aside meanwhile. */
async function asked(address, line, signal) {
  const controller = new AbortController();
  const aside = () => document.hidden && controller.abort();
  document.addEventListener("visibilitychange", aside);
  try {
    const study = await getJson(address, { signal: AbortSignal.any([signal, controller.signal]) });
    line(true);
    return study;
  } catch (error) {
    signal.throwIfAborted();
    if (controller.signal.aborted) return null;
    if (error.code !== "offline" && !(error instanceof TypeError)) throw error;
    line(false);
    return null;
  } finally {
    document.removeEventListener("visibilitychange", aside);
  }
}

/** Until somebody looks at the page. */
function looked() {
  if (!document.hidden) return null;
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

/** So many seconds, less when the page is looked at again or the line is back. */
function rest(seconds) {
  return new Promise((resolve) => {
    const stop = new AbortController();
    const end = () => (clearTimeout(timer), stop.abort(), resolve());
    const timer = setTimeout(end, 1000 * seconds);
    document.addEventListener("visibilitychange", end, stop);
    addEventListener("online", end, stop);
  });
}
