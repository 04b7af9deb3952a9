// A select whose options the app is asked for while one types (external_select).

import { text } from "./blocks.js";
import { fill, h } from "./dom.js";
import { act, before, keep, words } from "./elements.js";
import { asCharacters } from "./emoji.js";

export function externalSelect(it) {
  const part = it.part;
  let chosen = before(it) ? before(it).selected_option : part.initial_option || null;
  let options = [];
  let active = 0;
  let asked = 0;
  const list = h("ul", { class: "found", role: "listbox", id: `${it.id || part.action_id}-found`, hidden: true });
  const picture = h("span", { class: "chosen", "aria-hidden": "true" }); // over the field, where pictures can stand
  const show = () => {
    control.value = chosen ? asCharacters(words(chosen.text)) : "";
    fill(picture, chosen ? text(chosen.text) : []);
  };
  const close = () => { asked += 1; list.hidden = true; control.setAttribute("aria-expanded", "false"); };
  const take = (option) => { chosen = option; show(); close(); act(it, { selected_option: chosen }); };
  const draw = () => {
    fill(list, options.length
      ? options.map((option, index) => h("li", { role: "option", id: `${list.id}-${index}`, "aria-selected": String(index === active), onpointerdown: (event) => { event.preventDefault(); take(option); } }, text(option.text)))
      : h("li", { class: "none" }, "Nothing is called that."));
    list.hidden = false;
    control.setAttribute("aria-expanded", "true");
    control.setAttribute("aria-activedescendant", options.length ? `${list.id}-${active}` : "");
    for (const shown of [list, list.children[active]]) shown.scrollIntoView({ block: "nearest" });
  };
  const look = async () => {
    if (control.value.length < (part.min_query_length ?? 3)) return close();
    const mine = (asked += 1);
    const answer = await it.place.suggest({ action_id: part.action_id, block_id: it.blockId, value: control.value });
    if (mine !== asked || !answer.ok) return;
    [options, active] = [answer.options, 0];
    draw();
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (list.hidden || !(step || ["Enter", "Escape"].includes(event.key))) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") close();
    else if (event.key === "Enter") { if (options[active]) take(options[active]); }
    else { active = (active + step + options.length) % options.length || 0; draw(); }
  };
  const leave = () => {
    if (!control.value) chosen = null;
    show();
    close();
  };
  const control = h("input", { type: "search", id: it.id, role: "combobox", autocomplete: "off", "aria-expanded": "false", "aria-controls": list.id, "aria-describedby": it.describedby,
    "aria-label": it.id ? null : words(part.placeholder) || "Search", placeholder: words(part.placeholder), oninput: look, onfocus: () => { control.select(); look(); }, onkeydown: keys, onblur: leave });
  show();
  keep(it, () => ({ selected_option: control.value ? chosen : null }));
  return h("div", { class: "search" }, h("div", { class: "sought" }, control, picture), list);
}
