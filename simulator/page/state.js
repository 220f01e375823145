// The state is what the stream tells. Whoever draws a part of it registers with watch and is called with what has changed.

const state = { users: new Map(), chats: new Map(), numbers: [], messages: new Map(), entries: new Map(), faults: [], settings: {}, logs: [], letters: [], bot: {} };
const KEEP = { messages: 1000, entries: 500, logs: 1000 };
const watchers = [];
let clockOffset = 0; // of the simulated clock, in milliseconds

function watch(draw) { watchers.push(draw); }
function now() { return Date.now() + clockOffset; }

function begin(snapshot) {
  for (const key of ["users", "chats", "messages", "entries"]) state[key].clear();
  state.numbers = [];
  state.logs = [];
  take(snapshot, true);
}

// take puts an update over the state, by id, and tells the watchers.
function take(update, fresh) {
  for (const key of ["users", "chats", "messages", "entries"]) {
    for (const item of update[key] || []) state[key].set(item.id, item);
  }
  for (const number of update.numbers || []) {
    const i = state.numbers.findIndex((n) => n.id === number.id);
    if (i < 0) state.numbers.push(number); else state.numbers[i] = number;
  }
  for (const key of ["bot", "faults", "settings"]) if (update[key]) state[key] = update[key];
  if (update.dead_letters) state.letters = update.dead_letters;
  if (update.now) clockOffset = Date.parse(update.now) - Date.now();
  state.logs.push(...(update.logs || []));
  state.logs.splice(0, Math.max(0, state.logs.length - KEEP.logs));
  forgetOldest(state.entries, KEEP.entries);
  for (const draw of watchers) draw(update, fresh);
}

// forgetOldest keeps the last ones; a map remembers the order in which its keys came.
function forgetOldest(map, keep) {
  for (const id of map.keys()) {
    if (map.size <= keep) return;
    map.delete(id);
  }
}

// messagesOf returns the messages of a chat in order. Of a chat with too many the oldest are forgotten.
function messagesOf(chatID) {
  const found = [...state.messages.values()].filter((m) => m.chat === chatID).sort((a, b) => a.seq - b.seq);
  for (const old of found.splice(0, Math.max(0, found.length - KEEP.messages))) state.messages.delete(old.id);
  return found;
}

function listen() {
  const stream = new EventSource("/_sim/events");
  stream.addEventListener("state", (e) => { connection(""); begin(JSON.parse(e.data)); });
  stream.addEventListener("update", (e) => take(JSON.parse(e.data)));
  stream.onerror = () => connection(stream.readyState === EventSource.CLOSED
    ? "This page has no access. Open the address that wasim printed; it holds the token."
    : "The simulator does not answer. Trying again…");
}

function connection(problem) {
  const bar = document.getElementById("connection");
  bar.textContent = problem;
  bar.hidden = !problem;
}

// call speaks to the control API. A refusal is shown and thrown.
async function call(method, path, body) {
  const response = await fetch("/_sim/" + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => null);
  if (!response) {
    toast("The simulator does not answer.", true);
    throw new Error("no answer");
  }
  const text = await response.text();
  if (response.ok) return response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : text;
  let reason = "";
  try { reason = JSON.parse(text).error; } catch { /* not ours */ }
  toast(reason || `The simulator answered ${response.status}.`, true);
  throw new Error(reason || String(response.status));
}

// act is a call for something that a user does; it says so when the bot did not take the webhook.
async function act(path, body) {
  const answer = await call("POST", path, body);
  if (answer.status === 0) toast("The bot does not answer: " + answer.error, true);
  else if (answer.status !== undefined && answer.status !== 200) toast(`The bot answered ${answer.status}; Meta would deliver again.`, true);
  return answer;
}
