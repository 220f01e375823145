// The page: a bar, the phones, the panel.

const phones = [];
const panels = { inspector: { title: "Inspector" }, faults: { title: "Faults" }, settings: { title: "Settings" }, bot: { title: "Bot" } };
const remembered = {
  get(key) { try { return JSON.parse(sessionStorage.getItem("wasim-" + key)); } catch { return null; } },
  set(key, value) { try { sessionStorage.setItem("wasim-" + key, JSON.stringify(value)); } catch { /* private windows may refuse */ } },
};

function openPhone(user, number) {
  const phone = new Phone(user, number, (p, closed) => {
    if (closed) {
      phones.splice(phones.indexOf(p), 1);
      p.node.remove();
    }
    rememberPhones();
  });
  phones.push(phone);
  document.getElementById("phones").append(phone.node);
  phone.toEnd();
  return phone;
}

function rememberPhones() { remembered.set("phones", phones.map((p) => [p.user, p.number])); }

// startPhones opens the phones of the last visit, or the first user's. One that stays shows the new state.
function startPhones() {
  for (const phone of [...phones]) {
    if (state.users.has(phone.user)) phone.reload();
    else phone.changed(phone, true);
  }
  if (phones.length) return;
  const known = (remembered.get("phones") || []).filter(([user, number]) => state.users.has(user) && state.numbers.some((n) => n.id === number));
  const first = state.users.keys().next().value;
  if (known.length) known.forEach(([user, number]) => openPhone(user, number));
  else if (first && state.numbers.length) openPhone(first, state.numbers[0].id);
}

// addPhone opens the phone of somebody who has none open, else it asks for a new user.
function addPhone() {
  const free = [...state.users.keys()].find((id) => !phones.some((p) => p.user === id));
  if (free) {
    openPhone(free, state.numbers[0].id).input.focus();
    rememberPhones();
  } else newUser();
}

function newUser() {
  const dialog = el("dialog.new-user", { "aria-labelledby": "new-user-title", onclose: () => dialog.remove() });
  const name = field("Name", "Bo");
  const hidden = el("input", { type: "checkbox" });
  const add = async (e) => {
    e.preventDefault();
    const user = await call("POST", "users", { name: name.read(), hide_phone: hidden.checked }).catch(() => null);
    if (!user) return;
    dialog.close();
    state.users.set(user.id, user);
    openPhone(user.id, state.numbers[0].id).input.focus();
    rememberPhones();
  };
  append(dialog, [el("form", { onsubmit: add }, el("h2", { id: "new-user-title" }, "New user"), name.node,
    el("label.switch", null, hidden, el("span", null, "Hides the phone number: the bot sees a user id only")),
    el("div.tools", null, el("button.small", { type: "button", onclick: () => dialog.close() }, "Cancel"), el("button.primary", { type: "submit" }, "Add phone")))]);
  document.body.append(dialog);
  dialog.showModal();
}

function buildPanel() {
  const inspectorNode = buildInspector();
  Object.assign(panels.inspector, { node: inspectorNode, update: updateInspector });
  Object.assign(panels.faults, buildFaults());
  Object.assign(panels.settings, buildSettings());
  Object.assign(panels.bot, buildBot());
  const tabs = el("div.tabs", { role: "tablist", "aria-label": "Panel", onkeydown: moveTab });
  for (const [name, p] of Object.entries(panels)) {
    p.tab = el("button.tab", { type: "button", role: "tab", id: "tab-" + name, "aria-controls": "panel-" + name, onclick: () => showPanel(name) }, p.title);
    setAll(p.node, { role: "tabpanel", id: "panel-" + name, "aria-labelledby": "tab-" + name });
    tabs.append(p.tab);
  }
  replace(document.getElementById("panel"), tabs, Object.values(panels).map((p) => p.node));
  showPanel("inspector");
}

function showPanel(name) {
  for (const [key, p] of Object.entries(panels)) {
    p.node.hidden = key !== name;
    p.tab.setAttribute("aria-selected", String(key === name));
    p.tab.tabIndex = key === name ? 0 : -1;
  }
  panels[name].shown?.();
}

function moveTab(e) {
  const names = Object.keys(panels);
  const at = names.findIndex((n) => panels[n].tab === document.activeElement);
  const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  if (!by || at < 0) return;
  const to = names[(at + by + names.length) % names.length];
  showPanel(to);
  panels[to].tab.focus();
}

// The theme is the system's until it is chosen; ids are the developer's view of buttons.
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  replace(document.getElementById("theme"), icon(theme === "dark" ? "sun" : "moon"));
  document.getElementById("theme").setAttribute("aria-label", theme === "dark" ? "Light colours" : "Dark colours");
}

function setIds(on) {
  document.documentElement.classList.toggle("show-ids", on);
  document.getElementById("ids").setAttribute("aria-pressed", String(on));
  remembered.set("ids", on);
}

function updateBar(update) {
  if (update.faults) replace(document.getElementById("armed"), state.faults.map(faultChip));
  if (update.dead_letters) drawLetterCount();
  if (!update.bot && !update.faults) return;
  const bot = document.getElementById("bot");
  bot.className = state.bot.reachable === false ? "bot down" : state.bot.reachable ? "bot up" : "bot";
  bot.textContent = state.bot.reachable === false ? "The bot does not answer" : state.bot.reachable ? "The bot answers" : "Waiting for the first webhook";
}

function drawLetterCount() {
  const n = state.letters.length;
  const button = document.getElementById("letters");
  button.hidden = n === 0;
  button.textContent = n === 1 ? "1 dead letter" : n + " dead letters";
}

function main() {
  setTheme(remembered.get("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  setIds(remembered.get("ids") === true);
  document.getElementById("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    remembered.set("theme", theme);
    setTheme(theme);
  });
  document.getElementById("ids").addEventListener("click", () => setIds(!document.documentElement.classList.contains("show-ids")));
  document.getElementById("letters").addEventListener("click", () => showPanel("bot"));
  document.getElementById("add").addEventListener("click", addPhone);
  buildPanel();
  watch((update, fresh) => {
    if (fresh) startPhones();
    else for (const phone of phones) phone.update(update);
    updateBar(update);
    for (const p of Object.values(panels)) p.update(update, fresh);
  });
  setInterval(() => {
    for (const phone of phones) phone.tick();
    panels.settings.tick();
  }, 1000);
  listen();
}

main();
