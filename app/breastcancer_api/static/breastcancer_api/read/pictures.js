// What a pane can show. `of` names the window that it is looked at through; `passes` are the panes, each a pass by its
// index, `less` true for what it has more than the pass before contrast.

import { capital } from "./words.js";

export const PICTURES = [
  { name: "four", short: "Four", title: "Four passes", of: "pass", passes: [0, 1, 2, 3] },
  { name: "pre", short: "Pre", title: "Before contrast", of: "pass", passes: [0] },
  { name: "1st_pass", short: "1st", title: "1st pass", of: "pass", passes: [1] },
  { name: "2nd_pass", short: "2nd", title: "2nd pass", of: "pass", passes: [2] },
  { name: "3rd_pass", short: "3rd", title: "3rd pass", of: "pass", passes: [3] },
  {
    name: "1st_subtraction",
    short: "Sub 1",
    title: "1st pass less before",
    of: "subtraction",
    passes: [1],
    less: true,
  },
  {
    name: "2nd_subtraction",
    short: "Sub 2",
    title: "2nd pass less before",
    of: "subtraction",
    passes: [2],
    less: true,
  },
  {
    name: "3rd_subtraction",
    short: "Sub 3",
    title: "3rd pass less before",
    of: "subtraction",
    passes: [3],
    less: true,
  },
  {
    name: "projection",
    short: "MIP",
    title: "MIP of 1st pass less before",
    of: "subtraction",
    passes: [1],
    projection: true,
  },
];

export const FIRST = "1st_pass";

const byName = new Map(PICTURES.map((each) => [each.name, each]));

export const pictureOf = (name) => byName.get(name);

/** What stands over the pane of pass `index`; `passes` are those of the server's pictures/. */
export function titleOf(picture, index, passes) {
  if (picture.less || picture.projection) return picture.title;
  const { title, seconds } = passes[index];
  const time = index && seconds != null ? `, after ${Math.round(seconds)} s` : "";
  return capital(title) + time;
}
