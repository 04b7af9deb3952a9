// The day of the person one is: events as blocks that can be dragged, stretched and opened.

import { startBooks } from "./books.js";
import { byId, fill, h } from "./dom.js";
import { editEntry } from "./entry.js";
import { ask, calendar as current, me, now, on, state } from "./store.js";
import { clockTime, dayName } from "./times.js";

const HOUR = 46;
const STEP = 300;
let shownDay = "";
let drawnAs = "";
let dragging = false;

export function startCalendar() {
  startBooks();
  on("calendars", draw);
  on("book", draw);
  on("members", title);
  on("person", () => {
    drawnAs = "";
    byId("entry-new").disabled = true; // until their day is there
  });
  document.addEventListener("tick", (event) => placeNow(event.detail));
  byId("entry-new").addEventListener("click", () => {
    const start = Math.ceil((now() + 60) / 900) * 900;
    editEntry(null, wall(start), wall(start + 1800));
  });
  byId("day").addEventListener("dblclick", (event) => {
    if (event.target !== byId("day") || !current()) return;
    const at = current().midnight + Math.floor(((event.clientY - byId("day").getBoundingClientRect().top) / HOUR) * 2) * 1800;
    editEntry(null, wall(at), wall(at + 3600));
  });
}

const y = (at) => ((at - current().midnight) / 3600) * HOUR;
const wall = (at) => clockTime(at, current().zone);

function title() {
  const member = me();
  if (!member || !current()) return;
  byId("calendar-title").textContent = `${member.name.split(" ")[0]}’s day`;
  byId("calendar-title").title = dayName(current().midnight + 43200, current().zone);
}

function draw() {
  if (dragging) return;
  const calendar = current();
  if (!calendar) return;
  const { told, ...shown } = calendar;
  const mark = JSON.stringify([state.person, shown]);
  if (mark === drawnAs) return;
  drawnAs = mark;
  byId("entry-new").disabled = false;
  title();
  const focused = document.activeElement?.dataset?.entry;
  const timed = calendar.entries.filter((entry) => !entry.all_day);
  fill(byId("all-day"), calendar.entries.filter((entry) => entry.all_day).map((entry) => h("button", { type: "button", ...look(entry, "chip"), onclick: () => editEntry(entry) }, label(entry))));
  const hours = Array.from({ length: Math.round(calendar.hours) }, (_, hour) => h("div", { class: "hour", "aria-hidden": "true" }, h("span", {}, wall(calendar.midnight + hour * 3600))));
  fill(byId("day"), hours, lanes(timed).map(block), h("div", { class: "now", id: "now-line", "aria-hidden": "true" }));
  byId("day").querySelectorAll(".hour").forEach((hour, index) => (hour.style.top = `${index * HOUR}px`));
  byId("day").style.height = `${calendar.hours * HOUR}px`;
  placeNow(now());
  if (focused) byId("day").querySelector(`[data-entry="${CSS.escape(focused)}"]`)?.focus();
  byId("hours").setAttribute("aria-labelledby", `book-${calendar.id}`);
  const key = state.person + calendar.day;
  if (shownDay !== key) {
    shownDay = key;
    byId("hours").scrollTop = Math.max(0, y(now()) - HOUR * 1.2);
  }
}

function placeNow(at) {
  const line = byId("now-line");
  if (!line || !current()) return;
  const top = y(at);
  line.hidden = top < 0 || top > current().hours * HOUR;
  line.style.top = `${top}px`;
  for (const event of document.querySelectorAll(".event")) event.classList.toggle("current", Number(event.dataset.from) <= at && at < Number(event.dataset.to));
}

// Side by side where they overlap.
function lanes(entries) {
  const placed = [];
  let cluster = [];
  let end = -Infinity;
  const close = () => {
    const width = Math.max(0, ...cluster.map((item) => item.lane + 1));
    cluster.forEach((item) => (item.width = width));
    cluster = [];
  };
  for (const entry of entries) {
    if (entry.from >= end) close();
    let lane = 0;
    while (cluster.some((item) => item.lane === lane && item.entry.to > entry.from)) lane += 1;
    const item = { entry, lane, width: 1 };
    cluster.push(item);
    placed.push(item);
    end = Math.max(end, entry.to);
  }
  close();
  return placed;
}

function look(entry, base) {
  const flags = ["private", "declined", "free", "tentative"].filter((flag) => entry[flag]);
  const leaf = leafOf(entry);
  const unread = current().watched && !leaf.watched;
  const more = [entry.series ? "one of a series" : "", entry.calendar ? `calendar ${leaf.name}` : "", unread ? "not read by Status Quo" : ""].filter(Boolean);
  const words = [entry.title, entry.all_day ? "all day" : `${entry.start} to ${entry.end}`, entry.kind.replaceAll("_", " "), ...flags, ...more].join(", ");
  return { class: [base, entry.kind, ...flags, unread ? "unread" : ""].filter(Boolean).join(" "), "data-entry": entry.id, "aria-label": words, title: words };
}

const leafOf = (entry) => current().calendars[entry.calendar] || { name: "", watched: false };

function label(entry) {
  const marks = [entry.calendar ? leafOf(entry).name : "", entry.series ? "↻" : "", entry.private ? "🔒" : "", entry.declined ? "✕" : "", entry.free ? "free" : "", entry.tentative ? "?" : ""].filter(Boolean);
  return [h("b", {}, entry.title), marks.length ? h("span", { class: "marks" }, marks.join(" ")) : null];
}

function block({ entry, lane, width }) {
  const from = Math.max(entry.from, current().midnight);
  const to = Math.min(entry.to, current().midnight + current().hours * 3600);
  const height = Math.max(((to - from) / 3600) * HOUR - 2, 15);
  const time = h("span", { class: "when" }, `${entry.start}–${entry.end}`);
  const node = h("button", { type: "button", ...look(entry, `event${height < 36 ? " short" : ""}`), "data-from": entry.from, "data-to": entry.to, onkeydown: (event) => keys(event, entry) }, label(entry), time, h("span", { class: "grip", "aria-hidden": "true" }));
  node.style.top = `${y(from)}px`;
  node.style.height = `${height}px`;
  node.style.left = `calc(46px + (100% - 52px) * ${lane / width})`;
  node.style.width = `calc((100% - 52px) / ${width} - 3px)`;
  node.addEventListener("pointerdown", (event) => drag(event, node, entry, time));
  node.addEventListener("click", (event) => {
    if (event.detail === 0) editEntry(entry); // by the keyboard; a pointer's click ends in drag()
  });
  return node;
}

function keys(event, entry) {
  const step = { ArrowUp: -900, ArrowDown: 900 }[event.key];
  if (!step) return;
  event.preventDefault();
  save(entry, event.shiftKey ? 0 : step, step);
}

function save(entry, start, end) {
  if (entry.to + end <= entry.from + start) return;
  ask("entry-change", { book: current().id, id: entry.id, entry: { start: wall(entry.from + start), end: wall(entry.to + end) } });
}

function drag(event, node, entry, time) {
  if (event.button !== 0) return;
  const stretch = event.target.classList.contains("grip");
  const begin = event.clientY;
  let by = 0;
  const move = (moved) => {
    const raw = ((moved.clientY - begin) / HOUR) * 3600;
    const least = stretch ? entry.from - entry.to + STEP : current().midnight - entry.from;
    by = Math.max(least, Math.round(raw / STEP) * STEP);
    if (Math.abs(moved.clientY - begin) > 3) dragging = true;
    if (!dragging) return;
    node.classList.add("dragged");
    if (stretch) node.style.height = `${((entry.to + by - entry.from) / 3600) * HOUR - 2}px`;
    else node.style.top = `${y(entry.from + by)}px`;
    time.textContent = `${wall(entry.from + (stretch ? 0 : by))}–${wall(entry.to + by)}`;
  };
  const drop = () => {
    node.removeEventListener("pointermove", move);
    const moved = dragging;
    dragging = false;
    node.classList.remove("dragged");
    drawnAs = "";
    if (!moved) editEntry(entry);
    else if (by) save(entry, stretch ? 0 : by, by);
    else draw();
  };
  node.setPointerCapture(event.pointerId);
  node.addEventListener("pointermove", move);
  node.addEventListener("pointerup", drop, { once: true });
  node.addEventListener("pointercancel", drop, { once: true });
}
