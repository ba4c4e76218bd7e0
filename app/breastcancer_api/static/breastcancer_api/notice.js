import { element } from "./dom.js";
import { Problem } from "./http.js";

/** What went wrong, as a box: what, why, and with which files. Of what nobody foresaw the console has the rest. */
export function notice(error) {
  const { title, detail, errors } = error instanceof Problem ? error : unforeseen(error);
  const files = errors.map(({ file, detail: why }) =>
    element("li", {}, element("span", { class: "code" }, file), why && why !== detail && `: ${why}`),
  );
  return element(
    "div",
    { class: "notice problem", role: "alert" },
    element("strong", { class: "bad" }, title),
    detail && element("p", {}, detail),
    files.length > 0 && element("ul", { class: "files" }, files),
  );
}

function unforeseen(error) {
  console.error(error);
  return new Problem({ title: "This page failed", detail: `${error.name}: ${error.message}` });
}
