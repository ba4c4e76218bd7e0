// The screen of a study that has no result: refused, failed, erased, or not there.
import { byId, element } from "../dom.js";
import { Problem } from "../http.js";
import { notice } from "../notice.js";
import { copying } from "./copying.js";
import { incidentOf, remedy } from "./remedies.js";

/** Why a study was refused or failed, with which files, and what to do. `study` is its id. */
export function showProblem(problem, study, home, failed) {
  show(failed ? "The study failed" : "The exam was refused", [
    notice(new Problem(problem)),
    element("section", { class: "advice" }, element("h2", {}, "What to do"), element("p", {}, remedy(problem.code))),
    failed && ids(problem, study),
    sendAgain(home, failed ? "Send it again" : "Send another exam"),
  ]);
}

/** What keeps this page from being shown; the study may be well. */
export function showTrouble(problem) {
  show("The study cannot be shown", [
    notice(problem),
    element("p", {}, remedy(problem.code)),
    element(
      "p",
      { class: "row" },
      element("button", { type: "button", class: "main", onclick: () => location.reload() }, "Load again"),
    ),
  ]);
}

export function showErased(home) {
  show("Erased", [
    element("p", {}, "Nothing of this study is kept here any more."),
    sendAgain(home, "Send another exam"),
  ]);
}

export function showGone(home) {
  show("There is no such study here", [
    element("p", {}, "It was erased, it was sent by somebody else, or its address is not right."),
    sendAgain(home, "To the studies that are here"),
  ]);
}

function show(title, content) {
  byId("ended-title").textContent = title;
  byId("ended-body").replaceChildren(...content.filter(Boolean));
  document.title = `${title} – BreastWise`;
}

function ids(problem, study) {
  const known = [
    ["Study", study],
    ["In the server's log", incidentOf(problem)],
  ].filter(([, id]) => id);
  const told = known.map(([name, id]) => [
    element("dt", {}, name),
    element("dd", {}, element("code", {}, id), copying(id, `Copy the id: ${name}`)),
  ]);
  return element("dl", { class: "facts" }, told);
}

const sendAgain = (home, words) =>
  element("p", { class: "row" }, element("a", { class: "button main", href: home }, words));
