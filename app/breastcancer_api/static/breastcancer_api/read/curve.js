// How the tissue at a place takes up contrast.
import { byId, element } from "../dom.js";
import { getJson } from "../http.js";
import { chart } from "./chart.js";
import { curveOf } from "./moves.js";
import { remedy } from "./remedies.js";
import { inPatient, kinetics } from "./words.js";

const SETTLED = 150; // milliseconds without movement until a curve is asked for
const HINT = "Click on a picture, or press K, to see how the tissue there takes up contrast.";
const RELATIVE = "Brightness relative to before contrast";

export class Curve {
  #settling = 0;
  #asking = null;

  constructor({ exam, address, view }) {
    Object.assign(this, { exam, address });
    view.on(["place", "shown"], this.#changed);
  }

  close() {
    clearTimeout(this.#settling);
    this.#asking?.abort();
  }

  #changed = ({ place, shown }) => {
    this.close();
    if (!place) return this.#say(this.exam.pictures ? HINT : "Choose a finding to see its curve.");
    if (!this.exam.pictures) return this.#showKnown(place, shown);
    this.#say("…");
    this.#settling = setTimeout(() => this.#ask(place, shown), SETTLED);
  };

  async #ask({ row, column }, slice) {
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    try {
      const curve = await getJson(`${this.address}slices/${slice}/curve/?row=${row}&column=${column}`, { signal });
      this.#show(
        `Slice ${slice}, row ${row}, column ${column}`,
        curve.seconds,
        curve.brightness,
        kinetics(curve),
        curve.patient_position,
      );
    } catch (problem) {
      if (!signal.aborted) this.#say(`${problem.detail} ${remedy(problem.code)}`);
    }
  }

  /** What the numbers tell where pictures are gone. */
  #showKnown({ row, column }, slice) {
    const isHere = (curve) => curve.row === row && curve.column === column;
    const peak = this.exam.findings.find((each) => each.best_slice === slice && each.peak && isHere(curveOf(each.peak)))
      ?.peak;
    if (!peak) return this.#say("Pictures are not kept: the curves of findings are known, and no others.");
    this.#show(
      `Slice ${slice}, row ${row}, column ${column}. ${RELATIVE}`,
      null,
      peak.curve,
      kinetics({ delayed_change: null, ...peak }),
      null,
    );
  }

  #show(where, seconds, brightness, words, position) {
    byId("curve").replaceChildren(
      chart(seconds, brightness),
      element("p", { class: "small" }, words),
      element("p", { class: "small quiet" }, position ? `${where}; ${inPatient(position)}.` : `${where}.`),
    );
  }

  #say(words) {
    if (byId("curve").textContent === words) return; // as from slice to slice
    byId("curve").replaceChildren(element("p", { class: "small quiet" }, words));
  }
}
