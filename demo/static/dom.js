// Builds elements. Text always goes in as text: nothing here or elsewhere sets HTML.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in PROPERTIES) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PROPERTIES = { value: 1, checked: 1, disabled: 1, hidden: 1, selected: 1 };

export const byId = (id) => document.getElementById(id);

export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

// A dialog of the page's own, with a form in it. `kind` is the class of its body.
export function openDialog(title, kind, body, foot, onsubmit) {
  const dialog = h("dialog", { class: "modal", "aria-label": title },
    h("form", { class: "modal-form", onsubmit: (event) => { event.preventDefault(); onsubmit(); } },
      h("header", {}, h("h2", {}, title), h("button", { type: "button", class: "quiet close", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
      h("div", { class: `body ${kind}` }, body), h("footer", {}, foot)));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

let toastTimer;

export function toast(text) {
  const place = byId("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (place.hidden = true), 6000);
}

// An address from the app's blocks; only the web's own schemes are followed.
export function safeAddress(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
