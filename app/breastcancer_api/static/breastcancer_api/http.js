// Every question to the server goes through here: one form of error, one way to wait, one way to sign in.

const SIGN_IN = "/session/login/";
const PATIENCE = 5; // times that a busy server is asked again
const LONGEST_WAIT = 60; // seconds before one of these times

/** What went wrong, as application/problem+json says it, or in the same fields where no answer came. */
export class Problem extends Error {
  constructor({ title, detail = "", code = "", status = 0, errors = [] }) {
    super(detail || title);
    Object.assign(this, { name: "Problem", title, detail, code, status, errors });
  }
}

export const offline = () =>
  new Problem({
    title: "The server cannot be reached",
    detail: "The line is broken, or the server is not running.",
    code: "offline",
  });

/** The answer, which is ok. Throws Problem; an AbortError when `signal` ends it. GET waits while the server is busy. */
export async function get(url, { signal } = {}) {
  for (let left = PATIENCE; ; left--) {
    const response = await answered(url, { signal, headers: accepting() });
    if (response.ok) return response;
    if (!left || !isBusy(response.status)) throw await refused(response);
    await pause(Math.min(retryAfter(response.headers.get("Retry-After")), LONGEST_WAIT), signal);
  }
}

export async function getJson(url, options) {
  return (await get(url, options)).json();
}

/** The body of the answer as JSON, null where there is none. Throws Problem. */
export async function send(method, url, body, headers = {}) {
  const response = await answered(url, { method, body, headers: { ...accepting(), ...csrf(), ...headers } });
  if (!response.ok) throw await refused(response);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

export const accepting = () => ({ Accept: "application/json" });

/** Read anew each time: somebody who signs in on another tab has another token. */
export function csrf() {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  return token ? { "X-CSRFToken": token } : {};
}

export const isBusy = (status) => status === 503 || status === 429;

/** Seconds, of the value of a header that may not be there. */
export const retryAfter = (value) => Math.max(1, Number(value) || 5);

/** Throws an AbortError when `signal` ends it. */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, 1000 * seconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

/** The Problem of an answer with this status and text; who is not signed in any more is sent to where one does. */
export function problemOf(status, text) {
  if (status === 401) signIn();
  try {
    const { title, detail, code, errors } = JSON.parse(text);
    if (title) return new Problem({ title, detail, code, status, errors });
  } catch {
    // not from this server
  }
  return new Problem({ title: `The server answered with ${status}`, status });
}

async function answered(url, options) {
  try {
    return await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    throw error instanceof TypeError ? offline() : error;
  }
}

async function refused(response) {
  return problemOf(response.status, await response.text());
}

function signIn() {
  const here = location.pathname + location.search;
  location.assign(`${SIGN_IN}?next=${encodeURIComponent(here)}`);
}
