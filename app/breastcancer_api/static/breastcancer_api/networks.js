// The dialog with the cards of the networks in use.
import { byId } from "./dom.js";

byId("networks-open")?.addEventListener("click", () => byId("networks").showModal());
