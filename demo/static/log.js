// The log of the app's Web API calls, and of what Google and Microsoft told the app, newest first.

import { byId, fill, h } from "./dom.js";
import { emojiSpan, withEmoji } from "./emoji.js";
import { on, state, zoneOfMe } from "./store.js";
import { clockSeconds, until } from "./times.js";

const MOST = 120;

export function startLog() {
  on("calls", draw);
  on("person", draw);
  byId("log-statuses").addEventListener("change", draw);
}

function draw() {
  const only = byId("log-statuses").checked;
  const calls = state.calls.filter((call) => !only || call.status || call.does || call.push).slice(-MOST).reverse();
  byId("log-empty").hidden = calls.length > 0;
  fill(byId("log"), calls.map((call) => (call.push ? pushed(call) : row(call))));
}

function row(call) {
  const zone = zoneOfMe();
  const status = call.status;
  const cleared = status && !status.text && !status.emoji;
  const kept = status?.left ? h("span", { class: "dim" }, "left alone: ") : null;
  return h("tr", { class: call.ok ? "" : "failed" },
    h("td", { class: "at" }, clockSeconds(call.at, zone)),
    h("td", {}, call.bot ? h("span", { class: "dim" }, call.person || "–") : call.person),
    h("td", { class: "wide" }, cleared && !kept ? h("span", { class: "dim" }, "cleared") : status ? [kept, status.emoji ? emojiSpan(status.emoji) : null, " ", withEmoji(status.text)] : call.does || h("span", { class: "dim" }, "–")),
    h("td", { class: "at" }, status && !cleared && !kept ? (status.expiration ? until(status.expiration, call.at, zone) : "no end") : until(call.until, call.at, zone)),
    h("td", {}, h("code", {}, call.method)),
    h("td", {}, h("span", { class: call.ok ? "good" : "bad" }, call.result)),
    h("td", { class: "why", title: call.reason }, call.reason));
}

function pushed(push) {
  return h("tr", { class: `push${push.ok ? "" : " failed"}` },
    h("td", { class: "at" }, clockSeconds(push.at, zoneOfMe())),
    h("td", {}, push.person),
    h("td", { class: "wide", colspan: 2 }, push.says),
    h("td", {}, h("span", { class: "way" }, push.push, h("span", { "aria-label": "to" }, " → "), "app")),
    h("td", {}, h("span", { class: push.ok ? "good" : "bad" }, push.result)),
    h("td", { class: "why" }, push.reason));
}
