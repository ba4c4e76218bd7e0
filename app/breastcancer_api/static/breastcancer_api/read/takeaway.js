// The result in the forms that people and hospitals read.
import { byId, element } from "../dom.js";
import { get } from "../http.js";
import { remedy } from "./remedies.js";

// Which of the study's links, what it is, and whether it is made from the pictures.
const FORMS = [
  ["results_csv", "CSV", "a line a slice", false],
  ["results_json", "JSON", "the study with all its slices", false],
  ["results_pdf", "PDF", "a report of one or two pages", true],
  ["structured_report", "DICOM SR", "structured report", true],
  ["heatmap", "Heat, scantype", "parametric map", true],
  ["overlays", "Overlays, scantype", "DICOM images, zip", true],
  ["heatmap_single", "Heat, single", "parametric map", true],
  ["overlays_single", "Overlays, single", "DICOM images, zip", true],
  ["montage", "Montage", "positive slices as one picture", true],
];
const LATER = 60_000; // milliseconds after which a browser has certainly begun to save

export class TakeAway {
  constructor({ exam, page }) {
    Object.assign(this, { exam, page });
    byId("take").replaceChildren(...FORMS.filter(([name]) => exam.study.links[name]).map((form) => this.#link(form)));
  }

  #link([name, title, words, needsPictures]) {
    const href = new URL(this.exam.study.links[name]).pathname;
    const onclick = (event) => {
      event.preventDefault();
      this.#take(href, title, event.currentTarget);
    };
    const gone = needsPictures && !this.exam.pictures;
    const link = element("a", { href, onclick, download: true }, title);
    return element(
      "li",
      {},
      gone ? element("span", { class: "quiet" }, title) : link,
      element("small", {}, gone ? " needs the pictures" : ` ${words}`),
    );
  }

  async #take(href, title, link) {
    if (link.getAttribute("aria-busy") === "true") return;
    link.setAttribute("aria-busy", "true");
    this.#say(`${title} is being made.`);
    try {
      const answer = await get(href);
      save(await answer.blob(), nameOf(answer, href));
      this.#say(`${title} is saved.`);
    } catch (problem) {
      this.#say(`${title}: ${problem.detail || problem.title} ${remedy(problem.code)}`, true);
    }
    link.removeAttribute("aria-busy");
  }

  #say(words, bad = false) {
    byId("take-told").textContent = words;
    byId("take-told").classList.toggle("bad", bad);
  }
}

function save(blob, name) {
  const href = URL.createObjectURL(blob);
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), LATER);
}

/** The name that the server gives the file, else the end of its address. */
function nameOf(answer, href) {
  const told = answer.headers.get("Content-Disposition")?.match(/filename="([^"]+)"/)?.[1];
  return told ?? `breastwise-${href.split("/").at(-1)}`;
}
