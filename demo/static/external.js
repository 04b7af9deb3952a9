// A select whose options come from the app while one types.

import { h } from "./dom.js";
import { ask } from "./store.js";

export function externalSelect(it, { act, keep, before, words }) {
  let chosen = before(it)?.selected_option ?? it.part.initial_option ?? null;
  let options = [];
  let timer;
  const list = h("datalist", { id: `${it.place.id}-${it.blockId}-options` });
  const control = h("input", { id: it.id, type: "text", list: list.id, value: words(chosen?.text), placeholder: words(it.part.placeholder) || "Type to search", oninput: () => {
    const picked = options.find((option) => words(option.text) === control.value);
    if (picked) {
      chosen = picked;
      act(it, { selected_option: picked });
      return;
    }
    chosen = null;
    clearTimeout(timer);
    timer = setTimeout(load, 250);
  } });
  async function load() {
    if (control.value.length < (it.part.min_query_length ?? 3)) return;
    const answer = await ask("options", { view_id: it.place.id, action_id: it.part.action_id, block_id: it.blockId, value: control.value });
    options = answer.options || [];
    list.replaceChildren(...options.map((option) => h("option", { value: words(option.text) })));
  }
  keep(it, () => ({ selected_option: chosen }));
  return h("span", { class: "external" }, control, list);
}
