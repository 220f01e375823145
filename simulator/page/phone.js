// A Phone is one user's phone, open at the chat with one business number.

const STATUS = {
  accepted: ["clock", "Accepted, not sent yet"], sent: ["tick", "Sent"], delivered: ["ticks", "Delivered"],
  read: ["ticks", "Read"], played: ["mic", "Played"], failed: ["warn", "Failed"],
};

class Phone {
  constructor(user, number, changed) {
    this.user = user;
    this.number = number;
    this.changed = changed; // called when the phone shows another chat or is closed
    this.nodes = new Map();
    this.quoted = null;
    this.build();
    this.reload();
  }

  get chatID() { return this.user.startsWith("group:") ? this.user.slice(6) : `${this.number}/${this.user}`; }
  get chat() { return state.chats.get(this.chatID); }
  get owner() { return state.users.get(this.user); }

  build() {
    this.log = el("div.log", { role: "log", "aria-relevant": "additions", tabindex: "0" });
    this.title = el("h2");
    this.under = el("p.under");
    this.typing = el("div.typing", { hidden: true, "aria-label": "The business is typing", role: "img" }, el("i"), el("i"), el("i"));
    this.hello = el("p.hello", { "data-seq": "-1" }, "Write something, and the bot gets it as a webhook.");
    this.quote = el("div.quoting", { hidden: true });
    this.input = el("textarea", { rows: "1", placeholder: "Message", "aria-label": "Message", "data-say": true, dir: "auto",
      oninput: () => this.grow(), onkeydown: (e) => this.key(e),
      onbeforeinput: (e) => { if (e.inputType === "insertLineBreak" && !this.shift) e.preventDefault(); } });
    this.composer = el("form.composer", { onsubmit: (e) => { e.preventDefault(); this.send(); } },
      iconButton("plus", "Send something else", () => this.sheet(attachSheet(this))), this.input,
      el("button.send", { type: "submit", "aria-label": "Send", title: "Send" }, icon("send")));
    this.chooser = el("div.owner");
    this.limits = el("p.limits", { hidden: true });
    this.frame = el("div.frame", null, el("div.phone-screen", null,
      el("div.chat-head", null, el("span.avatar", { "aria-hidden": "true" }, icon("bag")), el("div.who", null, this.title, this.under), this.menuButton()), this.limits, this.log, this.typing, this.quote, this.composer));
    this.node = el("section.phone", null, this.chooser, this.frame);
    this.follow();
  }

  // follow keeps the end of the chat in sight, if it was, when pictures come in or the window changes.
  follow() {
    let end = true;
    const keep = () => { if (end) this.toEnd(); };
    this.log.addEventListener("scroll", () => { end = this.atEnd(); }, { passive: true });
    this.log.addEventListener("load", keep, true);
    new ResizeObserver(keep).observe(this.log);
  }

  menuButton() {
    return iconButton("more", "Chat options", () => this.sheet(sheet("Chat", (close) => {
      const item = (label, run, first) => el("button.menu-item", { type: "button", "data-first": first, onclick: () => { close(); run(); } }, label);
      return el("div.sheet-body", null,
        item("Look at the chat (everything is read)", () => this.does("open", {}), true),
        item("Advance the clock 24 hours", () => advance(24 * 3600 * 1000)),
        item("What this phone cannot show", () => this.sheet(handsetSheet(this))),
        item("Tap a button with any id", () => this.sheet(anyIdSheet(this))),
        item("Save as a transcript (JSON)", () => this.transcript("json")),
        item("Save as Markdown", () => this.transcript("markdown")));
    })));
  }

  async transcript(as) {
    const text = await call("GET", `transcript?user=${encodeURIComponent(this.user)}&number=${encodeURIComponent(this.number)}&as=${as}`);
    download(typeof text === "string" ? text : JSON.stringify(text, null, 2), as === "json" ? "transcript.json" : "transcript.md");
  }

  // reload draws the phone anew: another user, another number, another state.
  reload() {
    closeSheet(this.frame);
    this.nodes.clear();
    this.replyTo(null);
    replace(this.log, this.hello);
    for (const m of messagesOf(this.chatID)) this.put(m);
    this.head();
    this.tick();
    this.toEnd();
  }

  head() {
    const name = this.owner?.name || this.owner?.phone || this.owner?.user_id || this.user;
    const number = state.numbers.find((n) => n.id === this.number);
    this.node.setAttribute("aria-label", "Phone of " + name);
    this.log.setAttribute("aria-label", "Chat of " + name);
    this.title.textContent = phoneNumber(number?.display || this.number);
    const users = [...state.users.values()].map((u) => [u.id, userName(u)]);
    const groups = [...state.chats.values()].filter((c) => c.group).map((c) => ["group:" + c.id, "Group " + c.group]);
    replace(this.chooser,
      select("User of this phone", [...users, ...groups], this.user, (v) => this.show(v, this.number)),
      state.numbers.length > 1 && select("Business number", state.numbers.map((n) => [n.id, phoneNumber(n.display || n.id)]), this.number, (v) => this.show(this.user, v)),
      iconButton("close", "Close the phone of " + name, () => this.changed(this, true)));
    this.composer.hidden = !this.owner;
    const refuses = this.owner?.refuses || [];
    this.limits.hidden = !refuses.length;
    this.limits.textContent = "This phone cannot show: " + refuses.map((kind) => REFUSABLE.find(([k]) => k === kind)?.[1].toLowerCase() || kind).join(", ");
  }

  show(user, number) {
    this.user = user;
    this.number = number;
    this.reload();
    this.changed(this);
  }

  // update takes what is new of the stream.
  update(update) {
    const atEnd = this.atEnd();
    for (const m of update.messages || []) if (m.chat === this.chatID) this.put(m);
    if (update.dead_letters) this.markAll();
    if (update.users || update.numbers || update.chats?.some((c) => c.group)) this.head();
    this.tick();
    if (atEnd && update.messages) this.toEnd();
  }

  // put draws a message or what has changed of it.
  put(m) {
    const looks = JSON.stringify([m.content, m.media, m.options, m.problems]);
    const known = this.nodes.get(m.id);
    if (known?.looks === looks) {
      this.mark(known, m);
      return;
    }
    const entry = { looks, seq: m.seq, day: new Date(m.at).toDateString(), ...this.article(m) };
    this.nodes.set(m.id, entry);
    this.mark(entry, m);
    if (known) known.node.replaceWith(entry.node);
    else this.insert(entry);
  }

  insert(entry) {
    this.hello.remove();
    entry.node.dataset.seq = entry.seq;
    entry.node.dataset.day = entry.day;
    let before = this.log.lastElementChild;
    while (before && Number(before.dataset.seq) > entry.seq) before = before.previousElementSibling;
    if (before?.dataset.day !== entry.day) entry.node.prepend(el("div.day", null, el("span", null, entry.day)));
    if (before && before.classList.contains("out") === entry.node.classList.contains("out")) entry.node.classList.add("more");
    if (before) before.after(entry.node); else this.log.prepend(entry.node);
    while (this.log.childElementCount > KEEP.messages) this.forget(this.log.firstElementChild);
  }

  forget(node) {
    this.nodes.delete(node.dataset.id);
    state.messages.delete(node.dataset.id);
    node.remove();
  }

  article(m) {
    const parts = draw(m, this);
    const meta = el("span.meta");
    const extra = el("div.extra");
    const options = iconButton("down", "Message options", () => this.sheet(messageSheet(this, state.messages.get(m.id) || m)), { class: "icon-button options" });
    const bubble = el(parts.bare ? "div.bubble.bare" : "div.bubble", null,
      options, this.quoteOf(m), parts.above && el("div.above", null, parts.above), parts.heading,
      el("div.body", null, parts.body, parts.footer, meta), parts.buttons?.length > 0 && el("div.choices", null, parts.buttons));
    const who = m.from_user ? userName(this.owner || { id: "User" }) : "Business";
    const node = el(m.from_user ? "article.msg.out" : "article.msg.in", { "aria-label": `${who}, ${clockTime(m.at)}`, "data-id": m.id, "data-kind": m.kind || m.type },
      afterNote(m), bubble, extra, parts.below);
    return { node, meta, extra };
  }

  quoteOf(m) {
    if (!m.reply_to || m.options === undefined && !m.from_user && m.type === "reaction") return null;
    const quoted = state.messages.get(m.reply_to);
    return el("div.quote", { "aria-label": "In reply to", role: "note" },
      el("strong", null, quoted?.from_user ? userName(this.owner || { id: "User" }) : "Business"), el("span", { dir: "auto" }, inline(summary(quoted), "")));
  }

  // mark draws what changes after a message was sent: ticks, reactions, why it failed.
  mark(entry, m) {
    const [glyph, label] = m.from_user ? ["ticks", m.read ? "Read" : "Delivered"] : STATUS[m.status] || STATUS.accepted;
    const blue = m.from_user ? m.read : m.status === "read" || m.status === "played";
    replace(entry.meta, el("time", { datetime: m.at }, clockTime(m.at)),
      el(blue ? "span.ticks.blue" : m.status === "failed" ? "span.ticks.failed" : "span.ticks", { role: "img", "aria-label": label, title: label }, icon(glyph)));
    replace(entry.extra,
      (m.reactions || []).length > 0 && el("div.reactions", { role: "note", "aria-label": "Reactions: " + m.reactions.map((r) => r.emoji).join(" ") }, m.reactions.map((r) => el("span", null, r.emoji))),
      m.from_user && state.letters.filter((l) => l.message === m.id).map((l) => el("p.failure", { role: "note" }, `The bot gave this up: ${l.error}`)),
      (m.errors || []).map((e) => el("p.failure", { role: "note" }, `Not on the phone: ${e.code} ${e.title || ""} ${e.details || ""}`)),
      m.problems?.length > 0 && el("button.warnings.ids", { type: "button", onclick: () => this.sheet(problemSheet(m)) }, icon("warn"), m.problems.length === 1 ? "1 warning" : m.problems.length + " warnings"));
  }

  // markAll marks what the bot gave up, which is told apart from the messages.
  markAll() {
    for (const [id, entry] of this.nodes) if (state.messages.has(id)) this.mark(entry, state.messages.get(id));
  }

  // tick shows what depends on the time: typing and the customer service window.
  tick() {
    const chat = this.chat;
    const typing = Boolean(chat?.typing_until) && Date.parse(chat.typing_until) > now();
    if (this.typing.hidden === typing) {
      const atEnd = this.atEnd();
      this.typing.hidden = !typing;
      if (atEnd) this.toEnd();
    }
    const left = chat?.window_until ? Date.parse(chat.window_until) - now() : null;
    const text = typing ? "typing…" : left === null ? "Window opens with the user's first message" : left > 0 ? `Window open for ${duration(left)}` : "Window closed: templates only";
    if (this.under.textContent !== text) this.under.textContent = text;
    this.under.classList.toggle("closed", left !== null && left <= 0);
  }

  atEnd() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80; }
  toEnd() { this.log.scrollTop = this.log.scrollHeight; }

  sheet(description) { openSheet(this.frame, description); }
  say(text) { toast(text); }

  // does something as this user; refusals were shown already.
  does(what, body) { return act(what, { user: this.user, number: this.number, ...body }).catch(() => null); }

  tap(message, option) {
    if (!option) return Promise.resolve(this.say("This button reaches nothing."));
    return this.does("tap", { message: message.id, key: option.key });
  }

  send() {
    const text = this.input.value;
    if (!text.trim()) return;
    this.last = text;
    this.input.value = "";
    this.grow();
    this.does("say", { text, reply_to: this.quoted?.id });
    this.replyTo(null);
    this.toEnd();
  }

  key(e) {
    this.shift = e.shiftKey;
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
      e.preventDefault();
      this.send();
    } else if (e.key === "ArrowUp" && !this.input.value && this.last) {
      e.preventDefault();
      this.input.value = this.last;
    } else if (e.key === "Escape" && this.quoted) this.replyTo(null);
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = Math.min(this.input.scrollHeight, 120) + "px";
  }

  replyTo(m) {
    this.quoted = m;
    this.quote.hidden = !m;
    if (!m) return;
    replace(this.quote, el("span.quote", null, el("strong", null, "Reply"), el("span", { dir: "auto" }, inline(summary(m), ""))), iconButton("close", "Do not reply", () => this.replyTo(null)));
    this.input.focus();
  }
}

// afterNote says that a message came when another had failed: in its place, most likely.
function afterNote(m) {
  const before = m.after && state.messages.get(m.after);
  if (!before) return null;
  const code = before.errors?.[0]?.code;
  return el("p.after", { role: "note" }, icon("reply"), `Sent after the ${before.kind || before.type} failed${code ? ` with ${code}` : ""}`);
}

function messageSheet(phone, m) {
  return sheet("Message", (close) => {
    const item = (label, run, first) => el("button.menu-item", { type: "button", "data-first": first, onclick: () => { close(); run(); } }, label);
    return el("div.sheet-body", null, el("p.quiet.id", null, m.id),
      item("Reply", () => phone.replyTo(m), true), item("React", () => phone.sheet(reactSheet(phone, m))),
      item("Show in the inspector", () => inspectMessage(m.id)), item("Copy the id", () => copyText(m.id)),
      !m.from_user && item("Report as read", () => call("POST", "status", { message: m.id, status: "read" }).catch(() => null)),
      !m.from_user && m.content?.voice && item("Report as played", () => call("POST", "status", { message: m.id, status: "played" }).catch(() => null)));
  });
}

function problemSheet(m) {
  return sheet("Checks", () => el("div.sheet-body", { tabindex: "0", "data-first": true, "aria-label": "Checks" }, problemList(m.problems)));
}

function problemList(problems) {
  return el("ul.problems", null, problems.map((p) => el(p.severity === "error" ? "li.error" : "li.warning", null,
    el("code", null, p.path), el("p", null, `${p.rule}: ` + [p.got && `found ${p.got}`, p.limit].filter(Boolean).join(", ")), p.hint && el("p.quiet", null, p.hint))));
}

function phoneNumber(n) { return /^\d+$/.test(n) ? "+" + n : n; }

function userName(u) { return u.name || (u.phone && phoneNumber(u.phone)) || u.username || u.user_id || u.id; }

// summary is a message in one line, for quotes.
function summary(m) {
  if (!m) return "a message that is gone";
  const c = m.content || {};
  const text = c.body?.text || c.body || c.caption || c.text || c.button_reply?.title || c.list_reply?.title || c.name;
  return typeof text === "string" ? text.split("\n")[0] : MEDIA_NAMES[m.type] || m.kind || m.type;
}

function duration(ms) {
  const minutes = Math.floor(ms / 60000);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.ceil(ms / 1000)} s`;
}

function download(text, name) {
  const url = URL.createObjectURL(new Blob([text]));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
