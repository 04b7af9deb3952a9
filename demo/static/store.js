// What the server told us, who we are, and the way to ask it for something.

import { toast } from "./dom.js";

export const state = {
  person: localStorage.getItem("person") || "",
  members: [], channels: [], messages: [], home: null, modals: [], calendars: [], book: "feed", tab: "general", thread: null, calls: [], agent: null,
  clock: { now: Date.now() / 1000, speed: 1, paused: true, jumping: false, seen: performance.now() },
};

// The calendar that is looked at: the feed, or an account's.
export const calendar = () => state.calendars.find((book) => book.id === state.book) || state.calendars[0];

const listeners = {};

export function on(section, listener) {
  (listeners[section] ||= []).push(listener);
}

export function emit(section) {
  for (const listener of listeners[section] || []) listener();
}

export const me = () => state.members.find((member) => member.id === state.person);

export function now() {
  const clock = state.clock;
  if (clock.paused || clock.jumping) return clock.now;
  const passed = Math.min((performance.now() - clock.seen) / 1000, clock.speed > 1 ? 0.3 : 3);
  return clock.now + passed * clock.speed;
}

export const zoneOfMe = () => me()?.zone || "Europe/London";

let stream;

export function connect() {
  stream?.close();
  stream = new EventSource(`live?person=${encodeURIComponent(state.person)}`);
  stream.onopen = () => {
    state.calls = [];
    state.live = true;
    emit("live");
  };
  stream.onerror = () => {
    state.live = false;
    emit("live");
  };
  stream.onmessage = (event) => {
    const facts = JSON.parse(event.data);
    if (facts.calls) {
      const again = new Set(facts.calls.map((call) => call.number));
      const known = new Map(facts.calls.map((call) => [call.number, call]));
      const kept = state.calls.map((call) => (again.has(call.number) ? known.get(call.number) : call));
      const old = new Set(state.calls.map((call) => call.number));
      state.calls = [...kept, ...[...known.values()].filter((call) => !old.has(call.number))].slice(-500);
    }
    if (facts.clock) state.clock = { ...facts.clock, seen: performance.now() };
    for (const section of ["members", "channels", "messages", "home", "modals", "calendars", "agent"]) {
      if (section in facts) state[section] = facts[section];
    }
    if (facts.person && facts.person !== state.person) {
      remember(facts.person);
      emit("person");
    }
    delete facts.person;
    for (const section of Object.keys(facts)) emit(section);
  };
}

export function pick(person) {
  if (person === state.person) return;
  state.home = null;
  state.modals = [];
  state.messages = [];
  state.calendars = [];
  state.agent = null;
  remember(person);
  emit("person");
  connect();
}

function remember(person) {
  state.person = person;
  localStorage.setItem("person", person);
  document.cookie = `person=${person}; path=/; SameSite=Lax`;
}

export async function ask(what, body = {}) {
  const response = await fetch(`do/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ person: state.person, tab: state.tab, ...body }),
  });
  const answer = await response.json();
  if (answer.error) toast(answer.error);
  if (answer.problem) toast(`Status Quo did not answer: ${answer.problem}`);
  return answer;
}
