// Nodes. Whatever a bot or a user wrote is set as text here, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

// el("button.primary", {onclick: f}, "Send") makes a node. Strings among the children become text; false and null are left out.
function el(spec, props, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  setAll(node, props || {});
  append(node, children);
  return node;
}

function setAll(node, props) {
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "disabled" || key === "selected") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
}

function append(node, children) {
  for (const child of children.flat(3)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child);
  }
}

function replace(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

// Icons are drawn on a grid of 24, as strokes.
const ICONS = {
  send: "M4 12 20 4l-5 16-3.5-6.5L4 12Zm7.5 1.5L20 4",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  list: "M9 7h11M9 12h11M9 17h11M4.5 7h.01M4.5 12h.01M4.5 17h.01",
  reply: "M10 6 4 12l6 6M4 12h10a6 6 0 0 1 6 6",
  link: "M14 5h5v5M19 5l-8 8M11 6H7a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2v-4",
  phone: "M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5L16 13l4 1.5v3A2.5 2.5 0 0 1 17.5 20C10 20 4 14 4 6.5A2.5 2.5 0 0 1 6.5 4Z",
  pin: "M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21Zm0-9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  file: "M7 3h7l5 5v13H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Zm7 0v5h5M9 13h6M9 17h6",
  image: "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm-1 12 5-5 4 4 2-2 5 5M15.5 9.5h.01",
  video: "M4 6h11v12H4zM15 10l5-3v10l-5-3",
  mic: "M12 4a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4ZM6 11a6 6 0 0 0 12 0M12 17v3",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 8c.6-4 3.5-6 7-6s6.4 2 7 6",
  form: "M6 4h12a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm2 5h8M8 13h8M8 17h4",
  bag: "M6 8h12l1 12H5L6 8Zm3 0a3 3 0 0 1 6 0",
  left: "M14.5 6 8.5 12l6 6",
  right: "M9.5 6l6 6-6 6",
  down: "M6 9.5l6 6 6-6",
  more: "M12 6h.01M12 12h.01M12 18h.01",
  smile: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm-3.5-6.5a4 4 0 0 0 7 0M9.5 10h.01M14.5 10h.01",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm0-12.5V12l3 2",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6l1-7Z",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  warn: "M12 4 2.5 20h19L12 4Zm0 6v5M12 17.5h.01",
  tick: "M5 13l4.5 4.5L19 7.5",
  ticks: "M2 13l4.5 4.5L16 7.5M11.5 17l1 .5L22 7.5",
  play: "M8 5.5v13l10-6.5L8 5.5Z",
};

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function iconButton(name, label, onclick, props) {
  return el("button.icon-button", { type: "button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

// option elements of a select: [[value, text], …].
function select(label, choices, value, onchange) {
  return el("select", { "aria-label": label, onchange: (e) => onchange(e.target.value) },
    choices.map(([v, text]) => el("option", { value: v, selected: v === value }, text)));
}

function clockTime(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function milliseconds(ms) {
  if (ms === undefined) return "";
  if (ms < 0.1) return "<0.1 ms";
  if (ms >= 1000) return (ms / 1000).toFixed(1) + " s";
  return (ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)) + " ms";
}

// httpURL returns the address where it is one that a link may open: http or https.
function httpURL(address) {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : "";
  } catch {
    return "";
  }
}

// link opens outside of the page and tells the other side nothing about it. Other schemes are text.
function link(spec, address, ...children) {
  const href = httpURL(address);
  if (!href) return el(spec.replace(/^a/, "span"), null, children);
  return el(spec, { href, target: "_blank", rel: "noopener noreferrer" }, children);
}

// toast says something for a few seconds, to the eye and to a screen reader.
function toast(text, bad) {
  const note = el(bad ? "div.toast.bad" : "div.toast", null, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

function copyText(text) {
  navigator.clipboard.writeText(text).then(() => toast("Copied."), () => toast("The browser did not allow copying.", true));
}
