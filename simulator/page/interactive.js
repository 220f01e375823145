// The kinds of interactive messages, and the answers to them.

const INTERACTIVE = {
  button(c, taps) {
    const buttons = (c.action?.buttons || []).map((b) => b.type === "reply"
      ? taps.button(taps.next("button"), b.reply?.title, "reply")
      : linkButton(b.cta_url?.display_text, b.cta_url?.url));
    return { ...frame(c, taps), buttons };
  },
  list(c, taps) {
    const open = choice(null, c.action?.button, "list", () => taps.phone.sheet(listSheet(c, taps)));
    return { ...frame(c, taps), buttons: [open] };
  },
  cta_url(c, taps) {
    const to = c.action?.parameters || {};
    return { ...frame(c, taps), buttons: [linkButton(to.display_text, to.url)] };
  },
  carousel(c, taps) {
    return { ...frame(c, taps), below: carousel((c.action?.cards || []).map((card, i) => mediaCard(card, i, taps))) };
  },
  location_request_message(c, taps) {
    return { ...frame(c, taps), buttons: [choice(null, "Send location", "pin", () => taps.phone.sheet(locationSheet(taps.phone, taps.message)))] };
  },
  request_contact_info(c, taps) {
    return { ...frame(c, taps), buttons: [choice(null, "Share contact info", "person", () => taps.phone.does("contact", { reply_to: taps.message.id }))] };
  },
  flow(c, taps) {
    return { ...frame(c, taps), buttons: [choice(null, c.action?.parameters?.flow_cta, "form", () => taps.phone.sheet(flowSheet(c, taps)))] };
  },
  address_message(c, taps) {
    return { ...frame(c, taps), buttons: [choice(null, "Provide address", "pin", () => taps.phone.sheet(addressSheet(c, taps)))] };
  },
  product(c, taps) {
    const item = { catalog: c.action?.catalog_id, skus: [c.action?.product_retailer_id] };
    return { ...frame(c, taps), above: productView(item.skus[0]), buttons: [shopButton("View", item, taps)] };
  },
  product_list(c, taps) {
    const sections = c.action?.sections || [];
    const skus = sections.flatMap((s) => (s.product_items || []).map((p) => p.product_retailer_id));
    return { ...frame(c, taps), buttons: [shopButton("View items", { catalog: c.action?.catalog_id, skus, sections }, taps)] };
  },
  catalog_message(c, taps) {
    const sku = c.action?.parameters?.thumbnail_product_retailer_id || "catalog-item-1";
    return { ...frame(c, taps), above: productView(sku), buttons: [shopButton("View catalog", { catalog: "", skus: [sku] }, taps)] };
  },
  voice_call(c, taps) {
    const label = c.action?.parameters?.display_text || "Call Now";
    return { ...frame(c, taps), buttons: [choice(null, label, "phone", () => taps.phone.say("Calls are not played here: the phone would ring the business now."))] };
  },
  call_permission_request(c, taps) {
    const answer = (accept) => () => taps.phone.does("call-permission", { message: taps.message.id, accept });
    const body = c.body?.text ? styled(c.body.text) : styled("May this business call you?");
    return { body, buttons: [choice(null, "Allow", "phone", answer(true)), choice(null, "Don't allow", "close", answer(false))] };
  },
  order_details(c, taps) {
    const p = c.action?.parameters || {};
    const parts = frame(c, taps);
    return { ...parts, body: [parts.body, bill(p)],
      buttons: [choice(null, "Review and pay", "bag", () => taps.phone.say("Payments are not played here."))] };
  },
  order_status(c, taps) {
    const parts = frame(c, taps);
    return { ...parts, body: [parts.body, orderState(c.action?.parameters || {})] };
  },
  // The answers of a user.
  button_reply: (c) => ({ body: styled(c.button_reply?.title) }),
  quick_reply: (c) => ({ body: styled(c.quick_reply?.title) }),
  list_reply: (c) => ({ body: [styled(c.list_reply?.title), c.list_reply?.description && el("div.footer", { dir: "auto" }, c.list_reply.description)] }),
  nfm_reply: (c) => ({ body: [styled(c.nfm_reply?.body || "Sent"), formAnswers(c.nfm_reply?.response_json)] }),
  call_permission_reply: (c) => ({ body: styled(c.call_permission_reply?.response === "accept" ? "Calls allowed" : "Calls not allowed") }),
};

// frame draws header, body and footer.
function frame(c, taps) {
  const parts = { body: c.body?.text ? styled(c.body.text) : null, footer: c.footer?.text && el("div.footer", { dir: "auto" }, inline(c.footer.text, "")) };
  const h = c.header;
  if (h?.type === "text") parts.heading = el("div.heading", { dir: "auto" }, h.text, h.sub_text && el("span.sub", { dir: "auto" }, h.sub_text));
  else if (h?.type) parts.above = mediaView(h.type, taps.media("header." + h.type), h[h.type]);
  return parts;
}

function linkButton(title, address) {
  const href = httpURL(address);
  if (!href) return choice(null, title, "link", null);
  return el("a.choice", { href, target: "_blank", rel: "noopener noreferrer", title: href },
    el("span.label", null, icon("link"), el("span.title", { dir: "auto" }, title)), el("code.ids", { "aria-hidden": "true" }, address));
}

// carousel scrolls sideways: by touch, wheel and trackpad, with the arrow keys, and with two buttons for the mouse.
function carousel(cards) {
  const strip = el("div.strip", { tabindex: "0", role: "group", "aria-roledescription": "carousel", "aria-label": `${cards.length} cards, arrow keys scroll`,
    onkeydown: (e) => {
      if (e.key === "ArrowRight" || e.key === "ArrowLeft") {
        e.preventDefault();
        scroll(e.key === "ArrowRight" ? 1 : -1);
      }
    } }, cards);
  const scroll = (by) => {
    const step = (cards[0]?.offsetWidth || 200) + 8;
    strip.scrollTo({ left: (Math.round(strip.scrollLeft / step) + by) * step, behavior: reducedMotion() ? "auto" : "smooth" });
  };
  const back = iconButton("left", "Previous card", () => scroll(-1));
  const on = iconButton("right", "Next card", () => scroll(1));
  const ends = () => {
    back.disabled = strip.scrollLeft < 4;
    on.disabled = strip.scrollLeft > strip.scrollWidth - strip.clientWidth - 4;
  };
  strip.addEventListener("scroll", ends, { passive: true });
  requestAnimationFrame(ends);
  return el("div.carousel", null, strip, back, on);
}

function reducedMotion() { return matchMedia("(prefers-reduced-motion: reduce)").matches; }

function mediaCard(card, i, taps) {
  const total = taps.message.content.action.cards.length;
  const shell = (...content) => el("div.card", { role: "group", "aria-roledescription": "card", "aria-label": `Card ${i + 1} of ${total}` }, content);
  if (card.type === "product" || card.action?.product_retailer_id) {
    const sku = card.action.product_retailer_id;
    return shell(productView(sku), el("div.card-body", null, styled(sku)), shopButton("View", { catalog: card.action.catalog_id, skus: [sku] }, taps));
  }
  const h = card.header || {};
  const index = card.card_index ?? i;
  const answers = (card.action?.buttons || []).map((b) => taps.button(taps.next("card", index), b.quick_reply?.title, "reply"));
  const to = card.action?.parameters;
  return shell(h.type && mediaView(h.type, taps.media(`action.cards[${i}].header.${h.type}`), h[h.type]),
    card.body?.text && el("div.card-body", null, styled(card.body.text)), answers, to && linkButton(to.display_text, to.url));
}

function productView(sku) {
  return el("div.product", { role: "img", "aria-label": "Product " + sku }, icon("bag"), el("span.address", null, sku));
}

function shopButton(title, goods, taps) {
  return choice(null, title, "bag", () => taps.phone.sheet(shopSheet(goods, taps)));
}

function amount(a, currency) {
  return a ? `${(a.value / (a.offset || 100)).toFixed(2)} ${currency || ""}` : "";
}

function bill(p) {
  return el("div.bill", null, el("p.quiet", null, "Order " + p.reference_id),
    el("ul", null, (p.order?.items || []).map((it) => el("li", { dir: "auto" }, `${it.quantity} × ${it.name}, ${amount(it.amount, p.currency)}`))),
    el("p", null, el("strong", null, "Total " + amount(p.total_amount, p.currency))));
}

function orderState(p) {
  return el("p.bill", null, `Order ${p.reference_id}: ${p.order?.status}`, p.order?.description && el("span.quiet", { dir: "auto" }, " " + p.order.description));
}

function formAnswers(json) {
  let answers = {};
  try { answers = JSON.parse(json); } catch { return null; }
  const rows = Object.entries(answers?.values || answers || {}).filter(([name]) => name !== "flow_token");
  return rows.length > 0 && el("dl.answers", null, rows.map(([name, value]) => [el("dt", null, name), el("dd", { dir: "auto" }, typeof value === "string" ? value : JSON.stringify(value))]));
}
