// :name: → the emoji itself, for Slack's standard set.

import { h } from "./dom.js";

let names = {};
const TONES = { 2: "\u{1F3FB}", 3: "\u{1F3FC}", 4: "\u{1F3FD}", 5: "\u{1F3FE}", 6: "\u{1F3FF}" };
const PATTERN = /:([a-z0-9_+'-]+)(?:::skin-tone-([2-6]))?:/g;

export async function loadEmoji() {
  names = (await (await fetch("emoji.json")).json()).emoji;
}

export function emojiNames(start) {
  const wanted = start.replaceAll(":", "").toLowerCase();
  const all = Object.keys(names);
  return [...all.filter((n) => n.startsWith(wanted)), ...all.filter((n) => !n.startsWith(wanted) && n.includes(wanted))];
}

export function emojiCharacter(code) {
  const found = /^:([^:\s]+)(?:::skin-tone-([2-6]))?:$/.exec(code || "");
  if (!found || !names[found[1]]) return "";
  return names[found[1]] + (TONES[found[2]] || "");
}

export function emojiSpan(code, className = "emoji") {
  const character = emojiCharacter(code);
  return h("span", { class: character ? className : "emoji-name", role: "img", "aria-label": (code || "").replaceAll(":", "").replaceAll("_", " "), title: code }, character || code);
}

// Plain text with its emoji shown.
export function withEmoji(text) {
  const parts = [];
  let position = 0;
  for (const found of (text || "").matchAll(PATTERN)) {
    if (!names[found[1]]) continue;
    parts.push(text.slice(position, found.index), emojiSpan(found[0]));
    position = found.index + found[0].length;
  }
  parts.push((text || "").slice(position));
  return parts.filter((part) => part !== "");
}
