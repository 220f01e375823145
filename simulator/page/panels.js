// Beside the inspector: faults, settings and the bot's log.

// What the parameters of faults are called, and what there is to choose.
const PARAMETERS = {
  n: ["Webhooks in one POST"], level: ["Batched as", ["messages", "changes", "entries"]], delay_ms: ["Delay in milliseconds"],
  on: ["Which webhooks", ["messages", "statuses", "any"]], signed: ["Signed all the same", ["false", "true"]],
  code: ["Error code"], status: ["HTTP status"], retry_after_s: ["Retry-After in seconds"],
  async: ["Refused", [["false", "at once"], ["true", "later, as a failed status"]]], call: ["Which calls", ["send", "read", "media", "any"]],
};
const TRIGGERS = [["next", "the next"], ["every", "every"], ["probability", "with probability"]];

function buildFaults() {
  const armed = el("ul.armed-list", { "aria-label": "Armed faults" });
  const form = el("form.fault-form", { onsubmit: (e) => { e.preventDefault(); arm(); } });
  const choice = { kind: "", trigger: "next" };
  let kinds = [];
  const value = (name) => form.querySelector(`[name="${name}"]`)?.value;
  const draw = () => {
    const kind = kinds.find((k) => k.kind === choice.kind) || kinds[0];
    if (!kind) return;
    choice.kind = kind.kind;
    const group = (side, label) => el("optgroup", { label }, kinds.filter((k) => k.side === side).map((k) => el("option", { value: k.kind, selected: k === kind }, k.kind)));
    replace(form,
      el("label.field", null, el("span", null, "Fault"), el("select", { name: "kind", onchange: (e) => { choice.kind = e.target.value; draw(); } }, group("webhook", "Webhooks, Meta to bot"), group("api", "API, bot to Meta"))),
      el("p.quiet", null, kind.what),
      (kind.parameters || []).map(parameterField),
      el("label.field", null, el("span", null, "Hits"), el("select", { name: "trigger", onchange: (e) => { choice.trigger = e.target.value; draw(); } }, TRIGGERS.map(([v, t]) => el("option", { value: v, selected: v === choice.trigger }, t)))),
      el("label.field", null, el("span", null, choice.trigger === "probability" ? "Probability, 0 to 1" : choice.trigger === "every" ? "Every nth" : "How many"), el("input", { name: "amount", type: "number", step: "any", min: "0", value: choice.trigger === "probability" ? "0.3" : choice.trigger === "every" ? "2" : "1" })),
      choice.trigger === "probability" && el("label.field", null, el("span", null, "Seed"), el("input", { name: "seed", type: "number", value: "1" })),
      el("button.primary", { type: "submit" }, icon("bolt"), "Arm"));
  };
  const arm = () => {
    const kind = kinds.find((k) => k.kind === choice.kind);
    const fault = { kind: kind.kind, [choice.trigger]: Number(value("amount")) };
    if (choice.trigger === "probability") fault.seed = Number(value("seed"));
    for (const p of kind.parameters || []) {
      const typed = value("p-" + p);
      if (typed) fault[p] = parameter(p, typed);
    }
    call("POST", "faults", fault).catch(() => null);
  };
  const node = el("div.panel-body.padded", null, el("p.quiet", null, "Nothing fails unless it is armed here."), form, el("h3", null, "Armed"), armed);
  return { node, async shown() { if (!kinds.length) { kinds = (await call("GET", "faults/kinds")).kinds; draw(); } },
    update() { replace(armed, state.faults.length ? state.faults.map((f) => el("li", null, faultChip(f))) : el("li.quiet", null, "None")); } };
}

function parameterField(name) {
  const [label, choices] = PARAMETERS[name] || [name];
  const input = choices
    ? el("select", { name: "p-" + name }, choices.map((c) => el("option", { value: typeof c === "string" ? c : c[0] }, typeof c === "string" ? c : c[1])))
    : el("input", { name: "p-" + name, type: "text", inputmode: "numeric", placeholder: "as usual", autocomplete: "off" });
  return el("label.field", null, el("span", null, label), input);
}

// parameter reads what was typed: numbers and yes or no where they are meant.
function parameter(name, typed) {
  if (typed === "true" || typed === "false") return typed === "true";
  return typed.trim() !== "" && !Number.isNaN(Number(typed)) ? Number(typed) : typed;
}

function faultChip(f) {
  const when = f.next ? `next ${f.next}` : f.every ? `every ${f.every}` : `p = ${f.probability}`;
  return el("span.chip.fault", { title: f.what }, icon("bolt"), `${f.kind}, ${when}`, f.hits > 0 && el("span.hits", null, `${f.hits} hit`),
    iconButton("close", "Disarm " + f.kind, () => call("DELETE", "faults/" + f.id).catch(() => null)));
}

const SETTINGS = [
  ["carousel_tap", "A tap on a carousel card arrives as", [["button", "type button (recorded on real phones)"], ["button_reply", "interactive.button_reply"], ["quick_reply", "interactive.quick_reply"], ["turns", "all three in turn"]]],
  ["window", "24-hour window", [["off", "not checked"], ["refuse", "closed: 131047 at once"], ["fail", "closed: accepted, then failed"]]],
  ["pair_limit", "Limit of messages to one user (131056)"], ["auto_status", "Report sent and delivered"], ["auto_read", "Users read at once"], ["redeliver", "Deliver again what was not answered 200"],
  ["throughput", "Messages per second and number, 0 is no limit"], ["status_delay_ms", "Milliseconds between statuses"],
];

function buildSettings() {
  const box = el("div.settings");
  const set = (name, v) => call("PATCH", "settings", { [name]: v }).catch(() => update());
  const control = ([name, label, choices]) => {
    const v = state.settings[name];
    if (v === undefined) return null;
    if (choices) return el("label.field", null, el("span", null, label), el("select", { onchange: (e) => set(name, e.target.value) }, choices.map(([c, t]) => el("option", { value: c, selected: c === v }, t))));
    if (typeof v === "boolean") return el("label.switch", null, el("input", { type: "checkbox", checked: v, onchange: (e) => set(name, e.target.checked) }), el("span", null, label));
    return el("label.field", null, el("span", null, label), el("input", { type: "number", min: "0", value: String(v), onchange: (e) => set(name, Number(e.target.value)) }));
  };
  const update = () => replace(box, SETTINGS.map(control));
  const button = (label, run) => el("button.small", { type: "button", onclick: run }, label);
  const node = el("div.panel-body.padded", null, box,
    el("h3", null, "Clock"), el("p.now"), el("div.tools", null, button("Advance 1 h", () => advance(3600e3)), button("Advance 24 h", () => advance(24 * 3600e3))),
    el("h3", null, "Bot"), el("p.quiet.webhook"), el("div.tools", null, button("Verify the webhook", handshake), button("Release late webhooks", () => call("POST", "restarted", {}).catch(() => null))),
    el("h3", null, "State"), el("div.tools", null, button("Save", async () => download(JSON.stringify(await call("GET", "save"), null, 1), "wasim.json")), button("Restore…", restore), button("Start over", () => call("POST", "reset", { users: false }).catch(() => null))));
  return { node, update(u) {
    if (u.settings) update();
    const where = state.bot.webhook || "no webhook address";
    node.querySelector(".webhook").textContent = state.bot.exec ? `${where}, started by ${state.bot.exec}` : where;
  }, tick() { node.querySelector(".now").textContent = new Date(now()).toLocaleString(); } };
}

function advance(ms) { return call("POST", "clock", { advance_ms: ms }).catch(() => null); }

async function handshake() {
  const answer = await call("POST", "handshake", {}).catch(() => null);
  if (answer) toast(answer.ok ? "The bot answered the challenge." : answer.error, !answer.ok);
}

function restore() {
  const input = el("input", { type: "file", accept: "application/json" });
  input.addEventListener("change", async () => {
    const text = await input.files[0].text();
    try { await call("POST", "restore", JSON.parse(text)); } catch (e) { if (e instanceof SyntaxError) toast("The file is not JSON.", true); }
  });
  input.click();
}

// buildBot shows what is known of the bot: what it gave up, its routes, what it prints.
function buildBot() {
  const about = el("p.quiet.about-bot");
  const letters = el("ol.letters", { "aria-label": "Dead letters" });
  const dead = el("section", { hidden: true }, el("h3", null, "Dead letters"), letters);
  const routes = el("details.routes", { hidden: true, ontoggle: () => routes.open && drawRoutes(routes) }, el("summary", null, "Routes"), el("ul"));
  const list = el("pre.bot-log", { tabindex: "0", role: "log", "aria-label": "Log of the bot", dir: "ltr" });
  const empty = el("p.quiet");
  const restart = (label, reset) => el("button.small", { type: "button", onclick: () => call("POST", "restart", { reset }).catch(() => null) }, label);
  const tools = el("div.tools", { hidden: true }, restart("Restart the bot", false), restart("Restart and begin anew", true));
  return { node: el("div.panel-body.bot-panel", null, el("div.padded", null, about, tools, dead, routes, el("h3", null, "Log"), empty), list), update(update, fresh) {
    about.textContent = aboutBot();
    tools.hidden = !state.bot.restarts;
    dead.hidden = !state.letters.length;
    if (update.dead_letters) replace(letters, state.letters.toReversed().map(letterView));
    routes.hidden = !state.bot.started_at;
    if (fresh && routes.open) drawRoutes(routes);
    if (fresh) replace(list);
    const end = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    for (const line of update.logs || []) list.append(el(line.stream === "stderr" ? "span.stderr" : "span", null, line.text + "\n"));
    while (list.childElementCount > KEEP.logs) list.firstElementChild.remove();
    list.classList.toggle("has-lines", list.childElementCount > 0);
    empty.hidden = list.childElementCount > 0;
    empty.textContent = state.bot.exec ? "The bot has printed nothing." : "wasim -exec starts a bot and shows what it prints here.";
    if (end) list.scrollTop = list.scrollHeight;
  } };
}

function aboutBot() {
  const { inbox, started_at: since } = state.bot;
  if (!since) return "The bot tells nothing of its routes and its inbox. One that is built on the library does when it starts with the variables that wasim prints.";
  const told = inbox && `${inbox.depth} waiting, ${inbox.running} being handled, ${inbox.dead_letters} dead ${inbox.dead_letters === 1 ? "letter" : "letters"}`;
  return `Running since ${clockTime(since)}. Inbox: ${told || "it does not answer"}.`;
}

function letterView(l) {
  return el("li.letter", null, el("p", null, el("strong", null, l.what), el("span.quiet", null, ` ${clockTime(l.failed_at)}, after ${l.attempts} ${l.attempts === 1 ? "attempt" : "attempts"}`)),
    el("p.reason", { dir: "auto" }, l.error),
    state.messages.has(l.message) && el("button.small", { type: "button", onclick: () => inspectMessage(l.message) }, "Show in the inspector"));
}

async function drawRoutes(box) {
  const { routes } = await call("GET", "routes").catch(() => ({ routes: [] }));
  replace(box.querySelector("ul"), routes.map((r) => el("li", null, el("code", null, r.pattern || r.kind), r.pattern && r.kind !== "reply" && el("span.quiet", null, " " + r.kind),
    r.source && el("span.source", { dir: "ltr" }, r.source.split("/").slice(-2).join("/")))));
}
