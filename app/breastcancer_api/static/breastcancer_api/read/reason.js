// Why the slice is positive or not.
import { byId, element } from "../dom.js";
import { capital, decision, probability } from "./words.js";

const NETWORKS = ["scantype", "single"];

export class Reason {
  constructor({ exam, view }) {
    this.exam = exam;
    view.on(["shown"], this.#show);
  }

  #show = ({ shown }) => {
    const row = this.exam.slices[shown - 1];
    const finding = this.exam.findings.filter((each) => each.first_slice <= shown && shown <= each.last_slice);
    byId("reason-title").textContent = `Slice ${shown}: ${decision(row.fused)}`;
    byId("reason").replaceChildren(
      element(
        "table",
        { class: "says" },
        element(
          "tbody",
          {},
          NETWORKS.map((role) => this.#line(row, role)),
        ),
      ),
      element("p", { class: "small" }, `${capital(row.reason)}.`),
      ...finding.map(({ number }) => element("p", { class: "small quiet" }, `Part of finding ${number}.`)),
    );
  };

  #line(row, role) {
    const threshold = this.exam.thresholds[role];
    return element("tr", { class: role }, [
      element("th", { scope: "row" }, role),
      element("td", { class: "number" }, probability(row[`${role}_probability`])),
      element("td", {}, decision(row[`${role}_decision`])),
      element("td", { class: "quiet number" }, threshold == null ? "" : `from ${probability(threshold)}`),
    ]);
  }
}
