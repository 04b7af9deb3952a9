// The conversations: the channel with its threads, and one's own with the app.

import { blocks } from "./blocks.js";
import { byId, fill, h } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { ask, emit, on, state, zoneOfMe } from "./store.js";
import { clockTime } from "./times.js";

const drawn = new Map();
let seen = null; // how many of the app's messages were looked at; null until the first are here

export function startMessages() {
  on("messages", draw);
  on("members", draw); // their faces
  on("tab", () => {
    clear();
    draw();
    byId("messages").scrollTop = byId("messages").scrollHeight;
  });
  on("person", () => {
    seen = null;
    clear();
  });
}

function clear() {
  drawn.clear();
  fill(byId("messages"));
}

function count() {
  const told = state.messages.filter((message) => message.direct && message.bot).length;
  if (seen === null || state.tab === "messages") seen = told;
  byId("unread").hidden = told <= seen;
  byId("unread").textContent = String(told - seen);
  byId("unread").setAttribute("aria-label", `${told - seen} new`);
}

// Each message with its thread below it.
function inOrder(messages) {
  const threads = Map.groupBy(messages, (message) => message.thread);
  return (threads.get("") || []).flatMap((message) => [message, ...(threads.get(message.ts) || [])]);
}

function draw() {
  count();
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const direct = state.tab === "messages";
  const wanted = inOrder(state.messages.filter((message) => message.direct === direct));
  const nodes = wanted.length ? wanted.map(kept) : [direct ? greeting() : beginning()];
  for (const node of [...list.children]) if (!nodes.includes(node)) node.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] || null);
  });
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function kept(message) {
  const sender = state.members.find((member) => member.id === message.sender_id);
  const mark = JSON.stringify([message, sender?.face]);
  if (drawn.get(message.ts)?.mark !== mark) drawn.set(message.ts, { mark, node: line(message, sender) });
  return drawn.get(message.ts).node;
}

const greeting = () => h("li", { class: "welcome" },
  h("p", {}, "Between ", h("b", {}, "Status Quo"), " and you. It tells you here when a calendar needs you."),
  h("p", {}, "Send it a calendar file, a picture for when you are out, or your list as it was exported."));

const beginning = () => h("li", { class: "welcome" },
  h("p", {}, "This is the very beginning of ", h("b", {}, "#general"), "."),
  h("p", {}, "Type ", h("kbd", {}, "/quo"), " to ask the app what your status is and why, or ", h("kbd", {}, "/ooo friday"), " to be out of office on Friday."));

function line(message, sender) {
  const place = { id: message.ts, values: {}, before: null, refresh: () => {}, click: (action) => ask("click", { ts: message.ts, action }) };
  const open = !message.direct && !message.thread && !message.only_you;
  return h("li", { class: ["message", message.only_you ? "only-you" : "", message.thread ? "reply" : ""].filter(Boolean).join(" ") },
    h("img", { class: "face", src: sender ? sender.face : "static/icon.svg", alt: "" }),
    h("div", { class: "content" },
      h("p", { class: "head" }, h("strong", {}, message.sender), message.bot ? h("span", { class: "app" }, "APP") : null,
        h("time", {}, clockTime(message.at, zoneOfMe())),
        message.only_you ? h("span", { class: "note" }, "👁 Only visible to you") : null,
        open ? h("button", { type: "button", class: "small answer", onclick: () => reply(message) }, "Reply in thread") : null),
      message.file ? file(message.file) : message.blocks.length ? h("div", { class: "kit" }, blocks(message.blocks, place)) : h("div", { class: "text" }, mrkdwn(message.text))));
}

function file(sent) {
  return h("div", { class: "file" }, sent.picture ? h("img", { src: sent.picture, alt: "" }) : h("span", { "aria-hidden": "true" }, "📄"),
    h("b", {}, sent.name), h("small", {}, sent.size));
}

function reply(message) {
  state.thread = message;
  emit("thread");
  byId("box").focus();
}
