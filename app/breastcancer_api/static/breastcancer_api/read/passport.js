// What was sent: the passes with their times, the geometry, what is odd and what is left out.
import { element } from "../dom.js";
import { count } from "../words.js";
import { geometry, number } from "./words.js";

const TITLES = { pre: "before contrast", "1st_pass": "1st pass", "2nd_pass": "2nd pass", "3rd_pass": "3rd pass" };

/** What the server's passport/ says, as elements. */
export function passport({ slice_count: slices, passes, geometry: stack, warnings, ignored, ignored_count: left }) {
  return [
    element("p", {}, [slices && count(slices, "slice"), stack && geometry(stack)].filter(Boolean).join(": "), "."),
    passes.length > 0 && table(passes),
    warnings.length > 0 &&
      element(
        "ul",
        { class: "warnings" },
        warnings.map((each) => element("li", {}, each)),
      ),
    ignored.length > 0 && leftOut(ignored, left),
  ].filter(Boolean);
}

function table(passes) {
  const heads = ["Pass", "Series", "After the first"].map((each) => element("th", { scope: "col" }, each));
  return element("table", { class: "passport" }, [
    element("thead", {}, element("tr", {}, heads)),
    element("tbody", {}, passes.map(row)),
  ]);
}

function row({ role, series_number: series, series_description: description, seconds_after_pre: seconds }) {
  return element("tr", {}, [
    element("th", { scope: "row" }, TITLES[role] ?? role),
    element(
      "td",
      {},
      [series, description].filter((each) => each != null && each !== "").join(" ") || "no description",
    ),
    element("td", { class: "number" }, seconds == null ? "not told" : `${number(seconds, 0)} s`),
  ]);
}

function leftOut(ignored, left) {
  return element("details", {}, [
    element("summary", {}, `${count(left, "thing")} left out`),
    element(
      "ul",
      {},
      ignored.map(({ label, reason }) => element("li", {}, reason ? `${label}: ${reason}` : label)),
    ),
  ]);
}
