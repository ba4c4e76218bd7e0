// A study is erased: asked first, and the receipt shown.
import { element } from "./dom.js";
import { send } from "./http.js";
import { count, exactly, size, short } from "./words.js";

/**
 * Asks, erases and shows the receipt. True once the study is gone, when the dialog is closed; `erased()` is called as
 * soon as it is, so that nothing of it stands behind the receipt.
 */
export function erase({ id, running, erased = () => {} }) {
  const sheet = element("dialog", { class: "sheet", "aria-labelledby": "erase-title" });
  let gone = false;
  const close = element("button", { type: "button", onclick: () => sheet.close() }, "Keep it");
  const go = element("button", { type: "button", class: "danger", onclick: confirmed }, "Erase");

  function fill(title, ...body) {
    sheet.replaceChildren(
      element("div", { class: "sheet-head" }, element("h2", { id: "erase-title", tabindex: "-1" }, title)),
      element("div", { class: "sheet-body" }, body),
    );
  }

  async function confirmed() {
    go.disabled = close.disabled = true;
    try {
      const receipt = await send("DELETE", `/studies/${id}/`);
      gone = true;
      fill("Erased", receiptOf(receipt), element("div", { class: "row end" }, copying(receipt), close));
    } catch (problem) {
      gone = problem.status === 404;
      const title = gone ? "It was erased before" : problem.title;
      fill(title, element("p", { role: "alert" }, gone ? "There is nothing left of it." : problem.detail), element("div", { class: "row end" }, close));
    }
    if (gone) erased();
    close.disabled = false;
    close.textContent = "Close";
    close.focus();
  }

  fill(
    `Erase study ${short(id)}?`,
    element("p", {}, `${running ? "It is not read to the end. " : ""}Its numbers, pictures and reports go for good. A receipt says what that was.`),
    element("div", { class: "row end" }, close, go),
  );
  document.body.append(sheet);
  sheet.showModal();
  close.focus(); // not on what erases
  return new Promise((resolve) => sheet.addEventListener("close", () => (sheet.remove(), resolve(gone)), { once: true }));
}

function receiptOf({ study, erased_at, rows, files }) {
  const fact = (name, ...value) => [element("dt", {}, name), element("dd", {}, value)];
  return element(
    "dl",
    { class: "facts" },
    fact("Study", element("span", { class: "code" }, study)),
    fact("Erased", exactly(erased_at)),
    fact("Rows", `${count(rows.studies, "study", "studies")}, ${count(rows.slices, "slice")}`),
    fact("Files", files.length ? element("ul", { class: "files" }, files.map(fileOf)) : "none"),
  );
}

function fileOf({ name, bytes, sha256 }) {
  const hash = element("span", { class: "code quiet", title: sha256 }, `SHA-256 ${sha256.slice(0, 16)}`);
  return element("li", {}, element("span", { class: "code" }, name), ` ${size(bytes)} `, hash);
}

function copying(receipt) {
  if (!navigator.clipboard) return null; // browsers have it on https and localhost only
  const button = element("button", { type: "button", onclick: copy }, "Copy the receipt");
  async function copy() {
    await navigator.clipboard.writeText(JSON.stringify(receipt, null, 2));
    button.textContent = "Copied";
  }
  return button;
}
