// "Are you sure?", as Slack asks it.

import { text } from "./blocks.js";
import { h } from "./dom.js";

export function confirmed(confirm) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "modal confirm", "aria-label": confirm.title?.text || "Are you sure?" },
      h("header", {}, h("h2", {}, text(confirm.title))),
      h("div", { class: "body" }, text(confirm.text)),
      h("footer", {},
        h("button", { type: "button", onclick: () => dialog.close("no") }, text(confirm.deny)),
        h("button", { type: "button", class: confirm.style === "danger" ? "danger" : "primary", autofocus: true, onclick: () => dialog.close("yes") }, text(confirm.confirm))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
