// The inspector: what the bot asked of Meta in one column, what Meta told the bot in the other, in the order of time.

const inspector = { node: null, rows: new Map(), open: null, message: "" };

function buildInspector() {
  inspector.list = el("ol.timeline", { "aria-label": "Requests and webhooks" });
  inspector.filter = el("p.filter", { hidden: true });
  inspector.scroll = el("div.scroll", { tabindex: "0", role: "region", "aria-label": "Timeline" }, inspector.filter, inspector.list,
    el("p.empty", null, "Nothing yet. Write to the bot: each request and each webhook stands here with its JSON."));
  inspector.node = el("div.panel-body.inspector", null, el("div.lanes", { "aria-hidden": "true" }, el("span", null, "Bot → Meta"), el("span", null, "Meta → bot")), inspector.scroll);
  return inspector.node;
}

function updateInspector(update, fresh) {
  if (fresh) {
    inspector.rows.clear();
    replace(inspector.list);
  }
  const end = inspector.scroll.scrollHeight - inspector.scroll.scrollTop - inspector.scroll.clientHeight < 60;
  for (const entry of update.entries || []) putEntry(entry);
  for (const id of inspector.rows.keys()) {
    if (state.entries.has(id)) break;
    inspector.rows.get(id).remove();
    inspector.rows.delete(id);
  }
  inspector.scroll.classList.toggle("has-entries", inspector.rows.size > 0);
  if (end && !inspector.open) inspector.scroll.scrollTop = inspector.scroll.scrollHeight;
}

function putEntry(entry) {
  const known = inspector.rows.get(entry.id);
  const line = entryLine(entry);
  if (known) {
    known.querySelector(".line").replaceWith(line);
    if (inspector.open === entry.id) line.setAttribute("aria-expanded", "true");
    return;
  }
  const row = el(entry.kind === "call" ? "li.entry.call" : "li.entry.webhook", { "data-entry": entry.id }, line);
  row.hidden = Boolean(inspector.message) && entry.message !== inspector.message;
  inspector.rows.set(entry.id, row);
  let before = inspector.list.lastElementChild;
  while (before && Number(before.dataset.entry) > entry.id) before = before.previousElementSibling; // it began earlier and ended later
  if (before) before.after(row);
  else inspector.list.prepend(row);
}

function entryLine(entry) {
  const problems = entry.problems || [];
  const errors = problems.filter((p) => p.severity === "error").length;
  const what = entry.kind === "call" ? callName(entry) : entry.what || "webhook";
  return el("button.line", { type: "button", "aria-expanded": "false", onclick: () => toggleEntry(entry.id) },
    el("span.what", null, what), el(verdictClass(entry), null, verdict(entry)), el("time", { datetime: entry.at }, clockTime(entry.at)),
    errors > 0 && el("span.badge.bad", null, errors === 1 ? "1 check failed" : errors + " checks failed"),
    problems.length > errors && el("span.badge.warn", null, problems.length - errors === 1 ? "1 warning" : problems.length - errors + " warnings"),
    entry.fault && el("span.badge.fault", null, icon("bolt"), entry.fault),
    entry.kind === "webhook" && entry.acked && entry.took_ms > SLOW && el("span.badge.warn", { title: "Meta asks for a median of 250 ms, and for 1 % over 1 s at most" }, "slow"),
    entry.attempt > 1 && el("span.badge", null, "attempt " + entry.attempt));
}

const SLOW = 1000; // milliseconds (Meta, webhooks overview, read 2026-03)

function callName(entry) {
  const path = entry.path || "";
  const parts = path.split("/");
  const m = entry.message && state.messages.get(entry.message);
  const kind = m ? " " + (m.from_user ? "read" : m.kind || m.type) : "";
  if (entry.method === "POST" && parts[3] === "messages") return "messages" + kind;
  return `${entry.method} ${parts.length > 3 ? parts.slice(3).join("/") : path}`;
}

// verdict reads "200 in 12 ms".
function verdict(entry) {
  if (!entry.status) return `no answer${entry.error ? ": " + entry.error : ""}`;
  return `${entry.status} in ${milliseconds(entry.took_ms)}${entry.code ? ", code " + entry.code : ""}`;
}

function verdictClass(entry) {
  const good = entry.status >= 200 && entry.status < 300 && (entry.kind === "call" || entry.acked !== false);
  return good ? "span.verdict.good" : "span.verdict.bad";
}

async function toggleEntry(id) {
  const was = inspector.open;
  closeEntry();
  if (was === id) return;
  inspector.open = id;
  const row = inspector.rows.get(id);
  row.querySelector(".line").setAttribute("aria-expanded", "true");
  const box = el("div.detail", { role: "region", "aria-label": "Details", tabindex: "-1" }, el("p.quiet", null, "Loading…"));
  row.append(box);
  const detail = await call("GET", "entries/" + id).catch(() => null);
  if (!detail) return closeEntry();
  replace(box, entryDetail(detail));
  row.scrollIntoView({ block: "nearest" });
}

function closeEntry() {
  const row = inspector.rows.get(inspector.open);
  inspector.open = null;
  row?.querySelector(".detail")?.remove();
  row?.querySelector(".line").setAttribute("aria-expanded", "false");
}

function entryDetail(d) {
  const copy = (as, label) => el("button.small", { type: "button", onclick: () => call("GET", `entries/${d.id}/copy?as=${as}`).then(copyText, () => null) }, icon("copy"), label);
  const names = { curl: "curl", go: "Go test", fixture: "Fixture" };
  const body = d.request?.body || "";
  return [
    el("div.tools", null, (d.copies || []).map((as) => copy(as, names[as])),
      d.kind === "webhook" && el("button.small", { type: "button", onclick: () => act(`entries/${d.id}/redeliver`, {}).catch(() => null) }, "Deliver again"),
      d.kind === "webhook" && el("button.small", { type: "button", onclick: (e) => editWebhook(e.target.closest(".detail"), d.id, body) }, "Edit and deliver")),
    d.details && !d.problems?.length && el("p.details", null, d.details), d.next_at && el("p.details", null, "Delivered again at " + clockTime(d.next_at)),
    d.problems?.length > 0 && problemList(d.problems),
    exchange("Request", [d.request?.method, d.request?.url].filter(Boolean).join(" "), d.request),
    exchange("Response", d.status ? String(d.status) : d.error || "no answer", d.response),
  ];
}

function exchange(title, line, half) {
  const headers = Object.entries(half?.headers || {});
  return el("div.exchange", null, el("h3", null, title), el("code.first-line", null, line),
    headers.length > 0 && el("details", null, el("summary", null, `${headers.length} headers`),
      el("dl.headers", null, headers.map(([name, value]) => [el("dt", null, name), el("dd", null, Array.isArray(value) ? value.join(", ") : value)]))),
    half?.body && jsonView(half.body), half?.cut && el("p.quiet", null, "The rest was cut."));
}

function editWebhook(box, id, body) {
  const area = el("textarea.edit", { "aria-label": "Webhook body", rows: "12", spellcheck: "false", value: pretty(body) });
  box.querySelector(".editor")?.remove();
  box.append(el("div.editor", null, area, el("button.primary", { type: "button", onclick: () => act(`entries/${id}/redeliver`, { body: area.value }).catch(() => null) }, "Deliver, signed anew")));
  area.focus();
}

function pretty(body) {
  try { return JSON.stringify(JSON.parse(body), null, 2); } catch { return body; }
}

const JSON_TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;

// jsonView colours keys, strings and values. A long body stays plain.
function jsonView(body) {
  const text = pretty(body);
  const box = el("pre.json", { tabindex: "0", dir: "ltr", role: "region", "aria-label": "JSON" });
  if (text.length > 60000 || !/^\s*[[{]/.test(text)) {
    box.textContent = text;
    return box;
  }
  let end = 0;
  for (const m of text.matchAll(JSON_TOKEN)) {
    box.append(text.slice(end, m.index), el(m[2] ? "span.key" : m[1] ? "span.string" : "span.value", null, m[1] || m[3]), m[2] || "");
    end = m.index + m[0].length;
  }
  box.append(text.slice(end));
  return box;
}

// inspectMessage shows only the entries of a message.
function inspectMessage(id) {
  inspector.message = id;
  showPanel("inspector");
  replace(inspector.filter, "Only message ", el("code", null, id), el("button.small", { type: "button", onclick: () => inspectMessage("") }, "Show all"));
  inspector.filter.hidden = !id;
  for (const [key, row] of inspector.rows) row.hidden = Boolean(id) && state.entries.get(key)?.message !== id;
}
