// One exam -> one study, however often the line breaks.
import { accepting, csrf, isBusy, offline, pause, problemOf, retryAfter } from "./http.js";

const BACK_OFF = [1, 2, 4, 8, 15, 30]; // seconds before each new try, the last one for all that follow
const SILENCE_SECONDS = 30; // without a byte that leaves, the line counts as broken
const PASSING = new Set([0, 502, 504]); // no answer, or a proxy's that there was none

/**
 * The study that `POST /studies/` makes of `archive`, a Blob.
 * `told.sent(bytes, all)`, each second at least; `told.arrived()` once all bytes are; before another try, each second,
 * `told.waiting(problem, seconds, hurry)`, where `hurry()` ends the wait.
 * Throws the Problem of a refusal; an AbortError when `signal` ends it.
 */
export async function upload(archive, fields, told, signal) {
  const key = newKey(); // the same in every try: the server makes one study of them
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    try {
      return await attempt(archive, fields, key, told, signal);
    } catch (problem) {
      const seconds = secondsUntilNextTry(problem, tries);
      if (!seconds) throw problem;
      await countDown(problem, seconds, told, signal);
    }
  }
}

/** Null where another try would end alike. */
export function secondsUntilNextTry(problem, tries) {
  if (isBusy(problem.status)) return problem.seconds;
  return PASSING.has(problem.status) ? BACK_OFF[Math.min(tries, BACK_OFF.length - 1)] : null;
}

/** As `crypto.randomUUID`, which browsers have on https and localhost only. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
}

/** One try. XMLHttpRequest, as fetch does not tell how much of a body has left. */
function attempt(archive, fields, key, told, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let last = { loaded: 0, total: archive.size, at: Date.now() };
    const tick = setInterval(look, 1000);
    const cancel = () => (request.abort(), reject(signal.reason));

    function look() {
      told.sent(last.loaded, last.total);
      if (Date.now() - last.at > 1000 * SILENCE_SECONDS) (request.abort(), reject(offline()));
    }

    request.upload.onprogress = ({ loaded, total }) => ((last = { loaded, total, at: Date.now() }), look());
    request.upload.onload = () => (clearInterval(tick), told.arrived());
    request.onerror = () => reject(offline());
    request.onload = () => (request.status === 202 ? resolve(JSON.parse(request.responseText)) : reject(refused(request)));
    request.onloadend = () => (clearInterval(tick), signal.removeEventListener("abort", cancel));
    signal.addEventListener("abort", cancel);
    request.open("POST", "/studies/");
    const headers = { ...accepting(), ...csrf(), Prefer: "respond-async", "Idempotency-Key": key };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(form(archive, fields));
  });
}

function form(archive, fields) {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.append(name, value);
  made.append("file", archive, "exam.zip"); // the name of a file may be a patient's
  return made;
}

function refused(request) {
  const problem = problemOf(request.status, request.responseText);
  problem.seconds = retryAfter(request.getResponseHeader("Retry-After"));
  return problem;
}

/** Ends early where the line comes back, or somebody does not want to wait. */
async function countDown(problem, seconds, told, signal) {
  const early = new AbortController();
  const hurry = () => early.abort();
  addEventListener("online", hurry);
  try {
    for (let left = seconds; left > 0 && !early.signal.aborted; left--) {
      told.waiting(problem, left, hurry);
      await pause(1, AbortSignal.any([early.signal, signal])).catch(() => signal.throwIfAborted());
    }
  } finally {
    removeEventListener("online", hurry);
  }
}
