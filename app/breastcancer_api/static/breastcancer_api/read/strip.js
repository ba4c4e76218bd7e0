// The whole stack as a strip: a column a slice, both networks' probabilities, what is positive, where findings lie.
import { byId, element } from "../dom.js";
import * as moves from "./moves.js";
import { curvePath, height, rowsOf, runs, sliceAt, ticks } from "./scale.js";
import { svg } from "./svg.js";
import { probability, spoken } from "./words.js";

const NETWORKS = ["scantype", "single"];
const ROW = 12; // pixels of a row of findings
const FOOT = 0.08; // of the height of the plot

export class Strip {
  constructor({ exam, view, move }) {
    Object.assign(this, { exam, move, node: byId("strip") });
    this.cursor = svg("rect", { class: "cursor", y: 0, width: 1, height: 1 });
    this.node.setAttribute("aria-valuemax", exam.count);
    this.node.append(this.#plot());
    this.values = new Map();
    byId("strip-key").append(...NETWORKS.map((role) => this.#key(role)), ...this.#otherKeys());
    byId("strip-below").append(...this.#brackets(), ...this.#numbers());
    this.#listen();
    view.on(["slice"], this.#point);
    view.on(["shown"], this.#tell);
  }

  #plot() {
    const { count, slices, positives, thresholds } = this.exam;
    const curve = (role) => {
      const heights = slices.map((each) => height(each[`${role}_probability`], thresholds[role]));
      return svg("path", { class: `curve ${role}`, d: curvePath(heights) });
    };
    return svg("svg", { viewBox: `0 0 ${count} 1`, preserveAspectRatio: "none", "aria-hidden": "true" }, [
      ...runs(positives).flatMap(([first, last]) => shade(first, last)),
      this.#line(),
      ...NETWORKS.toReversed().map(curve),
      this.cursor,
    ]);
  }

  #knowsThresholds() {
    return NETWORKS.every((role) => this.exam.thresholds[role] != null);
  }

  #line() {
    return this.#knowsThresholds() ? svg("path", { class: "threshold", d: `M0 0.5H${this.exam.count}` }) : null;
  }

  #key(role) {
    const value = element("b", {});
    const threshold = this.exam.thresholds[role];
    this.values.set(role, value);
    return element("span", { class: role }, [
      sample(svg("path", { class: `curve ${role}`, d: "M0 5H24" })),
      `${role} `,
      value,
      threshold != null && element("small", {}, ` from ${probability(threshold)}`),
    ]);
  }

  #otherKeys() {
    const line = sample(svg("path", { class: "threshold", d: "M0 5H24" }));
    return [
      element(
        "span",
        {},
        sample(
          svg("rect", { class: "positives", width: 24, height: 10 }),
          svg("rect", { class: "positives foot", y: 7, width: 24, height: 3 }),
        ),
        "positive",
      ),
      this.#knowsThresholds()
        ? element("span", {}, line, "threshold of both")
        : element("span", {}, "thresholds not known: other networks are in use now"),
    ];
  }

  #brackets() {
    const { findings, count } = this.exam;
    const rows = rowsOf(findings);
    byId("strip-below").style.setProperty("--rows", Math.max(0, ...rows.map((each) => each + 1)));
    return findings.map(({ number, first_slice: first, last_slice: last }, at) => {
      const node = element("span", { class: "bracket" }, String(number));
      node.style.left = `${(100 * (first - 1)) / count}%`;
      node.style.width = `${(100 * (last - first + 1)) / count}%`;
      node.style.top = `${ROW * rows[at]}px`;
      return node;
    });
  }

  #numbers() {
    const { count } = this.exam;
    return ticks(count).map((number) => {
      const node = element("span", { class: "tick" }, String(number));
      node.style.left = `${(100 * (number - 0.5)) / count}%`;
      return node;
    });
  }

  #listen() {
    const seek = ({ clientX }) => {
      const { left, width } = this.node.getBoundingClientRect();
      this.move(moves.toSlice(sliceAt((clientX - left) / width, this.exam.count)));
    };
    this.node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.node.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.node.addEventListener("pointermove", (event) => {
      if (this.node.hasPointerCapture(event.pointerId)) seek(event);
    });
    this.node.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.move(moves.step(Math.sign(event.deltaY || event.deltaX)));
      },
      { passive: false },
    );
  }

  #point = ({ slice }) => {
    this.cursor.setAttribute("x", slice - 1);
    this.node.setAttribute("aria-valuenow", slice);
    this.node.setAttribute("aria-valuetext", spoken(this.exam.slices[slice - 1], this.exam.count));
  };

  #tell = ({ shown }) => {
    const row = this.exam.slices[shown - 1];
    for (const [role, node] of this.values) node.textContent = probability(row[`${role}_probability`]);
  };
}

/** Of positive slices: tinted, with a foot that is seen without telling colours apart. */
const shade = (first, last) => [
  svg("rect", { class: "positives", x: first - 1, y: 0, width: last - first + 1, height: 1 }),
  svg("rect", { class: "positives foot", x: first - 1, y: 1 - FOOT, width: last - first + 1, height: FOOT }),
];

const sample = (...marks) => svg("svg", { class: "sample", viewBox: "0 0 24 10", "aria-hidden": "true" }, marks);
