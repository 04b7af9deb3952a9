import { showAgent, startAgent } from "./agent.js";
import { startCalendar } from "./calendar.js";
import { startClock } from "./clock.js";
import { startComposer } from "./composer.js";
import { sendSample, startFiles } from "./files.js";
import { byId, toast } from "./dom.js";
import { loadEmoji } from "./emoji.js";
import { openHome, startHome } from "./home.js";
import { startLog } from "./log.js";
import { startMembers } from "./members.js";
import { startMessages } from "./messages.js";
import { startModals } from "./modals.js";
import { startStatus } from "./status.js";
import { ask, connect, emit, pick, state } from "./store.js";

const PANELS = { general: "general", home: "home", messages: "general" }; // both conversations have one panel
const TABS = Object.keys(PANELS);

export function show(name) {
  for (const tab of TABS) {
    const chosen = tab === name;
    byId(`tab-${tab}`).setAttribute("aria-selected", String(chosen));
    byId(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
  }
  for (const panel of new Set(Object.values(PANELS))) byId(`panel-${panel}`).hidden = panel !== PANELS[name];
  byId("panel-general").setAttribute("aria-labelledby", `tab-${name === "messages" ? name : "general"}`);
  state.tab = name;
  emit("tab");
  openHome(name === "home");
}

function startTabs() {
  for (const [index, tab] of TABS.entries()) {
    byId(`tab-${tab}`).addEventListener("click", () => show(tab));
    byId(`tab-${tab}`).addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      const other = TABS[(index + step + TABS.length) % TABS.length];
      show(other);
      byId(`tab-${other}`).focus();
    });
  }
}

function startIdeas() {
  document.querySelector("[data-next]").addEventListener("click", () => byId("next-edge").click());
  document.querySelector("[data-own]").addEventListener("click", () => byId("own-status").click());
  document.querySelector("[data-agent]").addEventListener("click", () => showAgent(true));
  const admin = document.querySelector("[data-admin]");
  admin.addEventListener("click", () => {
    pick(admin.dataset.admin);
    show("home");
  });
  document.querySelector("[data-file]").addEventListener("click", () => {
    show("messages");
    sendSample();
  });
  for (const idea of document.querySelectorAll("[data-say]")) {
    idea.addEventListener("click", () => {
      show("general");
      ask("message", { text: idea.dataset.say });
    });
  }
}

function startTheme() {
  const root = document.documentElement;
  const kept = localStorage.getItem("theme");
  if (kept) root.dataset.theme = kept;
  byId("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

startTheme();
startTabs();
startIdeas();
startMembers();
startMessages();
startComposer();
startFiles(() => show("messages"));
startHome();
startModals();
startStatus();
startCalendar();
startAgent(() => show("home"));
startClock();
startLog();
loadEmoji().then(connect, () => toast("The page cannot reach the demo. Is it still running?"));
