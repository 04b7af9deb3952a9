// The app's modals: the top one of the stack is shown.

import { blocks, text } from "./blocks.js";
import { h } from "./dom.js";
import { ask, on, state } from "./store.js";

let shown = null; // { id, hash, dialog, place }
let opener = null; // what had the focus when the first one opened

export const readValues = (values) =>
  Object.fromEntries(Object.entries(values).map(([block, actions]) => [block, Object.fromEntries(Object.entries(actions).map(([action, read]) => [action, read()]))]));

export function startModals() {
  on("modals", draw);
  on("person", draw);
}

function draw() {
  const view = state.modals.at(-1) || null;
  if (view && shown && shown.id === view.id && shown.hash === view.hash) return;
  const kept = view && shown && shown.id === view.id ? readValues(shown.place.values) : null;
  const focused = shown?.dialog.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = kept ? shown.dialog.querySelector(".body").scrollTop : 0;
  if (view && !shown) opener = document.activeElement;
  shown?.dialog.remove();
  shown = null;
  if (!view) {
    focusOpener();
    return;
  }
  open(view, kept, focused);
  shown.dialog.querySelector(".body").scrollTop = scrolled;
}

// The button may have been drawn anew meanwhile.
function focusOpener() {
  const action = opener?.dataset?.action;
  const there = opener?.isConnected || !action ? opener : document.querySelector(`[data-action="${CSS.escape(action)}"]`);
  opener = null;
  there?.focus();
}

function open(view, before, focused) {
  const place = { id: view.id, values: {}, before, refresh: () => redraw(), click: (action) => ask("click", { view_id: view.id, action, values: readValues(place.values) }),
    suggest: (asked) => ask("suggest", { view_id: view.id, ...asked, values: readValues(place.values) }) };
  const submit = h("button", { type: "submit", class: "primary" }, text(view.submit));
  const form = h("form", { class: "modal-form", novalidate: true, onsubmit: (event) => { event.preventDefault(); send(view, place, dialog, submit); } },
    h("header", {}, h("h2", { id: `t-${view.id}` }, text(view.title)), h("button", { type: "button", class: "quiet close", "aria-label": "Close", onclick: () => dismiss(view) }, "✕")),
    h("div", { class: "body kit" }, blocks(view.blocks, place)),
    h("footer", {}, h("button", { type: "button", onclick: () => dismiss(view) }, view.close ? text(view.close) : view.submit ? "Cancel" : "Close"), view.submit ? submit : null));
  const dialog = h("dialog", { class: "modal", "aria-labelledby": `t-${view.id}`, "data-callback": view.callback_id || "", oncancel: (event) => { event.preventDefault(); dismiss(view); } }, form);
  document.body.append(dialog);
  shown = { id: view.id, hash: view.hash, dialog, place };
  dialog.showModal();
  (document.getElementById(focused) || dialog.querySelector("[autofocus], .body input, .body textarea, .body select"))?.focus();
  slowDown(view);
  const redraw = () => { const values = readValues(place.values); dialog.remove(); open(view, values, ""); };
}

async function send(view, place, dialog, submit) {
  for (const error of dialog.querySelectorAll(".error")) error.hidden = true;
  for (const control of dialog.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  const missing = requiredButEmpty(view, readValues(place.values));
  if (missing.length) {
    showErrors(dialog, Object.fromEntries(missing.map((id) => [id, "Please complete this required field."])));
    return;
  }
  submit.disabled = true;
  const answer = await ask("submit", { view_id: view.id, values: readValues(place.values) });
  submit.disabled = false;
  if (answer.errors) showErrors(dialog, answer.errors);
}

// Links to sign in with are good for minutes of the clock: it goes as the world does while they are looked at.
function slowDown(view) {
  const links = view.blocks.some((block) => [...(block.elements || []), block.accessory].some((part) => part?.url));
  if (links && state.clock.speed > 1 && !state.clock.paused) ask("clock", { speed: 1 });
}

function requiredButEmpty(view, values) {
  return view.blocks
    .filter((block) => block.type === "input" && !block.optional)
    .filter((block) => {
      const { type, timezone, ...rest } = values[block.block_id]?.[block.element.action_id] || {};
      return Object.values(rest).every((value) => value === null || (Array.isArray(value) && !value.length));
    })
    .map((block) => block.block_id);
}

function showErrors(dialog, errors) {
  let first = null;
  for (const [id, sentence] of Object.entries(errors)) {
    const block = [...dialog.querySelectorAll("[data-block]")].find((candidate) => candidate.dataset.block === id);
    if (!block) continue;
    const place = block.querySelector(".error");
    place.textContent = sentence;
    place.hidden = false;
    const control = block.querySelector("input, textarea, select");
    control?.setAttribute("aria-invalid", "true");
    first ||= control;
  }
  first?.focus();
}

function dismiss(view) {
  ask("dismiss", { view_id: view.id });
}
