// One's own status, set by hand as in Slack's dialog.

import { byId, fill, h, openDialog } from "./dom.js";
import { emojiNames, emojiSpan } from "./emoji.js";
import { send } from "./files.js";
import { ask, me, now, zoneOfMe } from "./store.js";
import { instant, isoDay } from "./times.js";

const IDEAS = [[":calendar:", "In a meeting", 3600], [":bus:", "Commuting", 1800], [":face_with_thermometer:", "Off sick", "today"], [":palm_tree:", "On holiday", 0], [":house_with_garden:", "Working remotely", "today"], [":coffee:", "Back in ten", 600]];
const MUTES = [[30, "30 minutes"], [60, "1 hour"], [480, "8 hours"]];
const ENDS = [["0", "Don’t clear"], ["1800", "30 minutes"], ["3600", "1 hour"], ["14400", "4 hours"], ["today", "Today"], ["choose", "Choose a time…"]];

export function startStatus() {
  byId("own-status").addEventListener("click", open);
}

function end(value, time) {
  const zone = zoneOfMe();
  if (value === "today") return instant(isoDay(now(), zone), "23:59", zone) + 59;
  if (value === "choose") return instant(isoDay(now(), zone), time || "18:00", zone);
  return Number(value) ? Math.floor(now()) + Number(value) : 0;
}

function open() {
  const member = me();
  const emoji = h("input", { id: "own-emoji", type: "text", value: member.emoji || "", placeholder: ":speech_balloon:", list: "own-emoji-names", oninput: () => { suggest(); preview(); } });
  const names = h("datalist", { id: "own-emoji-names" });
  const shown = h("span", { class: "own-preview", "aria-hidden": "true" });
  const photo = h("input", { type: "file", accept: ".png,.jpg,.jpeg,.gif", hidden: true, onchange: () => send(photo.files[0], "photo").then(() => dialog.close()) });
  const text = h("input", { id: "own-text", type: "text", value: member.text || "", maxlength: 100, placeholder: "What’s your status?", autofocus: true });
  const time = h("input", { type: "time", value: "18:00", "aria-label": "Clear at", hidden: true });
  const clear = h("select", { id: "own-clear", onchange: () => (time.hidden = clear.value !== "choose") }, ENDS.map(([value, label]) => h("option", { value }, label)));
  const suggest = () => fill(names, emojiNames(emoji.value).slice(0, 30).map((name) => h("option", { value: `:${name}:` })));
  const preview = () => fill(shown, emoji.value ? emojiSpan(emoji.value) : "💬");
  const does = async (what, fields) => {
    const answer = await ask(what, fields);
    if (answer.ok) dialog.close();
  };
  const save = (fields) => does("status", fields);
  const atOnce = [
    ...(member.muted ? [["Unmute notifications", () => does("mute", { minutes: 0 })]] : MUTES.map(([minutes, words]) => [`🔕 ${words}`, () => does("mute", { minutes }), `Mute notifications for ${words}`])),
    [member.away ? "Active" : "Away", () => does("presence", { away: !member.away }), `Set yourself ${member.away ? "active" : "away"}`],
    ["Photo…", () => photo.click(), "Put on another photo"],
  ];
  const idea = ([icon, words, length]) => h("button", { type: "button", onclick: () => { emoji.value = icon; text.value = words; clear.value = ENDS.some(([value]) => value === String(length)) ? String(length) : "1800"; time.hidden = true; preview(); } }, emojiSpan(icon), h("span", {}, words));
  const body = [
    h("p", { class: "hint" }, "As you would in Slack itself. The app did not set it, so it never overwrites it for good."),
    h("div", { class: "own-row" }, shown, text),
    h("div", { class: "own-ideas" }, IDEAS.map(idea)),
    h("label", { for: "own-emoji" }, "Emoji"), emoji, names,
    h("label", { for: "own-clear" }, "Clear after"), h("div", { class: "own-row" }, clear, time),
    h("div", { class: "own-now", role: "group", "aria-label": "At once" }, atOnce.map(([words, act, long]) => h("button", { type: "button", class: "small", "aria-label": long, title: long, onclick: act }, words)), photo),
  ];
  const foot = [
    member.text || member.emoji ? h("button", { type: "button", class: "left", id: "own-clear-now", onclick: () => save({ text: "", emoji: "" }) }, "Clear status") : null,
    h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { type: "submit", class: "primary" }, "Save"),
  ];
  text.setAttribute("aria-label", "Status");
  suggest();
  preview();
  const dialog = openDialog("Set a status", "own", body, foot, () => save({ text: text.value.trim(), emoji: emoji.value.trim(), until: end(clear.value, time.value) }));
}
