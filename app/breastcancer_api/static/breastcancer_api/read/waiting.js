// The screen of a study that is not read yet: how far it is, and what was sent as soon as that is known.
import { byId } from "../dom.js";
import { getJson } from "../http.js";
import { passport } from "./passport.js";
import { progress } from "./words.js";

export class Waiting {
  #asked = false;

  constructor(address) {
    this.address = address;
  }

  show(study) {
    const [title, words] = progress(study);
    const percent = Math.round(100 * study.progress);
    byId("waiting-title").textContent = title;
    byId("waiting-words").textContent = words;
    if (study.state === "analysing") this.#showAnalysing(study.progress);
    else byId("waiting-bar").removeAttribute("value"); // how long it takes is not known
    document.title = `${title} ${percent ? `${percent} % ` : ""}– BreastWise`;
  }

  #showAnalysing(share) {
    byId("waiting-bar").value = share;
    this.#showPassport();
  }

  async #showPassport() {
    if (this.#asked) return;
    this.#asked = true;
    try {
      byId("waiting-passport").replaceChildren(...passport(await getJson(`${this.address}passport/`)));
    } catch {
      this.#asked = false; // not there yet, or not any more: what waits is the result
    }
  }
}
