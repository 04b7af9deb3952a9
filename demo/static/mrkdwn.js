// Slack's mrkdwn → elements. Follows docs.slack.dev/messaging/formatting-message-text.

import { h, safeAddress } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { state, zoneOfMe } from "./store.js";
import { clockTime, dayName } from "./times.js";

const SPAN = /(```[\s\S]+?```|`[^`\n]+`|<[^<>\n]+>|(?<![\w*])\*(?=\S)[^*\n]*?\S\*(?![\w*])|(?<![\w_])_(?=\S)[^_\n]*?\S_(?![\w_])|(?<![\w~])~(?=\S)[^~\n]*?\S~(?![\w~]))/g;

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function mrkdwn(text) {
  const blocks = [];
  let quote = null;
  for (const line of splitLines(text || "")) {
    const quoted = /^(?:&gt;|>) ?(.*)$/s.exec(line);
    if (quoted) {
      if (!quote) blocks.push((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(...spans(quoted[1]));
    } else {
      if (blocks.length && !quote) blocks.push(h("br"));
      quote = null;
      blocks.push(...spans(line));
    }
  }
  return blocks;
}

// Lines, but what stands between ``` stays together.
function splitLines(text) {
  const lines = [];
  let open = false;
  for (const line of text.split("\n")) {
    if (open) lines[lines.length - 1] += `\n${line}`;
    else lines.push(line);
    if ((line.match(/```/g) || []).length % 2) open = !open;
  }
  return lines;
}

function spans(text) {
  const parts = [];
  let position = 0;
  for (const found of text.matchAll(SPAN)) {
    parts.push(...withEmoji(unescape(text.slice(position, found.index))), span(found[0]));
    position = found.index + found[0].length;
  }
  parts.push(...withEmoji(unescape(text.slice(position))));
  return parts;
}

function span(token) {
  if (token.startsWith("```")) return h("pre", {}, unescape(token.slice(3, -3).replace(/^\n/, "")));
  if (token.startsWith("`")) return h("code", {}, unescape(token.slice(1, -1)));
  if (token.startsWith("*")) return h("strong", {}, spans(token.slice(1, -1)));
  if (token.startsWith("_")) return h("em", {}, spans(token.slice(1, -1)));
  if (token.startsWith("~")) return h("s", {}, spans(token.slice(1, -1)));
  return reference(token.slice(1, -1));
}

function reference(inner) {
  const [target, label] = splitOnce(inner, "|");
  if (target.startsWith("@")) {
    const member = state.members.find((m) => m.id === target.slice(1));
    return h("span", { class: "mention" }, `@${member ? member.name : unescape(label ?? target.slice(1))}`);
  }
  if (target.startsWith("#")) return h("span", { class: "mention" }, `#${unescape(label ?? "general")}`);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return h("span", { class: "mention" }, unescape(label ?? `@${target.slice(1)}`));
  const address = safeAddress(unescape(target));
  const text = unescape(label ?? target);
  return address ? h("a", { href: address, target: "_blank", rel: "noopener" }, text) : document.createTextNode(text);
}

function date(target, label) {
  const [, seconds, pattern] = target.split("^");
  const at = Number(seconds);
  if (!Number.isFinite(at)) return document.createTextNode(unescape(label ?? ""));
  const zone = zoneOfMe();
  const text = (pattern || "").replace(/\{(\w+)\}/g, (_, name) => (name.startsWith("time") ? clockTime(at, zone) : dayName(at, zone)));
  return h("time", { datetime: new Date(at * 1000).toISOString() }, text || unescape(label ?? ""));
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}
