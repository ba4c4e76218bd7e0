// The dialog with the cards of the networks in use, as GET /networks/ has them.
import { byId, element } from "./dom.js";
import { getJson } from "./http.js";
import { count, whole } from "./words.js";

const INPUT = { single: "reads each slice before contrast", scantype: "reads the three passes of each slice" };
const FIGURES = [
  ["slice_auc", "Slices: area under the curve"],
  ["slice_auc_below_10_mm", "the same, tumours under 10 mm"],
  ["sensitivity", "Slices: sensitivity"],
  ["specificity", "Slices: specificity"],
  ["exam_auc", "Exams: area under the curve"],
  ["exam_sensitivity", "Exams: sensitivity"],
  ["exam_specificity", "Exams: specificity"],
];

const sheet = byId("networks");
byId("networks-open")?.addEventListener("click", open);

async function open() {
  sheet.showModal();
  const body = byId("networks-cards");
  if (body.dataset.filled) return;
  body.replaceChildren(element("p", { class: "quiet", role: "status" }, "Asking for the cards"));
  try {
    const cards = await getJson(sheet.dataset.address);
    body.replaceChildren(...cards.map(cardOf), ...figuresOf(cards));
    body.dataset.filled = "yes";
  } catch (problem) {
    body.replaceChildren(element("p", { class: "bad", role: "alert" }, `${problem.title}. ${problem.detail}`));
  }
}

function cardOf(card) {
  return element(
    "section",
    { class: "card" },
    element("h3", {}, card.role, element("span", { class: "quiet" }, ` ${INPUT[card.role] ?? ""}`)),
    element(
      "dl",
      { class: "facts" },
      fact("Name", `${card.name} ${card.version}`),
      fact("Weights", element("span", { class: "code wraps" }, `SHA-256 ${card.weights_sha256}`)),
      fact("Trained on", trainedOn(card.made_by)),
      fact("Decides", decides(card, card.made_by.calibrated)),
      fact("Intended use", card.intended_use),
    ),
  );
}

const fact = (name, ...value) => [element("dt", {}, name), element("dd", {}, value)];

/** "synthetic exams (phantoms): five runs of 1,800 to 3,000 exams". */
function trainedOn(made) {
  const runs = [];
  for (let run = made; run && typeof run === "object" && Object.keys(run).length; run = run.started_from) runs.push(run);
  if (!runs.length) return "not known";
  const kinds = new Set(runs.map(({ data }) => kindOf(data)));
  const sizes = runs.map(({ data }) => data?.exams?.training).filter(Boolean);
  const range = sizes.length ? [...new Set([Math.min(...sizes), Math.max(...sizes)])].map(whole).join(" to ") : "an unknown number of";
  return `${[...kinds].join(", ")}: ${count(runs.length, "run")} of ${range} exams each`;
}

function kindOf(data) {
  const kind = data?.source?.kind ?? "not known";
  return kind === "phantoms" ? "synthetic exams (phantoms)" : kind;
}

function decides({ threshold }, calibrated) {
  const from = threshold == null ? "positive where that class has the largest logit" : `positive from a probability of ${Number(threshold.toPrecision(3))}`;
  return calibrated ? `${from}, calibrated on ${count(calibrated.exams, "exam")}` : from;
}

/** A table of both networks and of what they decide together, and what that means in words. */
function figuresOf(cards) {
  const found = cards.map((card) => card.figures.evaluation);
  if (!found.every(Boolean)) return [element("p", { class: "notice warn" }, "A card holds no figures: what these networks are worth is not known.")];
  const columns = [...found, found.at(-1).fused];
  const rows = FIGURES.filter(([name]) => columns.some((each) => each?.[name])).map(([name, title]) =>
    element("tr", {}, element("th", { scope: "row" }, title), columns.map((each) => element("td", {}, figure(each?.[name])))),
  );
  const heads = [...cards.map(({ role }) => role), "both fused"];
  const { counts, data } = found.at(-1);
  return [
    element("h3", {}, "Figures"),
    element("p", { class: "quiet" }, `On ${count(counts.exams_judged, "exam")} kept apart, ${whole(counts.exams_with_tumour)} with a tumour; ${kindOf(data)}. 95 % intervals.`),
    limitsOf(found.at(-1).fused),
    element(
      "div",
      { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Figures" },
      element(
        "table",
        { class: "figures" },
        element("thead", {}, element("tr", {}, element("td"), heads.map((each) => element("th", { scope: "col" }, each)))),
        element("tbody", {}, rows),
      ),
    ),
  ];
}

/** The figures that matter most to a reader, without a word of statistics. */
function limitsOf({ exam_sensitivity: seen, exam_specificity: clear }) {
  if (seen?.value == null || clear?.value == null) return "";
  const missed = Math.round(100 * (1 - seen.value));
  const alarms = Math.round(100 * (1 - clear.value));
  return element("p", { class: "notice warn" }, `Limits, on such exams: of 100 with a tumour they miss ${missed}; of 100 without, they call ${alarms} positive.`);
}

function figure(told) {
  if (told?.value == null) return "–";
  const [low, high] = told.interval_95 ?? [];
  return [told.value.toFixed(2), low == null ? "" : element("span", { class: "quiet" }, ` ${low.toFixed(2)}–${high.toFixed(2)}`)];
}
