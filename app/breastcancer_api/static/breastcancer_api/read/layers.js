// The choice of what lies over the picture, with its legend.
import { byId, element } from "../dom.js";
import * as moves from "./moves.js";
import { remedy } from "./remedies.js";
import { choices, choose } from "./tools.js";
import { capital } from "./words.js";

const NONE = [null, "None"];

export class Layers {
  constructor({ exam, view, covers, move }) {
    Object.assign(this, { exam, covers });
    const named = exam.layers.map(({ name, title }) => [name, capital(title)]);
    choices(byId("layers"), [NONE, ...named], (name) => move(moves.showLayer(name)));
    byId("opacity").addEventListener("input", ({ target }) => view.set({ opacity: target.value / 100 }));
    view.on(["layer"], this.#choose);
    view.on(["layer", "shown", "picture", "coverArrivals", "coverProblem"], this.#tell);
    view.on(["opacity"], ({ opacity }) => (byId("opacity").value = Math.round(100 * opacity)));
  }

  #layer(name) {
    return this.exam.layers.find((each) => each.name === name);
  }

  #choose = ({ layer: name }) => {
    const layer = this.#layer(name);
    choose(byId("layers"), name);
    byId("layer-told").hidden = !layer;
    byId("legend").replaceChildren(...(layer?.legend ?? []).map(key));
  };

  #tell = ({ layer: name, shown, picture, coverProblem: problem }) => {
    const layer = this.#layer(name);
    if (!layer) return;
    const there = this.covers.get(name, shown);
    byId("caption").textContent =
      picture === "projection"
        ? "Layers lie over slices, not over the MIP."
        : there
          ? layer.caption
          : problem
            ? `${problem.detail} ${remedy(problem.code)}`
            : `Being made for slice ${shown}.`;
  };
}

/** A swatch with its meaning, or a ramp between two. */
function key({ colour, text, colours, low, high }) {
  const swatch = element("i", { "aria-hidden": "true", class: colours ? "ramp" : "swatch" });
  swatch.style.background = colours ? `linear-gradient(to right, ${colours.join(", ")})` : colour;
  return element("p", {}, colours ? [low, swatch, high] : [swatch, text]);
}
