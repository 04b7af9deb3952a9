// The app's Home tab.

import { blocks } from "./blocks.js";
import { byId, fill, h } from "./dom.js";
import { readValues } from "./modals.js";
import { ask, on, state } from "./store.js";

let open = false;

export function startHome() {
  on("home", draw);
  on("person", () => {
    draw();
    if (open) ask("home");
  });
}

export function openHome(isOpen) {
  open = isOpen;
  if (open) {
    draw();
    ask("home");
  }
}

function draw() {
  const view = state.home;
  if (!view) {
    fill(byId("home"), h("p", { class: "empty" }, "Loading…"));
    return;
  }
  const place = { id: view.id, values: {}, before: null, refresh: draw, click: (action) => ask("click", { view_id: view.id, action, values: readValues(place.values) }),
    suggest: (asked) => ask("suggest", { view_id: view.id, ...asked, values: readValues(place.values) }) };
  const scrolled = byId("panel-home").scrollTop;
  const focused = byId("home").contains(document.activeElement) ? document.activeElement.dataset.action : null;
  fill(byId("home"), blocks(view.blocks, place));
  byId("panel-home").scrollTop = scrolled;
  if (focused) [...byId("home").querySelectorAll("[data-action]")].find((control) => control.dataset.action === focused)?.focus();
}
