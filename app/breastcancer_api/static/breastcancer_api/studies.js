// The right half of the first page: what this person has sent.
import { byId, element } from "./dom.js";
import { erase } from "./erasing.js";
import { getJson } from "./http.js";
import { count, exactly, short, when, whole } from "./words.js";

const PAGE_SIZE = 25;
const POLL_SECONDS = 1.5; // while one of them runs
const TYPING_SECONDS = 0.25; // after which what was typed is searched for
const FINAL = ["done", "refused", "failed"];

let asked = new AbortController();
let timer;
let rows = new Map(); // id -> row, kept so that neither focus nor place is lost when figures change

export function start() {
  const query = new URLSearchParams(location.search);
  for (const name of ["search", "state", "page"]) byId(name).value = query.get(name) ?? (name === "page" ? 1 : "");
  byId("search").addEventListener("input", () => narrow(TYPING_SECONDS));
  byId("state").addEventListener("change", () => narrow(0));
  byId("newer").addEventListener("click", () => turn(-1));
  byId("older").addEventListener("click", () => turn(1));
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  refresh();
}

/** Asks for the list and shows it; while a study runs, again and again. */
export async function refresh() {
  clearTimeout(timer);
  asked.abort();
  asked = new AbortController();
  try {
    const list = await getJson(`/studies/?${queryOf({ page_size: PAGE_SIZE })}`, { signal: asked.signal });
    show(list);
    if (list.results.some(runs) && !document.hidden) timer = setTimeout(refresh, 1000 * POLL_SECONDS);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (problem.status === 404) return turnTo(1); // the page went with its last study
    trouble(problem);
  }
}

const runs = ({ state }) => !FINAL.includes(state);

function narrow(seconds) {
  clearTimeout(timer);
  timer = setTimeout(() => turnTo(1), 1000 * seconds);
}

const turn = (by) => turnTo(Number(byId("page").value) + by);

function turnTo(page) {
  byId("page").value = page;
  const query = queryOf({});
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  return refresh();
}

/** Of the fields that narrow the list down, those that do. */
function queryOf(more) {
  const query = new URLSearchParams(more);
  for (const name of ["search", "state"]) if (byId(name).value.trim()) query.set(name, byId(name).value.trim());
  if (byId("page").value > 1) query.set("page", byId("page").value);
  return query.toString();
}

function show({ count: all, next, previous, results }) {
  const narrowed = byId("search").value.trim() || byId("state").value;
  byId("count").textContent = all ? whole(all) : "";
  byId("studies").hidden = !all;
  byId("pager").hidden = !(next || previous);
  byId("newer").disabled = !previous;
  byId("older").disabled = !next;
  const none = narrowed ? "No study is like this." : "Nothing was sent yet. What you send stands here, latest first.";
  tell(all ? "" : none);
  const before = rows;
  rows = new Map(results.map((study) => [study.id, updated(before.get(study.id) ?? rowOf(study), study)]));
  place([...rows.values()].map(({ row }) => row));
}

/** Puts the rows in their order and touches none that stands right already. */
function place(wanted) {
  const body = byId("rows");
  for (const old of [...body.children]) if (!wanted.includes(old)) old.remove();
  wanted.forEach((row, index) => body.children[index] === row || body.insertBefore(row, body.children[index] ?? null));
}

function rowOf({ id, created_at }) {
  const state = element("td");
  const button = element("button", { type: "button", class: "plain", "aria-label": `Erase ${short(id)}` }, "Erase");
  const time = element("time", { datetime: created_at, title: exactly(created_at) }, when(created_at));
  const link = element("a", { href: `/read/${id}/`, class: "code", title: id }, short(id));
  const row = element("tr", {}, element("td", {}, time), element("th", { scope: "row" }, link), state, element("td", {}, button));
  return { row, state, button, shown: "" };
}

function updated(made, study) {
  const shown = inWords(study);
  if (made.shown !== shown) {
    const progress = study.state === "analysing" && element("progress", { value: study.progress, max: 1, "aria-label": `Progress of ${short(study.id)}` });
    made.state.replaceChildren(element("span", { class: `state ${study.state}` }, shown), progress || "");
    made.shown = shown;
  }
  made.button.onclick = () => remove(study);
  return made;
}

function inWords({ state, slice_count, slices_done }) {
  if (state === "queued") return "waits for its turn";
  if (state === "analysing") return `analysing, ${whole(slices_done)} of ${count(slice_count, "slice")}`;
  if (state === "done") return `done, ${count(slice_count, "slice")}`;
  return state;
}

async function remove(study) {
  const gone = await erase({ id: study.id, running: runs(study) });
  await refresh(); // also where the line broke and nobody knows
  if (gone) byId("earlier").focus(); // the button that had the focus is gone, too
}

function trouble(problem) {
  tell(problem.code === "offline" ? `${problem.title}. Trying again soon.` : `${problem.title}. ${problem.detail}`);
  if (problem.status === 400) byId("studies").hidden = true;
  if (problem.code === "offline") timer = setTimeout(refresh, 5000);
}

function tell(text) {
  if (byId("list-told").textContent !== text) byId("list-told").textContent = text;
}
