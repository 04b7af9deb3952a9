// :name: → the emoji itself: Slack's standard set, and the workspace's own.

import { h } from "./dom.js";

let names = {};
let own = {};
const TONES = { 2: "\u{1F3FB}", 3: "\u{1F3FC}", 4: "\u{1F3FD}", 5: "\u{1F3FE}", 6: "\u{1F3FF}" };
const PATTERN = /:([a-z0-9_+'-]+)(?:::skin-tone-([2-6]))?:/g;
const ONE = new RegExp(`^${PATTERN.source}$`);

export async function loadEmoji() {
  const known = await (await fetch("emoji.json")).json();
  names = known.emoji;
  own = known.own;
}

export function emojiNames(start) {
  const wanted = start.replaceAll(":", "").toLowerCase();
  const all = [...Object.keys(own), ...Object.keys(names)];
  return [...all.filter((n) => n.startsWith(wanted)), ...all.filter((n) => !n.startsWith(wanted) && n.includes(wanted))];
}

// A character, or the address of a picture; "" for what is no emoji.
function shown(name, tone, depth = 0) {
  if (names[name]) return names[name] + (TONES[tone] || "");
  const value = own[name] || "";
  return value.startsWith("alias:") ? (depth < 5 ? shown(value.slice(6), tone, depth + 1) : "") : value;
}

const isPicture = (found) => found.includes("/");

export function emojiSpan(code, className = "emoji") {
  const [, name, tone] = ONE.exec(code || "") || [];
  const found = name ? shown(name, tone) : "";
  const said = { role: "img", "aria-label": (code || "").replaceAll(":", "").replaceAll("_", " "), title: code };
  if (isPicture(found)) return h("img", { class: className, src: found, alt: said["aria-label"], title: code });
  return h("span", { class: found ? className : "emoji-name", ...said }, found || code);
}

// Plain text with its emoji shown.
export function withEmoji(text) {
  return split(text, (code) => emojiSpan(code));
}

// The same where only characters can stand.
export function asCharacters(text) {
  return split(text, (code, found) => (isPicture(found) ? code : found)).join("");
}

function split(text, make) {
  const parts = [];
  let position = 0;
  for (const match of (text || "").matchAll(PATTERN)) {
    const found = shown(match[1], match[2]);
    if (!found) continue;
    parts.push(text.slice(position, match.index), make(match[0], found));
    position = match.index + match[0].length;
  }
  parts.push((text || "").slice(position));
  return parts.filter((part) => part !== "");
}
