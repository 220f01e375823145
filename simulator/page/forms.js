// Sheets with fields: location, flow, address, cart, files, reactions, new user.

// field makes a labelled input; read gives what stands in it.
function field(label, value, props) {
  const input = el("input", { type: "text", value: value ?? "", autocomplete: "off", ...props });
  const node = el("label.field", null, el("span", null, label), input);
  return { node, input, read: () => input.value };
}

// formSheet asks for fields and hands their values over when they are sent.
function formSheet(title, fields, action, done, note) {
  return sheet(title, (close) => {
    fields[0]?.input.setAttribute("data-first", "");
    const problem = el("p.problem", { role: "alert" });
    const submit = (e) => {
      e.preventDefault();
      const complaint = done(fields.map((f) => f.read()));
      if (typeof complaint === "string") problem.textContent = complaint;
      else close();
    };
    return el("form.sheet-form", { onsubmit: submit }, el("div.sheet-body", null, note && el("p.quiet", null, note), fields.map((f) => f.node), problem),
      el("div.sheet-foot", null, el("button.primary", { type: "submit" }, action)));
  });
}

function locationSheet(phone, about) {
  const fields = [field("Name", "Praça da Sé"), field("Address", "Sé, São Paulo"), field("Latitude", "-23.5503", { inputmode: "decimal" }), field("Longitude", "-46.6339", { inputmode: "decimal" })];
  return formSheet("Send a location", fields, "Send", ([name, address, latitude, longitude]) => {
    const at = { latitude: Number(latitude), longitude: Number(longitude) };
    if (Number.isNaN(at.latitude) || Math.abs(at.latitude) > 90) return "The latitude is a number from -90 to 90.";
    if (Number.isNaN(at.longitude) || Math.abs(at.longitude) > 180) return "The longitude is a number from -180 to 180.";
    phone.does("location", { ...at, name, address, reply_to: about?.id });
    return null;
  });
}

// flowSheet stands for the form, which is at Meta: any fields may be answered.
function flowSheet(c, taps) {
  const p = c.action?.parameters || {};
  const data = p.flow_action_payload?.data || {};
  const names = Object.keys(data);
  const fields = (names.length ? names : ["name"]).map((n) => field(n, typeof data[n] === "object" ? JSON.stringify(data[n]) : data[n]));
  const more = field("More fields (JSON)", "{}");
  return formSheet(p.flow_cta || "Form", [...fields, more], "Send", (values) => {
    const response = {};
    fields.forEach((f, i) => { response[(names.length ? names : ["name"])[i]] = values[i]; });
    try {
      Object.assign(response, JSON.parse(values.at(-1) || "{}"));
    } catch {
      return "More fields is not JSON.";
    }
    taps.phone.does("form", { message: taps.message.id, response });
    return null;
  }, `Flow ${p.flow_id || p.flow_name || ""}, screen ${p.flow_action_payload?.screen || "first"}. The real form is at Meta; answer it with any values.`);
}

const ADDRESS_FIELDS = { name: "Name", phone_number: "Phone number", house_number: "House number", address: "Address", landmark_area: "Landmark", city: "City", state: "State", in_pin_code: "PIN code" };

function addressSheet(c, taps) {
  const p = c.action?.parameters || {};
  const saved = p.saved_addresses?.[0];
  const known = { ...saved?.value, ...p.values };
  const names = Object.keys(ADDRESS_FIELDS);
  const fields = names.map((n) => {
    const f = field(ADDRESS_FIELDS[n], known[n]);
    if (p.validation_errors?.[n]) f.node.append(el("span.problem", { dir: "auto" }, p.validation_errors[n]));
    return f;
  });
  return formSheet("Address", fields, "Send", (values) => {
    const filled = Object.fromEntries(names.map((n, i) => [n, values[i]]).filter(([, v]) => v));
    taps.phone.does("form", { message: taps.message.id, response: { values: filled } });
    return null;
  });
}

// shopSheet is a small shop: prices are invented, because the catalog is at Meta.
function shopSheet(goods, taps) {
  return sheet("Items", (close) => {
    const counts = new Map(goods.skus.map((sku) => [sku, 0]));
    const send = el("button.primary", { type: "button", disabled: true, onclick: () => {
      const items = [...counts].filter(([, n]) => n > 0).map(([sku, n]) => ({ retailer_id: sku, quantity: n, price: "10.00", currency: "USD" }));
      close();
      taps.phone.does("order", { catalog_id: goods.catalog, items, reply_to: taps.message.id });
    } }, "Send cart");
    const line = (sku) => {
      const count = el("output", { "aria-label": "Quantity of " + sku }, "0");
      const change = (by) => {
        counts.set(sku, Math.max(0, counts.get(sku) + by));
        count.textContent = counts.get(sku);
        send.disabled = ![...counts.values()].some((n) => n > 0);
      };
      return el("div.row", null, el("span.row-text", null, el("span.row-title", { dir: "auto" }, sku), el("span.row-description", null, "10.00 USD, an invented price")),
        el("span.stepper", null, el("button", { type: "button", "aria-label": "One less " + sku, onclick: () => change(-1) }, "−"), count,
          el("button", { type: "button", "aria-label": "One more " + sku, "data-first": true, onclick: () => change(1) }, "+")));
    };
    const sections = goods.sections?.length ? goods.sections : [{ product_items: goods.skus.map((sku) => ({ product_retailer_id: sku })) }];
    return [el("div.sheet-body", null, sections.map((s) => [s.title && el("h3", { dir: "auto" }, s.title), (s.product_items || []).map((p) => line(p.product_retailer_id))])),
      el("div.sheet-foot", null, send)];
  });
}

const REACTIONS = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

function reactSheet(phone, message) {
  const mine = message.reactions?.find((r) => r.from_user)?.emoji;
  return sheet("React", (close) => el("div.reaction-row", null, REACTIONS.map((emoji, i) => el("button", { type: "button", "data-first": i === 0,
    "aria-pressed": String(mine === emoji), "aria-label": emoji,
    onclick: () => { close(); phone.does("react", { message: message.id, emoji: mine === emoji ? "" : emoji }); } }, emoji))));
}

const FILE_KINDS = [["Photo", "image", "image/jpeg,image/png"], ["Video", "video", "video/mp4,video/3gpp"], ["Voice message", "audio", "audio/ogg"], ["Document", "document", ""], ["Sticker", "sticker", "image/webp"]];
const MAX_FILE = 11 << 20; // what fits into a request as base64

function attachSheet(phone) {
  return sheet("Send", (close) => {
    const pick = (kind, accept) => {
      const input = el("input", { type: "file", accept });
      input.addEventListener("change", () => { if (input.files[0]) sendFile(phone, kind, input.files[0]); });
      input.click();
      close();
    };
    const item = (glyph, label, onclick, first) => el("button.attach", { type: "button", onclick, "data-first": first }, icon(glyph), label);
    return el("div.attach-grid", null,
      FILE_KINDS.map(([label, kind, accept], i) => item(kind === "audio" ? "mic" : kind === "document" ? "file" : kind === "sticker" ? "smile" : kind, label, () => pick(kind, accept), i === 0)),
      item("pin", "Location", () => { close(); phone.sheet(locationSheet(phone)); }),
      item("person", "My contact", () => { close(); phone.does("contact", {}); }),
      item("code", "Any id", () => { close(); phone.sheet(anyIdSheet(phone)); }));
  });
}

async function sendFile(phone, kind, file) {
  if (file.size > MAX_FILE) return toast("The file is larger than 11 MiB.", true);
  const data = await fileData(file);
  const type = kind === "audio" && file.type === "audio/ogg" ? "audio/ogg; codecs=opus" : file.type || "application/octet-stream";
  return phone.does("media", { kind, mime_type: type, data, filename: kind === "document" ? file.name : undefined, voice: kind === "audio" });
}

// anyIdSheet taps a button that no message has: last year's.
function anyIdSheet(phone) {
  return formSheet("Tap a button with any id", [field("Id", "promo:2019"), field("Title", "Old offer")], "Tap", ([id, title]) => {
    if (!id) return "An id is needed.";
    phone.does("tap-id", { id, title });
    return null;
  }, "As if the button stood on a message of last year.");
}

// What a phone may be too old for.
const REFUSABLE = [["carousel", "Carousels"], ["list", "Lists"], ["button", "Reply buttons"], ["cta_url", "Link buttons"], ["flow", "Flows"],
  ["location_request_message", "Location requests"], ["product_list", "Product lists"], ["template", "Templates"],
  ["image", "Pictures"], ["video", "Videos"], ["audio", "Audio"], ["document", "Documents"], ["sticker", "Stickers"]];

// handsetSheet chooses what this user's phone cannot show. Such a message is accepted and then fails.
function handsetSheet(phone) {
  return sheet("What this phone cannot show", (close) => {
    const known = phone.owner?.refuses || [];
    const boxes = REFUSABLE.map(([kind, label], i) => ({ kind, input: el("input", { type: "checkbox", checked: known.includes(kind), "data-first": i === 0 }), label }));
    const code = el("select", null, [["131026", "131026: undeliverable, the phone is too old"], ["131051", "131051: unsupported message type"]].map(([v, t]) => el("option", { value: v, selected: String(phone.owner?.refuse_code) === v }, t)));
    const others = known.filter((kind) => !REFUSABLE.some(([k]) => k === kind));
    const save = (e) => {
      e.preventDefault();
      const refuses = [...boxes.filter((b) => b.input.checked).map((b) => b.kind), ...others];
      call("PATCH", "users/" + encodeURIComponent(phone.user), { refuses, refuse_code: Number(code.value) }).catch(() => null);
      close();
    };
    return el("form.sheet-form", { onsubmit: save }, el("div.sheet-body", null, el("p.quiet", null, "Such a message is accepted, and then its status is failed."),
      el("div.kinds", null, boxes.map((b) => el("label.switch", null, b.input, el("span", null, b.label)))), el("label.field", null, el("span", null, "Fails with"), code)),
    el("div.sheet-foot", null, el("button.primary", { type: "submit" }, "Save")));
  });
}
