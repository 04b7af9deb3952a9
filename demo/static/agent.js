// The agent's box: ready sentences, the call that each of them is, and what the app answered.

import { byId, fill, h } from "./dom.js";
import { emojiSpan, withEmoji } from "./emoji.js";
import { ask, me, now, on, state } from "./store.js";
import { until } from "./times.js";

const TABS = ["day", "agent"];
let busy = false;
let drawn = -1; // the last exchange that was drawn
let goHome;

export function startAgent(openHome) {
  goHome = openHome;
  on("agent", draw);
  on("person", () => {
    drawn = -1;
    draw();
  });
  on("members", drawStatus);
  TABS.forEach((tab, index) => {
    byId(`tab-${tab}`).addEventListener("click", () => showAgent(tab === "agent"));
    byId(`tab-${tab}`).addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = TABS[1 - index];
      showAgent(other === "agent");
      byId(`tab-${other}`).focus();
    });
  });
}

export function showAgent(isShown) {
  for (const tab of TABS) {
    const chosen = (tab === "agent") === isShown;
    byId(`tab-${tab}`).setAttribute("aria-selected", String(chosen));
    byId(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
    byId(`panel-${tab}`).hidden = !chosen;
  }
  byId("entry-new").hidden = isShown;
  if (!isShown) return;
  byId("panel-agent").scrollIntoView({ block: "nearest" });
  scroll();
}

async function say(sentence) {
  if (busy) return;
  busy = true;
  byId("agent-sentences").setAttribute("aria-busy", "true");
  try {
    await ask("ask-agent", { sentence });
  } finally {
    busy = false;
    byId("agent-sentences").removeAttribute("aria-busy");
  }
}

function draw() {
  const agent = state.agent;
  byId("agent-about").hidden = !!agent?.asked.length;
  fill(byId("agent-key"), agent ? key(agent.key) : "Loading…");
  drawSentences(agent?.sentences || []);
  drawStatus();
  const last = agent?.asked.at(-1)?.number ?? 0;
  if (last === drawn) return;
  const known = new Set([...byId("agent-log").children].map((item) => item.dataset.number));
  const asked = agent?.asked || [];
  if (drawn < 0) fill(byId("agent-log"), asked.map(exchange));
  else byId("agent-log").append(...asked.filter((one) => !known.has(String(one.number))).map(exchange));
  drawn = last;
  scroll();
}

// To the last exchange, from its beginning on where there is no room for all of it.
function scroll() {
  const item = byId("agent-log").lastElementChild;
  byId("agent-said").scrollTop = item ? item.offsetTop - 10 : 0;
}

// The buttons stay the same ones while what they say does, so that the focus stays on them.
function drawSentences(sentences) {
  const mark = JSON.stringify(sentences);
  if (byId("agent-sentences").dataset.mark === mark) return;
  const focused = document.activeElement?.dataset?.sentence;
  byId("agent-sentences").dataset.mark = mark;
  fill(byId("agent-sentences"), sentences.map((one) => h("button", { type: "button", "data-sentence": one.id, onclick: () => say(one.id) }, one.says)));
  if (focused) byId("agent-sentences").querySelector(`[data-sentence="${focused}"]`)?.focus();
}

function key(facts) {
  const name = [h("span", { "aria-hidden": "true" }, "🔑 "), `“${facts.name}”`];
  if (facts.revoked) return [h("span", { class: "bad" }, name, " was revoked."), h("button", { type: "button", class: "small primary", id: "agent-renew", onclick: () => ask("agent-key") }, "Make a new key")];
  if (!facts.made) return h("span", {}, name, ": a key of yours, made when you ask");
  return [h("span", {}, name, ` acts as ${me()?.name.split(" ")[0] || "you"}`), h("button", { type: "button", class: "link", "aria-label": "Its key on the Home tab", onclick: goHome }, "Home tab")];
}

// What everybody sees in Slack, which is out of sight here on a narrow screen.
function drawStatus() {
  const member = me();
  if (!member) return;
  const shown = member.text || member.emoji;
  fill(byId("agent-status"), h("span", { class: "dim" }, "In Slack: "), shown
    ? [member.emoji ? emojiSpan(member.emoji) : null, " ", withEmoji(member.text), h("span", { class: "dim" }, member.expiration ? `, until ${until(member.expiration, now(), member.zone)}` : "")]
    : h("span", { class: "dim" }, "no status"));
}

function exchange(one) {
  return h("li", { "data-number": one.number },
    h("p", { class: "agent-says" }, h("span", { class: "unseen" }, "You asked: "), one.says),
    one.sent ? call(one) : null,
    answer(one));
}

function call(one) {
  const given = Object.entries(one.arguments);
  return h("div", { class: "agent-call" },
    h("p", {}, h("span", { class: "way", "aria-hidden": "true" }, "→ "), h("code", {}, "tools/call"), " ", h("b", {}, one.tool)),
    given.length ? h("dl", {}, given.map(([name, value]) => [h("dt", {}, name), h("dd", {}, JSON.stringify(value))])) : h("p", { class: "dim" }, "no arguments"),
    h("details", {}, h("summary", {}, "The whole request"), h("pre", { tabindex: 0, "aria-label": "The whole request, the key masked" }, one.sent)));
}

function answer(one) {
  const failed = !!one.error;
  const facts = [one.status || null, failed ? one.error : null, one.undo_id ? `undo id ${one.undo_id}` : null].filter(Boolean);
  return h("div", { class: `agent-answer${failed ? " failed" : ""}` },
    h("p", {}, h("span", { class: "way", "aria-hidden": "true" }, one.sent ? "← " : ""), h("span", { class: "unseen" }, "Answer: "), withEmoji(one.answer)),
    one.more.length ? h("ul", {}, one.more.map((line) => h("li", {}, line))) : null,
    facts.length ? h("p", { class: "agent-facts" }, facts.join(" · ")) : null,
    one.got ? h("details", {}, h("summary", {}, "The whole answer"), h("pre", { tabindex: 0, "aria-label": "The whole answer" }, one.got)) : null);
}
