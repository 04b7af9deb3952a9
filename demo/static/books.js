// Which calendar is looked at (the feed, or an account's), and one line about how the app hears of it.

import { byId, fill, h } from "./dom.js";
import { ask, calendar, emit, now, on, state, zoneOfMe } from "./store.js";
import { clockSeconds, dayName, isoDay } from "./times.js";

const watched = new Map(); // person and book → whether it was, so that one that becomes connected is shown
const HOW = {
  feed: "An ICS feed, read again after each edit here.",
  connected: "Connected: edits here are told at once.",
};

export function startBooks() {
  on("calendars", () => {
    follow();
    draw();
  });
  on("book", draw);
}

export function look(id) {
  state.book = id;
  emit("book");
}

function follow() {
  for (const book of state.calendars) {
    const key = `${state.person} ${book.id}`;
    if (watched.get(key) === false && book.watched) arrive(book);
    watched.set(key, book.watched);
  }
}

// Somebody comes back from signing in: what they connected is shown, and the form that led there is put away.
function arrive(book) {
  state.book = book.id;
  const form = state.modals.at(-1);
  if (form?.callback_id === "connect_calendar") ask("dismiss", { view_id: form.id });
}

function draw() {
  const chosen = calendar();
  if (!chosen) return;
  const focused = byId("books").contains(document.activeElement);
  fill(byId("books"), state.calendars.map((book) => tab(book, book === chosen)));
  if (focused) byId(`book-${chosen.id}`).focus();
  fill(byId("told"), line(chosen));
}

function tab(book, chosen) {
  const says = book.watched ? "connected" : book.id === "feed" ? "" : "not connected";
  return h("button", { type: "button", role: "tab", id: `book-${book.id}`, "aria-controls": "hours", "aria-selected": String(chosen), tabindex: chosen ? 0 : -1,
    title: [book.account, says].filter(Boolean).join(", "), onclick: () => look(book.id), onkeydown: keys },
  book.name, says ? h("span", { class: `dot${book.watched ? " on" : ""}`, role: "img", "aria-label": says }) : null);
}

function keys(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const ids = state.calendars.map((book) => book.id);
  look(ids[(ids.indexOf(calendar().id) + step + ids.length) % ids.length]);
}

function line(book) {
  if (book.id === "feed") return HOW.feed;
  if (!book.watched) return [h("span", { class: "account" }, book.account), h("button", { type: "button", class: "small", id: "connect", onclick: () => ask("message", { text: "/quo connect" }) }, `Connect ${book.name}`)];
  if (!book.told) return HOW.connected;
  const zone = zoneOfMe();
  const day = isoDay(book.told.at, zone) === isoDay(now(), zone) ? "" : `, ${dayName(book.told.at, zone)}`;
  if (!book.told.ok) return h("span", { class: "bad" }, `Status Quo did not take what ${book.name} told: ${book.told.status || "no answer"}`);
  return [h("span", { class: "good", "aria-hidden": "true" }, "✓"), h("span", {}, `${book.name} told Status Quo at `, h("time", {}, clockSeconds(book.told.at, zone)), day)];
}
