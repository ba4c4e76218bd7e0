// What stands over the pictures: which slice, what it is, how it is looked at.
import { byId } from "../dom.js";
import { pictureOf } from "./pictures.js";
import { told } from "./windowing.js";
import { along, decision } from "./words.js";

export class Headline {
  constructor({ exam, view, stack }) {
    Object.assign(this, { exam, stack });
    view.on(["shown", "arrivals", "picture", "lost"], this.#number);
    if (exam.pictures) view.on(["picture", "windows", "zoom"], this.#look);
  }

  #number = ({ shown, picture, lost }) => {
    if (pictureOf(picture).projection && !lost) this.#all();
    else this.#one(shown, !this.stack || lost || this.stack.has(shown));
  };

  #all() {
    this.#say(`All ${this.exam.count} slices`, "", "");
  }

  /** `there`: nothing is waited for. */
  #one(shown, there) {
    const { position, fused } = this.exam.slices[shown - 1];
    const lies = position != null && along(position, this.exam.pictures?.slice_normal);
    const where = [lies, !there && "loading"].filter(Boolean).join(", ");
    this.#say(`Slice ${shown} of ${this.exam.count}`, decision(fused), where);
    byId("verdict").classList.toggle("yes", fused);
  }

  #say(number, verdict, where) {
    byId("number").textContent = number;
    byId("verdict").textContent = verdict;
    byId("verdict").className = "verdict";
    byId("where").textContent = where;
  }

  #look = ({ picture: name, windows, zoom }) => {
    const { of } = pictureOf(name);
    byId("look").textContent = `${told(windows[of])}, ${Math.round(100 * zoom)} %`;
  };
}
