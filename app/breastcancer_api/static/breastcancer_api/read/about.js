// Whose study it is and what of it is known; the patient only when asked for.
import { byId, element } from "../dom.js";
import { getJson } from "../http.js";
import { exactly } from "../words.js";
import { passport } from "./passport.js";
import { remedy } from "./remedies.js";
import { day, person } from "./words.js";

const asIs = (text) => text;
// Name in the answer, name on the page, and how it is written.
const PATIENT = [
  ["patient_name", "Name", person],
  ["patient_id", "Patient id", asIs],
  ["patient_birth_date", "Born", day],
  ["study_date", "Examined", day],
  ["accession_number", "Accession", asIs],
];

export class About {
  constructor({ exam, address, page }) {
    Object.assign(this, { exam, address });
    byId("about").replaceChildren(...this.#facts());
    byId("erase").addEventListener("click", page.erase);
    byId("exam").addEventListener("toggle", () => this.#showPassport(), { once: true });
    byId("cards").addEventListener("click", () => byId("networks-open").click());
    this.#offer();
  }

  #facts() {
    const { id, created_at: sent, finished_at: read, networks } = this.exam.study;
    const facts = [
      ["Study", element("code", {}, id)],
      ["Sent", exactly(sent)],
      ["Read", exactly(read)],
      ...networks.map(({ role, name, version }) => [`Network, ${role}`, `${name} ${version}`]),
    ];
    return pairs(facts);
  }

  /** Nobody's name is on the screen until somebody asks for it. */
  #offer() {
    const button = element(
      "button",
      { type: "button", onclick: () => this.#showPatient(button) },
      "Show whose exam this is",
    );
    byId("patient").replaceChildren(
      button,
      element("p", { class: "quiet small" }, "That somebody looked is written down."),
    );
  }

  async #showPatient(button) {
    button.disabled = true;
    try {
      const told = await getJson(`${this.address}patient/`);
      const hide = element(
        "button",
        { type: "button", onclick: () => (this.#offer(), byId("patient").firstElementChild.focus()) },
        "Hide",
      );
      const facts = PATIENT.map(([name, title, written]) => [title, written(told[name]) || "not told"]);
      byId("patient").replaceChildren(element("dl", { class: "facts" }, pairs(facts)), hide);
      hide.focus();
    } catch (problem) {
      this.#say(byId("patient"), problem);
    }
  }

  async #showPassport() {
    const room = byId("exam-passport");
    try {
      room.replaceChildren(...passport(await getJson(`${this.address}passport/`)));
    } catch (problem) {
      if (problem.code !== "not_kept") return this.#say(room, problem);
      room.replaceChildren(
        element("p", { class: "quiet small" }, "Series and files are told for an hour after an exam was sent."),
      );
    }
  }

  #say(room, problem) {
    room.replaceChildren(
      element("p", { class: "bad small", role: "alert" }, `${problem.detail} ${remedy(problem.code)}`),
    );
  }
}

const pairs = (facts) => facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
