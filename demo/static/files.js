// Files for the app: in its own conversation a clip, a place to drop them, and one to try with.

import { byId, toast } from "./dom.js";
import { ask, on, state } from "./store.js";

const MOST = 8 * 2 ** 20; // bytes

// `open` shows the app's conversation.
export function startFiles(open) {
  const desk = byId("panel-general").parentElement;
  on("tab", () => {
    const here = state.tab === "messages";
    byId("files").hidden = byId("clip").hidden = !here;
    byId("box").placeholder = here ? "Message Status Quo, or / for commands" : "Message #general, or / for commands";
  });
  byId("clip").addEventListener("click", () => byId("file").click());
  byId("sample").addEventListener("click", sendSample);
  byId("file").addEventListener("change", () => {
    send(byId("file").files[0]);
    byId("file").value = "";
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => event.preventDefault());
  desk.addEventListener("dragover", () => desk.classList.add("dropping"));
  for (const end of ["dragleave", "drop"]) desk.addEventListener(end, () => desk.classList.remove("dropping"));
  desk.addEventListener("drop", (event) => {
    const file = event.dataTransfer.files[0];
    if (!file) return;
    open();
    send(file);
  });
}

export function sendSample() {
  ask("sample");
}

// A file is what `what` is done with: sent to the app, or put on as one's photo.
export async function send(file, what = "file") {
  if (!file) return;
  if (file.size > MOST) {
    toast("That is too large for the demo. Choose a file of at most 8 MB.");
    return;
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  await ask(what, { name: file.name, content: btoa(text) });
}
