import { element } from "../dom.js";

const SHOWN = 2000; // milliseconds for which a button says that it has copied

/** A button that copies `text`; `label` says what that is. */
export function copying(text, label) {
  const onclick = ({ currentTarget }) => copy(text, currentTarget);
  return element("button", { type: "button", class: "plain", title: label, onclick }, "Copy");
}

/** Copies `text`, and the button that asked for it says so for a moment. */
export async function copy(text, button) {
  button.dataset.words ??= button.textContent;
  button.textContent = (await copied(text)) ? "Copied" : "Not copied";
  setTimeout(() => (button.textContent = button.dataset.words), SHOWN);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedByHand(text);
  }
}

/** Browsers give the clipboard to secure pages only, and a server in the house may have no certificate. */
function copiedByHand(text) {
  const area = element("textarea", { class: "hidden", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
