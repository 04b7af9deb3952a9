// Block Kit's interactive elements (docs.slack.dev/reference/block-kit/block-elements) and what they report.

import { text } from "./blocks.js";
import { confirmed } from "./confirm.js";
import { h, safeAddress } from "./dom.js";
import { externalSelect } from "./search.js";
import { state } from "./store.js";

// options: id of the control, whether an input dispatches actions, id of its error.
export function element(part, blockId, place, options = {}) {
  const make = KINDS[part.type];
  if (!make) return h("span", {}, `(a ${part.type})`);
  return make({ part, blockId, place, id: options.id, describedby: options.describedby, input: "id" in options, dispatches: options.dispatches });
}

const plain = (object) => h("span", {}, text(object));
export const words = (object) => object?.text || "";

export async function act(it, chosen) {
  if (it.input && !it.dispatches) return;
  if (it.part.confirm && !(await confirmed(it.part.confirm))) {
    it.place.refresh();
    return;
  }
  it.place.click({ type: it.part.type, action_id: it.part.action_id, block_id: it.blockId, ...chosen });
}

export function keep(it, read) {
  (it.place.values[it.blockId] ||= {})[it.part.action_id] = () => ({ type: it.part.type, ...read() });
}

// What was chosen before a view was drawn anew.
export function before(it) {
  return it.place.before?.[it.blockId]?.[it.part.action_id];
}

function button(it) {
  const part = it.part;
  const press = () => {
    const address = part.url && safeAddress(part.url);
    if (address) window.open(address, "_blank", "noopener");
    act(it, { text: part.text, value: part.value });
  };
  return h("button", { type: "button", class: `kit-button ${part.style || ""}`, "data-action": part.action_id, "aria-label": part.accessibility_label, onclick: press }, plain(part.text));
}

function field(kind, extra = () => ({})) {
  return (it) => {
    const part = it.part;
    const initial = before(it)?.value ?? part.initial_value ?? "";
    const control = h(part.multiline ? "textarea" : "input", {
      type: part.multiline ? null : kind, id: it.id, value: initial, placeholder: words(part.placeholder),
      maxlength: part.max_length ?? 3000, "aria-describedby": it.describedby, ...extra(part),
      onkeydown: (event) => {
        if (event.key === "Enter" && !part.multiline && it.dispatches) {
          event.preventDefault();
          act(it, { value: control.value });
        }
      },
    });
    keep(it, () => ({ value: control.value || null }));
    if (part.focus_on_load) control.autofocus = true;
    return control;
  };
}

function picker(kind, name, initialName) {
  return (it) => {
    const initial = before(it)?.[name] ?? it.part[initialName];
    const control = h("input", {
      type: kind, id: it.id, value: initial || "", "aria-label": it.id ? null : words(it.part.placeholder) || name,
      "aria-describedby": it.describedby,
      onchange: () => act(it, { [name]: control.value || null }),
    });
    keep(it, () => ({ [name]: control.value || null, ...(it.part.timezone ? { timezone: it.part.timezone } : {}) }));
    return control;
  };
}

function allOptions(part) {
  return part.option_groups ? part.option_groups.flatMap((group) => group.options) : part.options || [];
}

function select(it, items, chosenName, value) {
  const part = it.part;
  const initial = before(it)?.[chosenName] ?? value;
  const choices = items.map((item, index) => h("option", { value: index, selected: initial && item.key === (initial.value ?? initial) }, item.label));
  const control = h("select", { id: it.id, "aria-label": it.id ? null : words(part.placeholder) || "Choose", "aria-describedby": it.describedby, onchange: () => act(it, { [chosenName]: read() }) },
    h("option", { value: "" }, words(part.placeholder) || "Choose…"), choices);
  const read = () => (control.value === "" ? null : items[Number(control.value)].result);
  keep(it, () => ({ [chosenName]: read() }));
  return control;
}

function staticSelect(it) {
  const items = allOptions(it.part).map((option) => ({ key: option.value, label: words(option.text), result: option }));
  return select(it, items, "selected_option", it.part.initial_option);
}

function usersSelect(it) {
  const items = state.members.map((member) => ({ key: member.id, label: member.name, result: member.id }));
  return select(it, items, "selected_user", it.part.initial_user);
}

function conversationsSelect(it) {
  const items = state.channels.map((channel) => ({ key: channel.id, label: `# ${channel.name}`, result: channel.id }));
  return select(it, items, "selected_conversation", it.part.initial_conversation);
}

function multiSelect(it) {
  const options = allOptions(it.part);
  const chosen = new Set((before(it)?.selected_options ?? it.part.initial_options ?? []).map((option) => option.value));
  return boxes(it, options, chosen, "checkbox", "selected_options");
}

function boxes(it, options, chosen, type, name) {
  const group = `${it.place.id}-${it.blockId}-${it.part.action_id}`;
  const controls = options.map((option) => h("input", { type, name: group, checked: chosen.has(option.value), onchange: () => act(it, read()) }));
  const read = () => {
    const picked = options.filter((_, index) => controls[index].checked);
    return name === "selected_options" ? { selected_options: picked } : { selected_option: picked[0] || null };
  };
  keep(it, read);
  return h("div", { class: "boxes", id: it.id }, options.map((option, index) =>
    h("label", { class: "box" }, controls[index], h("span", {}, text(option.text), option.description ? h("small", {}, text(option.description)) : null))));
}

function radio(it) {
  const initial = before(it)?.selected_option ?? it.part.initial_option;
  return boxes(it, it.part.options, new Set(initial ? [initial.value] : []), "radio", "selected_option");
}

function overflow(it) {
  const menu = h("div", { class: "menu", role: "menu", hidden: true }, it.part.options.map((option) =>
    h("button", { type: "button", role: "menuitem", onclick: () => { close(); act(it, { selected_option: option }); } }, plain(option.text))));
  const opener = h("button", { type: "button", class: "kit-button more", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "More", "data-action": it.part.action_id,
    onclick: () => (menu.hidden ? open() : close()) }, "⋯");
  const wrapper = h("div", { class: "overflow", onkeydown: (event) => { if (event.key === "Escape" && !menu.hidden) { event.stopPropagation(); event.preventDefault(); close(); opener.focus(); } },
    onfocusout: (event) => { if (!wrapper.contains(event.relatedTarget)) close(); } }, opener, menu);
  const open = () => { menu.hidden = false; opener.setAttribute("aria-expanded", "true"); menu.firstElementChild.focus(); };
  const close = () => { menu.hidden = true; opener.setAttribute("aria-expanded", "false"); };
  return wrapper;
}

const KINDS = {
  button,
  overflow,
  checkboxes: multiSelect,
  radio_buttons: radio,
  static_select: staticSelect,
  external_select: externalSelect,
  multi_static_select: multiSelect,
  users_select: usersSelect,
  conversations_select: conversationsSelect,
  plain_text_input: field("text"),
  url_text_input: field("text", () => ({ inputmode: "url", spellcheck: "false" })),
  email_text_input: field("email"),
  number_input: field("text", () => ({ inputmode: "decimal" })),
  datepicker: picker("date", "selected_date", "initial_date"),
  timepicker: picker("time", "selected_time", "initial_time"),
};
