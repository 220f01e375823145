// What a message looks like. Each kind has a function that returns the parts of its bubble:
//   above    header, drawn to the bubble's edges     body    what is read      footer   small print
//   buttons  rows under the text                     below   stands under the bubble, as wide as the chat
//   bare     without a bubble (stickers)

// A Taps hands the options of a message out in the order in which they stand on the wire.
class Taps {
  constructor(message, phone) {
    this.message = message;
    this.phone = phone;
    this.left = [...(message.options || [])];
  }

  next(kind, card) {
    const i = this.left.findIndex((o) => o.kind === kind && (card === undefined || o.card === card));
    return i < 0 ? null : this.left.splice(i, 1)[0];
  }

  // button draws a button that answers the bot.
  button(option, title, glyph) {
    return choice(option, title || option?.title || option?.id, glyph, (e) => {
      press(e.currentTarget);
      this.tap(option);
    });
  }

  tap(option) { return this.phone.tap(this.message, option); }

  media(path) { return this.message.media?.[path]; }
}

function press(node) {
  node.classList.add("pressed");
  setTimeout(() => node.classList.remove("pressed"), 250);
}

// choice draws a row under a bubble. Of an option it tells the id, the route and whether there is one.
function choice(option, title, glyph, onclick) {
  return el("button.choice", { type: "button", onclick, disabled: !onclick, title: option ? whereTo(option) : null, "data-id": option?.id },
    el("span.label", null, glyph && icon(glyph), el("span.title", { dir: "auto" }, title)), routeNote(option));
}

function routeNote(option) {
  if (!option) return null;
  return [option.unrouted && el("span.unrouted", null, icon("warn"), "no route"), el("code.ids", { "aria-hidden": "true" }, whereTo(option))];
}

// whereTo says in one line which callback an option reaches.
function whereTo(option) {
  if (option.unrouted) return `${option.id} reaches no route`;
  if (!option.route) return option.id;
  const params = Object.entries(option.route.params || {}).map(([name, value]) => `${name} = ${value}`);
  return [`${option.id} → ${option.route.pattern}`, ...params].join(", ");
}

const DRAW = {
  text: (c) => ({ body: styled(c.body) }),
  image: captioned, video: captioned, audio: captioned, document: captioned,
  sticker: (c, taps) => ({ bare: true, body: mediaView("sticker", taps.media(""), c) }),
  location: (c) => ({ above: mapView(c), body: placeText(c) }),
  contacts: (c) => ({ body: (Array.isArray(c) ? c : []).map(contactCard) }),
  interactive: (c, taps) => (INTERACTIVE[c.type] || drawUnknown)(c, taps),
  button: (c) => ({ body: styled(c.text) }),
  template: drawTemplate,
  pin: (c) => ({ body: el("em.quiet", null, c.type === "unpin" ? "A message was unpinned." : `A message was pinned for ${c.expiration_days} days.`) }),
  order: (c) => ({ body: orderView(c) }),
  system: (c) => ({ body: styled(c.body) }),
  edit: (c) => ({ body: [el("em.quiet", null, "edited"), styled(c.message?.text?.body || "")] }),
  revoke: () => ({ body: el("em.quiet", null, "This message was deleted.") }),
  unsupported: () => ({ body: el("em.quiet", null, "A message that the API does not deliver.") }),
  request_welcome: () => ({ body: el("em.quiet", null, "The chat was opened.") }),
};

// draw never fails: what it cannot read it shows as JSON.
function draw(message, phone) {
  try {
    const content = message.content ?? {};
    return (DRAW[message.type] || drawUnknown)(content, new Taps(message, phone));
  } catch {
    return drawUnknown(message.content);
  }
}

function drawUnknown(content) {
  return { body: [el("em.quiet", null, "The phone cannot draw this kind."), el("pre.raw", { tabindex: "0" }, JSON.stringify(content, null, 1))] };
}

function captioned(c, taps) {
  const kind = taps.message.type;
  const played = () => { // WhatsApp reports it of voice messages
    const m = state.messages.get(taps.message.id);
    if (c.voice && m && !m.from_user && m.status !== "played") call("POST", "status", { message: m.id, status: "played" }).catch(() => null);
  };
  return { above: mediaView(kind, taps.media(""), c, played), body: c.caption && styled(c.caption) };
}

// A map of our own: streets that nobody lives in.
function mapView(c) {
  const where = `${c.latitude}, ${c.longitude}`;
  return el("div.map", { role: "img", "aria-label": "Map at " + where }, icon("pin"), el("span.where", null, where));
}

function placeText(c) {
  if (!c.name && !c.address) return el("div.text", null, el("p", null, "Location"));
  return el("div.text", null, c.name && el("p", { dir: "auto" }, el("strong", null, c.name)), c.address && el("p.quiet", { dir: "auto" }, c.address));
}

function contactCard(card) {
  const name = card.name?.formatted_name || "Contact";
  const line = (text) => text && el("p.quiet", { dir: "auto" }, text);
  return el("div.contact", { role: "group", "aria-label": "Contact " + name },
    avatar(name), el("div.text", null, el("p", { dir: "auto" }, el("strong", null, name)),
      line([card.org?.title, card.org?.company].filter(Boolean).join(", ")),
      (card.phones || []).map((p) => line(p.phone || p.wa_id)), (card.emails || []).map((m) => line(m.email)),
      (card.urls || []).map((u) => el("p", null, link("a", u.url, u.url))),
      (card.addresses || []).map((a) => line([a.street, a.city, a.country].filter(Boolean).join(", ")))));
}

// avatar is the first letter of a name on a colour of its own.
function avatar(name) {
  let hash = 0;
  for (const c of String(name)) hash = (hash * 31 + c.codePointAt(0)) % 6;
  return el("span.avatar.tint" + hash, { "aria-hidden": "true" }, [...String(name).trim()][0]?.toUpperCase() || "?");
}

function orderView(c) {
  return el("div.text", null, el("p", null, el("strong", null, "Cart")),
    el("ul", null, (c.product_items || []).map((it) => el("li", { dir: "auto" }, `${it.quantity} × ${it.product_retailer_id}`))), c.text && styled(c.text));
}
