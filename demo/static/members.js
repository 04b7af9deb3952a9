// The member list, and the card that tells more about a member.

import { byId, fill, h } from "./dom.js";
import { emojiSpan, withEmoji } from "./emoji.js";
import { me, now, on, pick, state } from "./store.js";
import { clockTime, until, zoneCity } from "./times.js";

const shown = new Map();

export function startMembers() {
  on("members", draw);
  on("person", draw);
  on("live", () => (byId("live").textContent = state.live ? "Live. The real app is at work here." : "Not connected; trying again…"));
}

function draw() {
  if (!state.members.length) return;
  const list = byId("members");
  const focused = document.activeElement?.dataset?.member;
  fill(list, state.members.filter((member) => member.connected).map(row));
  drawColleagues(state.members.filter((member) => !member.connected));
  if (focused) list.querySelector(`[data-member="${focused}"]`)?.focus();
  drawOwn();
}

// Those who never connected: whoever shows a status, and how many there are.
function drawColleagues(colleagues) {
  const showing = colleagues.filter((member) => member.text || member.emoji);
  byId("colleagues").hidden = !colleagues.length;
  fill(byId("colleagues-out"), showing.map((member) => h("li", { class: "colleague", title: member.expiration ? `Until ${until(member.expiration, now(), member.zone)}` : "" },
    h("span", { class: "name" }, member.name), h("span", { class: "status" }, member.emoji ? emojiSpan(member.emoji) : null, h("span", { class: "status-text" }, withEmoji(member.text))))));
  const rest = colleagues.length - showing.length, noun = rest === 1 ? "colleague" : "colleagues";
  byId("colleagues-rest").textContent = !rest ? "" : showing.length ? `and ${rest} more ${noun}` : `${rest} ${noun}, none of them on leave`;
}

function row(member) {
  const mark = [member.emoji, member.text, member.muted, member.away, member.face].join();
  const changed = shown.has(member.id) && shown.get(member.id) !== mark;
  shown.set(member.id, mark);
  const chosen = member.id === state.person;
  return h("li", {},
    h("button", { type: "button", class: `member${changed ? " changed" : ""}`, "aria-pressed": String(chosen), "data-member": member.id, "aria-describedby": "card",
      onclick: () => pick(member.id), onmouseenter: (event) => showCard(member, event.currentTarget), onmouseleave: hideCard,
      onfocus: (event) => { if (event.currentTarget.matches(":focus-visible")) showCard(member, event.currentTarget); }, onblur: hideCard },
    portrait(member),
    h("span", { class: "who" },
      h("span", { class: "name" }, member.name, member.muted ? h("span", { class: "muted", role: "img", "aria-label": "notifications muted", title: mutedWords(member) }, "🔕") : null, chosen ? h("span", { class: "you" }, "you") : null),
      h("span", { class: "status" }, member.emoji ? emojiSpan(member.emoji) : null, member.text || member.emoji ? h("span", { class: "status-text" }, withEmoji(member.text)) : h("span", { class: "about" }, member.about)))));
}

function portrait(member, className = "") {
  const presence = member.away ? "away" : "active";
  return h("span", { class: `portrait ${className}` }, h("img", { src: member.face, alt: "" }),
    h("span", { class: `presence ${presence}`, role: "img", "aria-label": presence, title: presence }));
}

const mutedWords = (member) => `Notifications muted${member.muted_until ? ` until ${until(member.muted_until, now(), member.zone)}` : ""}`;

function showCard(member, anchor) {
  const card = byId("card");
  const at = now();
  const status = member.text || member.emoji
    ? [h("p", { class: "card-status" }, member.emoji ? emojiSpan(member.emoji) : null, h("span", {}, withEmoji(member.text))),
       h("p", { class: "card-until" }, member.expiration ? `Until ${until(member.expiration, at, member.zone)}` : "No end")]
    : [h("p", { class: "card-until" }, "No status")];
  fill(card, portrait(member, "large"), h("div", {}, h("strong", {}, member.name), h("p", {}, member.title), status,
    member.muted ? h("p", { class: "card-until" }, `🔕 ${mutedWords(member)}`) : null,
    h("p", { class: "card-until" }, `${member.away ? "Away" : "Active"} · ${clockTime(at, member.zone)} in ${zoneCity(member.zone)}`)));
  card.hidden = false;
  const box = anchor.getBoundingClientRect();
  const left = Math.min(box.right + 10, innerWidth - card.offsetWidth - 8);
  card.style.left = `${Math.max(8, left)}px`;
  card.style.top = `${Math.max(8, Math.min(left < box.right ? box.bottom + 6 : box.top, innerHeight - card.offsetHeight - 8))}px`;
}

function hideCard() {
  byId("card").hidden = true;
}

function drawOwn() {
  const member = me();
  if (!member) return;
  fill(byId("own-status"), h("img", { src: member.face, alt: "", width: 24, height: 24 }),
    member.emoji ? emojiSpan(member.emoji) : h("span", { class: "emoji" }, "☺"),
    h("span", { class: "own-text" }, member.text ? withEmoji(member.text) : "Set a status by hand"));
}
