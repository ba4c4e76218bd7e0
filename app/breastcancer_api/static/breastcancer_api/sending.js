// The left half of the first page: an exam is chosen, packed and sent, in words at every step.
import { byId, element } from "./dom.js";
import { checkFiles, checkSize, chosen, dropped, onlyZip, told, withoutClutter, zipped } from "./exam.js";
import { get } from "./http.js";
import { notice } from "./notice.js";
import { upload } from "./upload.js";
import { count, duration, size, whole } from "./words.js";

const SPEED_SECONDS = 4; // over which speed is averaged

/** `left` is called when a study may have come about without this page knowing its id. */
export function listen(limits, left) {
  const busy = () => !byId("sending").hidden;
  const start = (gather) => busy() || run(gather, limits, left);

  byId("zip").addEventListener("change", ({ target }) => start(once(target)));
  byId("folder").addEventListener("change", ({ target }) => start(once(target)));
  byId("synthetic").addEventListener("click", () => start(synthetic));
  // anywhere on the page: a drop that misses would open the zip in place of the page
  addEventListener("dragover", (event) => (event.preventDefault(), byId("drop").classList.toggle("over", !busy())));
  addEventListener("dragleave", ({ relatedTarget }) => relatedTarget ?? byId("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    byId("drop").classList.remove("over");
    start((signal) => dropped(event.dataTransfer, (found) => figures(`${count(found, "file")} so far`), signal));
  });
}

/** From what `gather` finds to the page of its study. */
async function run(gather, limits, left) {
  const cancel = new AbortController();
  const stop = () => cancel.abort();
  byId("cancel").onclick = stop;
  addEventListener("beforeunload", ask);
  show("sending");
  try {
    const archive = await packed(await gather(cancel.signal), limits, cancel.signal);
    const study = await upload(archive, passes(), teller(), cancel.signal);
    step("The exam is there. Its page opens.");
    removeEventListener("beforeunload", ask);
    location.assign(`/read/${study.id}/`);
  } catch (problem) {
    show("choosing");
    report(problem);
    left();
  } finally {
    removeEventListener("beforeunload", ask);
  }
}

const ask = (event) => event.preventDefault();

/** What an input holds now; the same folder may be chosen again. */
function once(input) {
  const files = chosen(input);
  input.value = "";
  return () => files;
}

async function synthetic(signal) {
  step("Making a synthetic exam");
  const response = await get("/synthetic.zip", { signal });
  return [{ name: "synthetic.zip", file: new File([await response.blob()], "synthetic.zip") }];
}

async function packed(all, limits, signal) {
  const files = withoutClutter(all, limits);
  const zip = onlyZip(files);
  if (zip) {
    checkSize(zip.size, limits);
    about(`A zip of ${size(zip.size)}`);
    return zip;
  }
  checkFiles(files, limits);
  about(told(files, all.length - files.length));
  step("Packing the folder");
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const archive = await zipped(files, (done) => bar(done, bytes, `${size(done)} of ${size(bytes)}`), signal);
  checkSize(archive.size, limits);
  return archive;
}

/** What `upload` tells, in words. */
function teller() {
  let speed;
  step("Sending");
  return {
    sent(bytes, all) {
      if (!bytes || !speed) {
        speed = speedometer();
        step("Sending");
      }
      const rate = speed(bytes);
      const rest = rate > 0 ? ` · ${size(rate)}/s · ${duration((all - bytes) / rate)} left` : rate === 0 ? " · the line stands still" : "";
      bar(bytes, all, `${whole((100 * bytes) / all)} % · ${size(bytes)} of ${size(all)}${rest}`);
    },
    arrived() {
      step("Sent. The server takes it in.");
    },
    waiting(problem, seconds, hurry) {
      speed = undefined;
      const why = reasonToWait(problem);
      stage(`${why} Trying again in ${duration(seconds)}.`, why);
      figures("Nothing is sent twice: the server knows this exam by its key.");
      byId("bar").value = 0;
      byId("hurry").hidden = false;
      byId("hurry").onclick = hurry;
    },
  };
}

function reasonToWait({ status, code }) {
  if (status === 429) return "More exams than this server takes in a short time.";
  if (code === "busy") return "The server is busy with other exams.";
  if (status) return "The server is starting anew.";
  return navigator.onLine ? "The line broke." : "This computer is offline.";
}

/** A function of the bytes so far that tells bytes per second over the last few seconds; null before it knows. */
export function speedometer(now = () => performance.now() / 1000) {
  const samples = [];
  return (bytes) => {
    samples.push({ at: now(), bytes });
    while (samples.length > 2 && samples.at(-1).at - samples[0].at > SPEED_SECONDS) samples.shift();
    const [first, last] = [samples[0], samples.at(-1)];
    const seconds = last.at - first.at;
    return seconds > 0.5 ? (last.bytes - first.bytes) / seconds : null;
  };
}

/** Which series is which, where somebody has said so. */
function passes() {
  const fields = [...byId("passes").querySelectorAll("input")].map((each) => [each.name, each.value.trim()]);
  return Object.fromEntries(fields.filter(([, value]) => value));
}

// what is shown

function show(part) {
  byId("choosing").hidden = part !== "choosing";
  byId("sending").hidden = part !== "sending";
  byId("told").replaceChildren();
  if (part === "sending") {
    about("");
    step("Looking at what there is to send");
    byId("cancel").focus(); // what had the focus is hidden now
  } else {
    byId("zip").focus();
  }
}

function report(problem) {
  if (problem.name === "AbortError") {
    const text = "Cancelled. If the server had all of it already, it stands among the earlier studies.";
    byId("told").replaceChildren(element("p", { class: "notice quiet", role: "status" }, text));
  } else {
    byId("told").replaceChildren(notice(problem));
  }
}

/** A new step, said aloud; how long it takes is not known yet. */
function step(text, detail = "") {
  stage(text, text);
  byId("bar").removeAttribute("value");
  byId("hurry").hidden = true;
  figures(detail);
}

function stage(shown, spoken) {
  byId("stage").textContent = shown;
  say(spoken);
}

/** To those who hear the page: once, and no figure that changes by the second. */
function say(text) {
  if (byId("said").textContent !== text) byId("said").textContent = text;
}

function bar(value, most, text) {
  Object.assign(byId("bar"), { max: most, value });
  figures(text);
}

const figures = (text) => (byId("figures").textContent = text);
const about = (text) => (byId("about").textContent = text);
