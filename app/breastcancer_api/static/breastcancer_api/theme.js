// Runs before the page is drawn, so that a light room never sees a dark flash, nor a dark room a light one.
// data-theme on <html> is always "dark" or "light"; what was chosen ("dark", "light" or "auto") stays in this browser.
(() => {
  const KEY = "breastwise-theme";
  const light = matchMedia("(prefers-color-scheme: light)");
  let chosen = "dark";
  try {
    chosen = localStorage.getItem(KEY) ?? chosen;
  } catch {
    // a browser that keeps nothing shows the dark one
  }

  function apply() {
    const theme = chosen === "auto" ? (light.matches ? "light" : "dark") : chosen;
    document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent("theme", { detail: theme })); // for what is drawn on a canvas
  }

  apply();
  light.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    const select = document.getElementById("theme");
    select.value = chosen;
    select.addEventListener("change", () => {
      chosen = select.value;
      try {
        localStorage.setItem(KEY, chosen);
      } catch {
        // it holds until the page is left
      }
      apply();
    });
  });
})();
