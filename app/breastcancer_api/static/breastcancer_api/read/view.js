// What is looked at, and who wants to know when it changes. All changes between two frames are told together, so that
// whatever depends on them is drawn in the same frame.

export function makeView(first) {
  const listeners = [];
  let state = first;
  let changed = new Set(Object.keys(first));
  let frame = 0;

  function set(patch) {
    for (const [name, value] of Object.entries(patch)) if (state[name] !== value) changed.add(name);
    state = { ...state, ...patch };
    if (changed.size) frame ||= requestAnimationFrame(tell);
  }

  function tell() {
    const names = changed;
    [changed, frame] = [new Set(), 0];
    for (const [wanted, listener] of listeners) if (wanted.some((each) => names.has(each))) listener(state, names);
  }

  return {
    get state() {
      return state;
    },
    set,
    /** `listener(state, names)` is called when one of the `wanted` names changes. */
    on: (wanted, listener) => listeners.push([wanted, listener]),
    /** Tells everything for the first time. */
    start: () => (frame ||= requestAnimationFrame(tell)),
  };
}
