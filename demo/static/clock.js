// The clock bar.

import { byId, fill, h } from "./dom.js";
import { ask, now, on, state, zoneOfMe } from "./store.js";
import { clockSeconds, clockTime, dayName, instant, isoDay, zoneCity } from "./times.js";

const SPEEDS = [1, 60, 600];
let parts;

export function startClock() {
  const time = h("time", { class: "time" });
  const day = h("span", { class: "date" });
  const pause = h("button", { type: "button", class: "small", id: "run", onclick: () => ask("clock", state.clock.paused ? { resume: true } : { pause: true }) });
  const speeds = SPEEDS.map((speed) => h("button", { type: "button", class: "small", "aria-pressed": "false", title: speed === 1 ? "As fast as the world" : `${speed} times as fast`, onclick: () => ask("clock", { speed }) }, `×${speed}`));
  const next = h("button", { type: "button", class: "small primary", id: "next-edge", title: "To the next instant at which a status changes", onclick: () => ask("clock", { next: true }) }, "Next edge ⏭");
  const quarter = h("button", { type: "button", class: "small", onclick: () => ask("clock", { by: 900 }) }, "+15 min");
  const to = h("input", { type: "time", "aria-label": "Time to jump to", required: true });
  const jump = h("form", { class: "jump", onsubmit: (event) => { event.preventDefault(); jumpTo(to.value); } }, to, h("button", { type: "submit", class: "small" }, "Jump"));
  fill(byId("clock"), h("div", { class: "face-of-clock" }, time, day), pause, h("span", { class: "group", role: "group", "aria-label": "Speed" }, speeds), next, quarter, jump);
  parts = { time, day, pause, speeds, to };
  on("clock", draw);
  on("person", draw);
  setInterval(tick, 100);
}

function jumpTo(value) {
  const zone = zoneOfMe();
  let target = instant(isoDay(now(), zone), value, zone);
  if (target < now()) target = instant(isoDay(now() + 86400, zone), value, zone);
  ask("clock", { to: target });
}

function draw() {
  const clock = state.clock;
  parts.pause.textContent = clock.paused ? "▶ Run" : "⏸ Pause";
  parts.pause.setAttribute("aria-label", clock.paused ? "Run the clock" : "Pause the clock");
  parts.speeds.forEach((button, index) => button.setAttribute("aria-pressed", String(!clock.paused && clock.speed === SPEEDS[index])));
  byId("clock").classList.toggle("jumping", clock.jumping);
  if (!parts.to.value) parts.to.value = "12:00";
  tick();
}

function tick() {
  const at = now();
  const zone = zoneOfMe();
  parts.time.textContent = state.clock.speed > 60 ? clockTime(at, zone) : clockSeconds(at, zone);
  parts.day.textContent = `${dayName(at, zone)}, ${zoneCity(zone)}`;
  document.dispatchEvent(new CustomEvent("tick", { detail: at }));
}
