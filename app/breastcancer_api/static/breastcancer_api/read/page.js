// /read/<id>/: one study, from the moment it waits until it is erased. Shows one of three screens.
import { byId } from "../dom.js";
import { erase } from "../erasing.js";
import { showErased, showGone, showProblem, showTrouble } from "./ending.js";
import { openReader } from "./reader.js";
import { ended } from "./study.js";
import { Waiting } from "./waiting.js";

const SCREENS = ["waiting", "ended", "reading"];
const { id, address, networks, home } = byId("study").dataset;
const waiting = new Waiting(address);
let following = new AbortController();
let reader = null;
let over = false; // what still comes in is of no interest

function screen(shown) {
  for (const each of SCREENS) byId(each).hidden = each !== shown;
}

/** Says something to those who do not see the page change. */
function tell(words) {
  if (byId("told").textContent !== words) byId("told").textContent = words;
}

const line = (there) => (byId("line").hidden = there || over);

function end(show) {
  over = true;
  line(true);
  reader?.close();
  show();
  screen("ended");
  tell(byId("ended-title").textContent);
  byId("ended-title").focus();
}

function fail(problem) {
  if (over) return;
  const gone = problem.status === 404 || problem.code === "erased";
  end(() => (gone ? showGone(home) : showTrouble(problem)));
}

function told(study) {
  if (study.state === "done") return;
  waiting.show(study);
  screen("waiting");
  tell(byId("waiting-title").textContent);
}

async function follow() {
  following = new AbortController();
  const { signal } = following;
  try {
    const study = await ended(address, { told, line, signal });
    if (study.state === "done") await read(study);
    else end(() => showProblem(study.problem, id, home, study.state === "failed"));
  } catch (problem) {
    if (!signal.aborted) fail(problem);
  }
}

async function read(study) {
  performance.mark("breastwise-done");
  reader = await openReader(study, { address, networks }, { tell, line, gone: fail, erase: eraseNow });
  if (over) return reader.close();
  screen("reading");
  reader.start();
}

/** Asks first; nothing is asked for meanwhile, as it may be gone. Behind the receipt nothing of the study is left. */
async function eraseNow() {
  const running = !reader;
  following.abort();
  reader?.pause();
  const gone = await erase({ id, running, erased: () => end(() => showErased(home)) });
  if (gone) byId("ended-title").focus(); // it could not have the focus behind the receipt
  else if (running) follow();
  else reader.resume();
}

byId("cancel").addEventListener("click", eraseNow);
follow();
