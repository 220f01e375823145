// Templates. Their text stays at Meta; the phone here draws what the request fills in, in the order of the components.

function drawTemplate(c, taps) {
  const parts = templateParts(c.components || [], taps, "components");
  parts.heading = [el("div.template-name", null, `Template ${c.name}`, el("span.quiet", null, " " + (c.language?.code || ""))), parts.heading];
  return parts;
}

function templateParts(components, taps, path, card) {
  const parts = { heading: null, body: [], buttons: [] };
  components.forEach((component, i) => {
    const at = `${path}[${i}]`;
    switch (String(component.type).toLowerCase()) {
      case "header": templateHeader(parts, component, taps, at); break;
      case "body": parts.body.push(parameterList(component.parameters || [])); break;
      case "button": parts.buttons.push(templateButton(component, taps, card)); break;
      case "limited_time_offer": parts.body.push(offer(component)); break;
      case "carousel":
        parts.below = carousel((component.cards || []).map((one, n) => templateCard(one, n, component.cards.length, taps, at)));
        break;
      case "order_status": parts.body.push(orderState(component.parameters?.[0]?.order_status || {})); break;
      default: parts.body.push(el("pre.raw", { tabindex: "0" }, JSON.stringify(component, null, 1)));
    }
  });
  return parts;
}

function templateHeader(parts, component, taps, at) {
  (component.parameters || []).forEach((p, i) => {
    if (MEDIA_NAMES[p.type]) parts.above = mediaView(p.type, taps.media(`${at}.parameters[${i}].${p.type}`), p[p.type]);
    else if (p.type === "location") {
      parts.above = mapView(p.location || {});
      parts.body.push(placeText(p.location || {}));
    }
    else if (p.type === "product") parts.above = productView(p.product?.product_retailer_id);
    else parts.heading = el("div.heading", { dir: "auto" }, parameterText(p));
  });
}

function parameterText(p) {
  return p.text ?? p.currency?.fallback_value ?? p.date_time?.fallback_value ?? p.coupon_code ?? p.payload ?? JSON.stringify(p);
}

// parameterList shows each value beside the place that it fills: {{1}} or its name.
function parameterList(parameters) {
  if (!parameters.length) return null;
  return el("dl.answers", null, parameters.map((p, i) => [el("dt", null, `{{${p.parameter_name || i + 1}}}`), el("dd", { dir: "auto" }, parameterText(p))]));
}

function offer(component) {
  const ends = component.parameters?.[0]?.limited_time_offer?.expiration_time_ms;
  return el("p.quiet", null, icon("clock"), " Offer ends " + (ends ? new Date(ends).toLocaleString() : "soon"));
}

function templateButton(component, taps, card) {
  const p = component.parameters?.[0] || {};
  const place = `Button ${Number(component.index ?? 0) + 1}`;
  switch (String(component.sub_type).toLowerCase()) {
    case "quick_reply": {
      const option = taps.next("template", card);
      return option ? taps.button(option, option.title || p.payload || place, "reply") : choice(null, place, "reply", null);
    }
    case "url": return choice(null, `${place}: link …${parameterText(p)}`, "link", () => taps.phone.say("The link's beginning stands in the template, which is at Meta."));
    case "copy_code": return choice(null, `Copy code ${p.coupon_code || ""}`, "copy", () => copyText(p.coupon_code || ""));
    case "flow": return choice(null, place, "form", () => taps.phone.sheet(flowSheet(taps.message.content, taps)));
    case "voice_call": return choice(null, "Call", "phone", () => taps.phone.say("Calls are not played here."));
    case "catalog": case "mpm": return shopButton("View items", templateGoods(p.action || {}), taps);
    default: return choice(null, `${place}: ${component.sub_type}`, "bag", () => taps.phone.say("This button is not played here."));
  }
}

function templateGoods(action) {
  const sections = action.sections || [];
  const skus = sections.flatMap((s) => (s.product_items || []).map((p) => p.product_retailer_id));
  return { catalog: "", sections, skus: skus.length ? skus : [action.thumbnail_product_retailer_id || "catalog-item-1"] };
}

function templateCard(one, n, total, taps, at) {
  const parts = templateParts(one.components || [], taps, `${at}.cards[${n}].components`, one.card_index ?? n);
  return el("div.card", { role: "group", "aria-roledescription": "card", "aria-label": `Card ${n + 1} of ${total}` },
    parts.above, el("div.card-body", null, parts.heading, parts.body), parts.buttons);
}
