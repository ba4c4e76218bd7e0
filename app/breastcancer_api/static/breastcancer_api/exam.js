// What somebody dropped or chose -> one zip.
import { makeZip, predictLength } from "./vendor/client-zip.js";
import { Problem } from "./http.js";
import { count, size, whole } from "./words.js";

// What the form around a zip adds to the request, which is what the server's limit is of.
const FORM_BYTES = 4096;

/** The files of a drop with their paths: `{name, file}`. `found` hears how many there are so far. */
export async function dropped(transfer, found, signal) {
  // both lists are empty once this function has waited for anything
  const entries = [...transfer.items].map((each) => each.webkitGetAsEntry?.()).filter(Boolean);
  const loose = entries.length ? [] : [...transfer.files];
  const files = loose.map((file) => ({ name: file.name, file }));
  while (entries.length) {
    signal.throwIfAborted();
    const entry = entries.pop();
    if (entry.isDirectory) entries.push(...(await inside(entry)));
    else files.push({ name: entry.fullPath.replace(/^\//, ""), file: await fileOf(entry) });
    found(files.length);
  }
  return files;
}

/** The files of an `<input type="file">` in the same form. */
export const chosen = (input) =>
  [...input.files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));

/** Without what file managers leave behind and no exam needs. `limits` names that, in small letters. */
export function withoutClutter(files, limits) {
  return files.filter(({ name }) => {
    const parts = name.toLowerCase().split("/");
    const last = parts.pop();
    const clutter = limits.clutter_files.includes(last) || last.startsWith("._");
    return !clutter && !parts.some((each) => limits.clutter_folders.includes(each));
  });
}

/** The one zip among `files`, where that is all there is. */
export const onlyZip = (files) => (files.length === 1 && isZip(files[0].file) ? files[0].file : null);

/** Throws a Problem where the server would refuse these files, or this zip, for their number or size. */
export function checkFiles(files, limits) {
  if (!files.length) throw refusal("There is nothing to send", "The folder holds no file that an exam could need.");
  if (files.length > 1 && files.every(({ file }) => isZip(file)))
    throw refusal("One exam at a time", `These are ${whole(files.length)} zips. Send one, then the next.`);
  if (files.length > limits.files)
    throw refusal("Too many files", `There are ${whole(files.length)}; ${whole(limits.files)} are the most.`);
  checkSize(Number(predictLength(files.map(({ name, file }) => ({ name, size: file.size })))), limits);
}

export function checkSize(bytes, limits) {
  if (bytes + FORM_BYTES > limits.bytes)
    throw refusal(
      "The exam is larger than this server takes",
      `It is ${size(bytes)}; ${size(limits.bytes)} are the most. MAX_UPLOAD_MB on the server sets that.`,
    );
}

/** "640 files, 174 MB; 3 left out". */
export function told(files, leftOut) {
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  return `${count(files.length, "file")}, ${size(bytes)}${leftOut ? `; ${whole(leftOut)} of no use left out` : ""}`;
}

/**
 * The zip of `files`, stored and not deflated: DICOM is packed already or packs badly, and a line in a house is fast.
 * A Blob, which browsers keep on disk where it is large. `packed` hears of bytes. Throws a Problem with the file that
 * cannot be read; an AbortError when `signal` ends it.
 */
export async function zipped(files, packed, signal) {
  let bytes = 0;
  let current = "";
  function* members() {
    for (const { name, file } of files) {
      current = name;
      yield { name, input: file, lastModified: new Date(file.lastModified) };
    }
  }
  const meter = new TransformStream({
    transform(chunk, controller) {
      packed((bytes += chunk.byteLength));
      controller.enqueue(chunk);
    },
  });
  try {
    const stream = makeZip(members()).pipeThrough(meter, { signal });
    return await new Response(stream, { headers: { "Content-Type": "application/zip" } }).blob();
  } catch (error) {
    signal.throwIfAborted();
    const detail = `${error.message || error.name}. Was it moved, or is it open elsewhere?`;
    throw new Problem({ title: "A file cannot be read", code: "unreadable", errors: [{ file: current, detail }] });
  }
}

const isZip = (file) => /\.zip$/i.test(file.name);
const refusal = (title, detail) => new Problem({ title, detail, code: "not_sent" });
const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

async function inside(folder) {
  const reader = folder.createReader();
  const entries = [];
  // browsers hand over a hundred at a time, and none at the end
  for (let some; (some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length; )
    entries.push(...some);
  return entries;
}
