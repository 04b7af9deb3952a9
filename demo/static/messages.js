// The channel: what people write, and what the app answers.

import { blocks } from "./blocks.js";
import { byId, fill, h } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { ask, on, state, zoneOfMe } from "./store.js";
import { clockTime } from "./times.js";

const drawn = new Map();

export function startMessages() {
  on("messages", draw);
  on("person", () => {
    drawn.clear();
    fill(byId("messages"));
  });
}

function draw() {
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const wanted = state.messages;
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
  if (!wanted.length) list.append(h("li", { class: "welcome" }, h("p", {}, "This is the very beginning of ", h("b", {}, "#general"), "."), h("p", {}, "Type ", h("kbd", {}, "/quo"), " to ask the app what your status is and why, or ", h("kbd", {}, "/ooo friday"), " to be out of office on Friday.")));
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
        message.only_you ? h("span", { class: "note" }, "👁 Only visible to you") : message.direct ? h("span", { class: "note" }, "✉ Direct message to you") : null),
      message.blocks.length ? h("div", { class: "kit" }, blocks(message.blocks, place)) : h("div", { class: "text" }, mrkdwn(message.text))));
}
