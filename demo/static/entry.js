// The form of one event.

import { h, openDialog } from "./dom.js";
import { ask, calendar } from "./store.js";

const KINDS = [["meeting", "Meeting"], ["focus", "Focus time"], ["out_of_office", "Out of office"], ["elsewhere", "Working elsewhere"]];
const REPEATS = [["", "Never"], ["daily", "Every day"], ["weekly", "Every week"]];
const REACHES = [["", "Only this one"], ["series", "The whole series"]];
const FLAGS = [["private", "Private"], ["declined", "I declined it"], ["tentative", "I answered “maybe”"], ["free", "Shows me as free"]];

export function editEntry(entry, start = "09:00", end = "10:00") {
  const book = calendar();
  const account = book.id !== "feed";
  const values = entry || { title: "", day: book.day, start, end, all_day: false, days: 1, kind: "meeting" };
  const title = h("input", { id: "e-title", type: "text", value: values.title, maxlength: 200, required: true, autofocus: true, placeholder: "What is it?" });
  const day = h("input", { id: "e-day", type: "date", value: values.day, required: true });
  const from = h("input", { id: "e-start", type: "time", value: values.start, required: true });
  const to = h("input", { id: "e-end", type: "time", value: values.end, required: true });
  const days = h("input", { id: "e-days", type: "number", min: 1, max: 60, value: values.days, required: true });
  const whole = h("input", { type: "checkbox", id: "e-all-day", checked: values.all_day, onchange: () => flip() });
  const kind = h("select", { id: "e-kind" }, KINDS.map(([value, label]) => h("option", { value, selected: value === values.kind }, label)));
  const leaf = choice("e-calendar", book.calendars.map((one, index) => [String(index), one.name]), String(entry?.calendar ?? 0));
  const repeat = choice("e-repeat", REPEATS);
  const reach = choice("e-reach", REACHES);
  const flags = FLAGS.map(([name, label]) => [name, h("input", { type: "checkbox", id: `e-${name}`, checked: Boolean(values[name]) }), label]);
  const times = h("div", { class: "pair" }, labelled("From", from), labelled("To", to));
  const count = labelled("Days", days);
  const flip = () => {
    times.hidden = whole.checked;
    count.hidden = !whole.checked;
  };
  const read = () => ({ title: title.value, day: day.value, start: from.value, end: to.value, days: Number(days.value) || 1, all_day: whole.checked, kind: kind.value, ...Object.fromEntries(flags.map(([name, control]) => [name, control.checked])) });
  const series = () => reach.value === "series";
  const remove = h("button", { type: "button", class: "left danger", onclick: () => send("entry-remove", { id: entry.id, series: series() }) });
  const name = () => (remove.textContent = !entry?.series ? "Delete" : series() ? "Delete the series" : "Cancel this one");
  reach.addEventListener("change", name);
  const save = () => (entry ? send("entry-change", { id: entry.id, series: series(), entry: read() }) : send("entry-add", { entry: { ...read(), calendar: leaf.value, repeat: repeat.value } }));
  const send = async (what, body) => {
    const answer = await ask(what, { book: book.id, ...body });
    if (answer.ok) dialog.close();
  };
  const body = [
    labelled("Title", title),
    account && !entry ? h("div", { class: "pair" }, labelled("Calendar", leaf), labelled("Repeats", repeat)) : null,
    entry?.series ? labelled("Applies to", reach) : null,
    h("div", { class: "pair" }, labelled("Day", day), labelled("Kind", kind)),
    h("label", { class: "check" }, whole, " All day"), times, count,
    h("fieldset", {}, h("legend", {}, "In the calendar it is marked as"), flags.map(([, control, label]) => h("label", { class: "check" }, control, ` ${label}`))),
  ];
  const foot = [
    entry ? remove : null,
    h("button", { type: "button", onclick: () => dialog.close() }, "Close"), h("button", { type: "submit", class: "primary" }, entry ? "Save" : "Add"),
  ];
  flip();
  name();
  const dialog = openDialog(entry ? "Change the event" : "Add an event", "entry", body, foot, save);
}

function choice(id, options, chosen = "") {
  return h("select", { id }, options.map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
}

function labelled(label, control) {
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}
