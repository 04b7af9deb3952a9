// Block Kit → elements (docs.slack.dev/reference/block-kit/blocks). A `place` says where clicks go and keeps the state.

import { h, safeAddress } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { element } from "./elements.js";
import { mrkdwn } from "./mrkdwn.js";

export function text(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text) : withEmoji(object.text);
}

export function blocks(list, place) {
  return (list || []).map((block) => (KINDS[block.type] || unknown)(block, place));
}

const KINDS = {
  divider: () => h("hr"),
  header: (block) => h("h3", { class: "block header" }, text(block.text)),
  section: (block, place) =>
    h("div", { class: "block section" },
      h("div", { class: "words" },
        block.text ? h("div", { class: "text" }, text(block.text)) : null,
        block.fields ? h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "text" }, text(field)))) : null),
      block.accessory ? h("div", { class: "accessory" }, element(block.accessory, block.block_id, place)) : null),
  context: (block) => h("div", { class: "block context" }, block.elements.map((part) => (part.type === "image" ? image(part) : h("span", {}, text(part))))),
  image: (block) => h("figure", { class: "block" }, image(block), block.title ? h("figcaption", {}, text(block.title)) : null),
  actions: (block, place) => h("div", { class: "block actions" }, block.elements.map((part) => element(part, block.block_id, place))),
  input: (block, place) => {
    const id = `f-${place.id}-${block.block_id}`;
    const control = element(block.element, block.block_id, place, { id, dispatches: Boolean(block.dispatch_action), describedby: `${id}-error` });
    const group = ["checkboxes", "radio_buttons"].includes(block.element.type);
    const label = [text(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null];
    return h("div", { class: "block input", "data-block": block.block_id, role: group ? "group" : null, "aria-labelledby": group ? `${id}-label` : null },
      group ? h("div", { class: "label", id: `${id}-label` }, label) : h("label", { class: "label", for: id }, label),
      control,
      h("p", { class: "error", id: `${id}-error`, role: "alert", hidden: true }),
      block.hint ? h("p", { class: "hint" }, text(block.hint)) : null);
  },
};

const image = (part) => h("img", { src: safeAddress(part.image_url), alt: part.alt_text });
const unknown = (block) => h("div", { class: "block context" }, `(a ${block.type} block)`);
