// Sheets slide up inside one phone: lists, forms, a cart. Escape and a tap beside it close a sheet; the focus stays inside it
// and goes back to where it came from.

// sheet returns a description that phone.sheet shows. content gets a function that closes the sheet.
function sheet(title, content) { return { title, content }; }

function openSheet(frame, { title, content }) {
  closeSheet(frame);
  const from = document.activeElement;
  const id = "sheet-" + ++sheets;
  const close = () => {
    cover.remove();
    frame.querySelector(".phone-screen").inert = false;
    if (from?.isConnected) from.focus();
  };
  const panel = el("div.sheet", { role: "dialog", "aria-modal": "true", "aria-labelledby": id, tabindex: "-1" },
    el("div.sheet-head", null, iconButton("close", "Close", close), el("h2", { id, dir: "auto" }, title)));
  append(panel, [content(close)]);
  const cover = el("div.cover", {
    onclick: (e) => { if (e.target === cover) close(); },
    onkeydown: (e) => { if (e.key === "Escape") { e.stopPropagation(); close(); } },
  }, panel);
  cover.closeSheet = close;
  frame.querySelector(".phone-screen").inert = true;
  frame.append(cover);
  (panel.querySelector("[data-first]") || panel).focus();
}

let sheets = 0;

function closeSheet(frame) { frame.querySelector(".cover")?.closeSheet(); }

// listSheet is the list of a list message: sections, rows to choose from, and a button that sends the choice.
function listSheet(c, taps) {
  const rest = new Taps(taps.message, taps.phone);
  return sheet(c.action?.button || "Options", (close) => {
    let chosen = null;
    const send = el("button.primary", { type: "button", disabled: true, onclick: () => { close(); rest.tap(chosen); } }, "Send");
    const choose = (option) => { chosen = option; send.disabled = false; };
    const name = "row-" + ++sheets;
    const rows = (section) => (section.rows || []).map((row) => listRow(row, rest.next("row"), name, choose, () => send.click()));
    const sections = (c.action?.sections || []).map((section, i) => el("div.section", { role: "group", "aria-label": section.title || "Options" },
      section.title && el("h3", { dir: "auto", id: `${name}-${i}` }, section.title), rows(section)));
    return [el("div.sheet-body", { role: "radiogroup", "aria-label": c.action?.button || "Options" }, sections), el("div.sheet-foot", null, send)];
  });
}

function listRow(row, option, name, choose, send) {
  const input = el("input", { type: "radio", name, "data-first": true, disabled: !option, onchange: () => choose(option), "data-id": row.id,
    onkeydown: (e) => { if (e.key === "Enter") { input.checked = true; choose(option); send(); } } });
  return el("label.row", { title: option && whereTo(option), ondblclick: () => send() },
    el("span.row-text", null, el("span.row-title", { dir: "auto" }, row.title),
      row.description && el("span.row-description", { dir: "auto" }, row.description), routeNote(option)), input);
}
