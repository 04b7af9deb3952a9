// The conversations: the channel, and one's own with the app.

import { blocks } from "./blocks.js";
import { byId, fill, h } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { ask, on, state, zoneOfMe } from "./store.js";
import { clockTime } from "./times.js";

const drawn = new Map();
let seen = null; // how many of the app's messages were looked at; null until the first are here

export function startMessages() {
  on("messages", draw);
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

function draw() {
  count();
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const direct = state.tab === "messages";
  const wanted = state.messages.filter((message) => message.direct === direct);
  for (const [ts, kept] of [...drawn]) {
    if (!wanted.some((message) => message.ts === ts)) {
      kept.node.remove();
      drawn.delete(ts);
    }
  }
  list.querySelector(".welcome")?.remove();
  for (const message of wanted) {
    const mark = JSON.stringify(message);
    const kept = drawn.get(message.ts);
    if (kept?.mark === mark) continue;
    const node = line(message);
    if (kept) kept.node.replaceWith(node);
    else list.append(node);
    drawn.set(message.ts, { mark, node });
  }
  if (!wanted.length && direct) list.append(h("li", { class: "welcome" }, h("p", {}, "Between ", h("b", {}, "Status Quo"), " and you. It tells you here when a calendar needs you."), h("p", {}, "Send it a calendar file, and it offers to read it.")));
  else if (!wanted.length) list.append(h("li", { class: "welcome" }, h("p", {}, "This is the very beginning of ", h("b", {}, "#general"), "."), h("p", {}, "Type ", h("kbd", {}, "/quo"), " to ask the app what your status is and why, or ", h("kbd", {}, "/ooo friday"), " to be out of office on Friday.")));
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function line(message) {
  const sender = state.members.find((member) => member.id === message.sender_id);
  const place = { id: message.ts, values: {}, before: null, refresh: () => {}, click: (action) => ask("click", { ts: message.ts, action }) };
  return h("li", { class: `message${message.only_you ? " only-you" : ""}` },
    h("img", { class: "face", src: sender ? sender.avatar : "static/icon.svg", alt: "" }),
    h("div", { class: "content" },
      h("p", { class: "head" }, h("strong", {}, message.sender), message.bot ? h("span", { class: "app" }, "APP") : null,
        h("time", {}, clockTime(message.at, zoneOfMe())),
        message.only_you ? h("span", { class: "note" }, "👁 Only visible to you") : null),
      message.file ? h("div", { class: "file" }, h("span", { "aria-hidden": "true" }, "📄"), h("b", {}, message.file.name), h("small", {}, message.file.size)) : message.blocks.length ? h("div", { class: "kit" }, blocks(message.blocks, place)) : h("div", { class: "text" }, mrkdwn(message.text))));
}
