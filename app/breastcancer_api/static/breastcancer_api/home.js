import { byId } from "./dom.js";
import { listen } from "./sending.js";
import { refresh, start } from "./studies.js";

listen(JSON.parse(byId("limits").textContent), refresh);
start();
// a browser that goes back to a page as it was left shows one that sends for ever
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
