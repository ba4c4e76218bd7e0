// Figures in words, the same on all pages. 1 MB is 1,000,000 bytes, as in the server's limits.

const LOCALE = "en-GB"; // the pages are English, and hours count to 24
const number = new Intl.NumberFormat(LOCALE);

export const whole = (value) => number.format(Math.round(value));

/** "1 file", "640 files". */
export const count = (value, noun, nouns = `${noun}s`) => `${whole(value)} ${value === 1 ? noun : nouns}`;

/** "140 kB", "8.4 MB", "174 MB". */
export function size(bytes) {
  if (bytes < 1e6) return `${whole(Math.ceil(bytes / 1e3))} kB`;
  return `${bytes < 1e7 ? (bytes / 1e6).toFixed(1) : whole(bytes / 1e6)} MB`;
}

/** "9 s", "2 min 10 s", "1 h 5 min". */
export function duration(seconds) {
  const s = Math.ceil(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** "14:03" of today, "28 Nov 14:03" of this year, "28 Nov 2025" of another. */
export function when(time, now = new Date()) {
  const at = new Date(time);
  const clock = { hour: "2-digit", minute: "2-digit" };
  const day = { day: "numeric", month: "short" };
  if (at.toDateString() === now.toDateString()) return at.toLocaleTimeString(LOCALE, clock);
  if (at.getFullYear() === now.getFullYear())
    return `${at.toLocaleDateString(LOCALE, day)} ${at.toLocaleTimeString(LOCALE, clock)}`;
  return at.toLocaleDateString(LOCALE, { ...day, year: "numeric" });
}

/** "28 November 2026 at 14:03:09". */
export const exactly = (time) => new Date(time).toLocaleString(LOCALE, { dateStyle: "long", timeStyle: "medium" });

/** The beginning of a study's id, enough to tell it from others. */
export const short = (id) => id.slice(0, 8);
