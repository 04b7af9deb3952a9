// The message box, with the list of commands that opens with a slash, and of people that opens with an @.

import { byId, fill, h } from "./dom.js";
import { asCharacters } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { ask, emit, on, state } from "./store.js";

const COMMANDS = [
  ["/quo", "what your status is now, and why"],
  ["/quo :pizza: Lunch for 45m", "set a status with an end"],
  ["/quo why", "which event, which rule, what was ignored"],
  ["/quo preview", "how the rest of your day will look"],
  ["/quo pause 2h", "leave my status alone for a while"],
  ["/quo resume", "take care of it again"],
  ["/quo clear", "“I’m back early”"],
  ["/quo who", "who is out, and until when"],
  ["/quo calendars", "what is connected, and whether it works"],
  ["/quo connect", "connect one more calendar"],
  ["/quo rules", "your list: what it says, mutes and shows"],
  ["/quo settings", "working hours, whose status wins"],
  ["/quo help", "everything else"],
  ["/ooo friday", "out of office on Friday"],
  ["/ooo until 3pm", "out of office from now on"],
  ["/ooo", "the out-of-office form"],
  ["/ooo off", "back again"],
];

let active = -1;
let closing = 0; // the list closes a little after the box is left, so that a click on it still counts
const past = [];
let back = 0;

export function startComposer() {
  const box = byId("box");
  box.addEventListener("input", () => suggest());
  box.addEventListener("focus", () => {
    clearTimeout(closing); // else what was opened since would be closed, and Enter would send half a command
    suggest();
  });
  box.addEventListener("blur", () => {
    closing = setTimeout(close, 150);
  });
  box.addEventListener("keydown", keys);
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  byId("leave-thread").addEventListener("click", leaveThread);
  on("thread", drawThread);
  on("tab", leaveThread);
  on("person", leaveThread);
}

function leaveThread() {
  state.thread = null;
  emit("thread");
}

function drawThread() {
  const thread = state.thread;
  byId("thread").hidden = !thread;
  if (thread) fill(byId("thread-of"), `Reply to ${thread.sender}: `, mrkdwn(thread.text));
}

// What could stand in the place of what was typed, with a word about each.
function found() {
  const typed = byId("box").value.slice(0, byId("box").selectionStart).toLowerCase();
  if (typed.startsWith("/")) return COMMANDS.filter(([command]) => command.toLowerCase().startsWith(typed));
  const mention = /(?:^|\s)@([\w.-]*)$/.exec(typed);
  if (!mention || state.tab !== "general") return [];
  const like = (member) => [member.handle, ...member.name.toLowerCase().split(" ")].some((word) => word.startsWith(mention[1]));
  return state.members.filter(like).map((member) => [`@${member.handle}`, asCharacters(`${member.name} ${member.emoji} ${member.text}`)]);
}

function suggest() {
  const matching = found();
  const list = byId("hints");
  active = -1;
  fill(list, matching.map(([command, help], index) => h("li", { role: "option", id: `hint-${index}`, "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); take(command); } }, h("b", {}, command), h("span", {}, help))));
  list.hidden = !matching.length || (matching.length === 1 && byId("box").value.endsWith(matching[0][0]));
}

function close() {
  byId("hints").hidden = true;
  byId("box").removeAttribute("aria-activedescendant");
  active = -1;
}

function take(word) {
  const box = byId("box");
  const at = box.selectionStart;
  if (word.startsWith("@")) box.setRangeText(`${word} `, box.value.lastIndexOf("@", at - 1), at, "end");
  else box.value = word;
  close();
  box.focus();
  close();
}

function mark(step) {
  const items = [...byId("hints").children];
  active = (active + step + items.length) % items.length;
  items.forEach((item, index) => item.setAttribute("aria-selected", String(index === active)));
  items[active].scrollIntoView({ block: "nearest" });
  byId("box").setAttribute("aria-activedescendant", items[active].id);
}

function keys(event) {
  const open = !byId("hints").hidden;
  if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    mark(active < 0 && event.key === "ArrowUp" ? 0 : event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape") {
    if (open) close();
    else leaveThread();
  } else if (open && (event.key === "Tab" || event.key === "Enter") && active >= 0) {
    event.preventDefault();
    take(found()[active][0]);
  } else if (!open && event.key === "ArrowUp" && past.length) {
    event.preventDefault();
    back = Math.min(back + 1, past.length);
    byId("box").value = past.at(-back);
  }
}

async function send() {
  const box = byId("box");
  const text = box.value.trim();
  if (!text) return;
  past.push(text);
  back = 0;
  box.value = "";
  close();
  byId("messages").scrollTop = byId("messages").scrollHeight;
  const handles = state.members.reduce((said, member) => said.replaceAll(`@${member.name}`, `@${member.handle}`), text);
  const answer = await ask("message", { text: handles, thread: state.thread?.ts });
  if (!answer.ok && !box.value) box.value = text;
}
