// Mouse, pen and fingers on the pictures. A drag does what is chosen (window, pan or slices); with the right button it
// changes the window, with the middle one or Shift it pans; two fingers pan and zoom; a click asks for the curve.
import * as moves from "./moves.js";

const STILL = 4; // pixels within which a press is a click
const SLICE = 12; // pixels of a drag for one slice
const WHEEL = 40; // of a wheel for one slice
const LINE = 20; // pixels of a line, for wheels that count in lines
const ZOOM = 1.0015; // for one pixel of a wheel
const [MIDDLE, RIGHT] = [1, 2];

export function listen(room, panes, view, move) {
  const pointers = new Map();
  let drag = null;
  let wheeled = 0;

  const shown = () => panes.filter((each) => !each.node.hidden);
  const paneAt = (target) => shown().find((each) => each.node.contains(target)) ?? shown()[0];

  /** Shares of the picture at zoom 1 that so many pixels are. */
  function shares(pane, x, y) {
    const { offsetWidth: width, offsetHeight: height } = pane.frame;
    return [x / width, y / height];
  }

  function placeIn(pane, x, y) {
    const { left, top, width, height } = pane.picture.getBoundingClientRect();
    return [(x - left) / width, (y - top) / height];
  }

  function meaning({ button, shiftKey }) {
    if (button === RIGHT) return "window";
    if (button === MIDDLE || shiftKey) return "pan";
    return view.state.drag;
  }

  const does = {
    window: (pane, x, y) => move(moves.dragWindow(...shares(pane, x, y))),
    pan: (pane, x, y) => move(moves.pan(...shares(pane, x, y))),
    slices(pane, x, y) {
      drag.rest += y;
      const steps = Math.trunc(drag.rest / SLICE);
      drag.rest -= steps * SLICE;
      if (steps) move(moves.step(steps));
    },
  };

  function down(event) {
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    room.setPointerCapture(event.pointerId);
    const clicks = pointers.size === 1 && event.button === 0;
    drag = { pane: paneAt(event.target), meaning: meaning(event), clicks, went: 0, rest: 0 };
    if (event.button === MIDDLE) event.preventDefault(); // browsers scroll with it
  }

  function moved(event) {
    const before = pointers.get(event.pointerId);
    if (!before || !drag) return;
    const now = [event.clientX, event.clientY];
    if (pointers.size > 1) pinch(event.pointerId, before, now);
    else draw(now[0] - before[0], now[1] - before[1]);
    pointers.set(event.pointerId, now);
  }

  function draw(x, y) {
    drag.went += Math.hypot(x, y);
    if (drag.went > STILL || !drag.clicks) does[drag.meaning](drag.pane, x, y);
  }

  function pinch(id, before, now) {
    const [, other] = [...pointers].find(([each]) => each !== id);
    const apart = ([x, y]) => Math.max(Math.hypot(x - other[0], y - other[1]), 1);
    const centre = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    drag.clicks = false;
    drag.meaning = "pan"; // for the finger that is lifted last
    move(moves.pan(...shares(drag.pane, (now[0] - before[0]) / 2, (now[1] - before[1]) / 2)));
    move(moves.zoom(apart(now) / apart(before), placeIn(drag.pane, ...centre)));
  }

  function up(event) {
    pointers.delete(event.pointerId);
    if (!drag || pointers.size) return;
    if (drag.clicks && drag.went <= STILL && event.type === "pointerup") ask(drag.pane, event);
    drag = null;
  }

  function ask(pane, { clientX, clientY }) {
    const place = view.state.picture === "projection" ? null : pane.at(clientX, clientY);
    if (place) view.set({ place });
  }

  function wheel(event) {
    event.preventDefault();
    const pixels = event.deltaMode ? event.deltaY * LINE : event.deltaY;
    if (event.ctrlKey || event.metaKey) {
      const at = placeIn(paneAt(event.target), event.clientX, event.clientY);
      return move(moves.zoom(ZOOM ** -pixels, at));
    }
    wheeled += pixels;
    const steps = Math.trunc(wheeled / WHEEL);
    wheeled -= steps * WHEEL;
    if (steps) move(moves.step(steps));
  }

  room.addEventListener("pointerdown", down);
  room.addEventListener("pointermove", moved);
  room.addEventListener("pointerup", up);
  room.addEventListener("pointercancel", up);
  room.addEventListener("wheel", wheel, { passive: false });
  room.addEventListener("contextmenu", (event) => event.preventDefault());
}
