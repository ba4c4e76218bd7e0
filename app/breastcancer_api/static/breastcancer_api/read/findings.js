// What was found, a button each.
import { byId, element } from "../dom.js";
import * as moves from "./moves.js";
import { answer, capital, place, ranges } from "./words.js";
import { copy } from "./copying.js";

const LIMITS = "A slice that is not listed may hold a tumour. This is no diagnosis and no outline.";

export class Findings {
  constructor({ exam, view, move }) {
    Object.assign(this, { exam, move });
    const { study } = exam;
    const array = `[${study.positive_slices.join(", ")}]`;
    byId("answer").textContent =
      `${answer(study)}${study.positive_slices.length ? `: ${ranges(study.positive_slices)}` : ""}`;
    byId("array").textContent = array;
    byId("copy").addEventListener("click", ({ currentTarget }) => copy(array, currentTarget));
    byId("limits").textContent = LIMITS;
    byId("warnings").replaceChildren(...study.warnings.map((each) => element("li", {}, each)));
    byId("findings").replaceChildren(...this.#rows());
    view.on(["shown"], this.#mark);
  }

  #rows() {
    if (!this.exam.findings.length) return [element("li", { class: "quiet" }, "None.")];
    return this.exam.findings.map((finding) => this.#row(finding));
  }

  #row(finding) {
    const { number, best_slice: best, peak, warnings } = finding;
    const button = element("button", { type: "button", onclick: () => this.move(moves.showFinding(finding)) }, [
      element("b", {}, String(number)),
      element("span", {}, [
        capital(place(finding)),
        element("small", {}, ` Best slice ${best}${peak?.curve_type ? `, ${peak.curve_type}` : ""}`),
      ]),
    ]);
    const odd =
      warnings.length > 0 &&
      element(
        "ul",
        { class: "warnings" },
        warnings.map((each) => element("li", {}, each)),
      );
    return element("li", {}, button, odd);
  }

  #mark = ({ shown }) => {
    this.exam.findings.forEach(({ first_slice: first, last_slice: last }, at) => {
      const here = first <= shown && shown <= last;
      byId("findings").children[at].firstElementChild.toggleAttribute("aria-current", false);
      if (here) byId("findings").children[at].firstElementChild.setAttribute("aria-current", "true");
    });
  };
}
