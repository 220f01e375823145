// Text styles of the phone: *bold*, _italic_, ~struck~, `code`, ```block```, lists, quotes, links.

const STYLES = { "*": "strong", "_": "em", "~": "s" };
const ADDRESS = /https?:\/\/[^\s<>"]+/y;

// styled draws a text as paragraphs that each find their own direction.
function styled(text) {
  const box = el("div.text");
  const parts = String(text ?? "").split("```");
  parts.forEach((part, i) => {
    const closed = i % 2 === 1 && i < parts.length - 1;
    if (closed) box.append(el("pre", { dir: "auto" }, part.replace(/^\n|\n$/g, "")));
    else if (i % 2 === 1) blocks(box, "```" + part);
    else if (part !== "" && part !== "\n") blocks(box, i > 0 ? part.replace(/^\n/, "") : part.replace(/\n$/, i < parts.length - 1 ? "" : "\n"));
  });
  return box;
}

function blocks(box, text) {
  let list = null;
  for (const line of text.split("\n")) {
    const bullet = /^[-*] (.*)$/.exec(line);
    const number = /^(\d{1,3})\. (.*)$/.exec(line);
    const quote = /^> ?(.*)$/.exec(line);
    if (bullet || number) {
      const tag = bullet ? "UL" : "OL";
      if (list?.tagName !== tag) {
        list = el(tag.toLowerCase(), number ? { start: number[1] } : null);
        box.append(list);
      }
      list.append(el("li", { dir: "auto" }, inline(bullet ? bullet[1] : number[2], "")));
      continue;
    }
    list = null;
    if (quote) box.append(el("blockquote", { dir: "auto" }, inline(quote[1], "")));
    else box.append(el("p", { dir: "auto" }, line === "" ? el("br") : inline(line, "")));
  }
}

// inline styles a line. A style does not nest in itself, so the depth is that of the three styles; open names those around.
function inline(line, open) {
  const nodes = [];
  let plain = "";
  const flush = () => { if (plain) nodes.push(plain); plain = ""; };
  for (let i = 0; i < line.length;) {
    const span = codeAt(line, i) || styleAt(line, i, open) || addressAt(line, i);
    if (!span) { plain += line[i++]; continue; }
    flush();
    nodes.push(span.node);
    i = span.end;
  }
  flush();
  return nodes;
}

function codeAt(line, i) {
  const end = line[i] === "`" ? line.indexOf("`", i + 1) : -1;
  return end > i + 1 ? { node: el("code", null, line.slice(i + 1, end)), end: end + 1 } : null;
}

function styleAt(line, i, open) {
  const mark = line[i];
  if (!STYLES[mark] || open.includes(mark) || wordAt(line, i - 1) || !line[i + 1] || line[i + 1] === " ") return null;
  for (let end = line.indexOf(mark, i + 2); end > 0; end = line.indexOf(mark, end + 1)) {
    if (line[end - 1] === " " || wordAt(line, end + 1)) continue;
    return { node: el(STYLES[mark], null, inline(line.slice(i + 1, end), open + mark)), end: end + 1 };
  }
  return null;
}

function addressAt(line, i) {
  if (line[i] !== "h") return null;
  ADDRESS.lastIndex = i;
  const found = ADDRESS.exec(line);
  if (!found || !httpURL(found[0])) return null;
  const address = found[0].replace(/[.,;:!?)*_~]+$/, "");
  return { node: link("a", address, address), end: i + address.length };
}

function wordAt(line, i) {
  return i >= 0 && i < line.length && /[\p{L}\p{N}]/u.test(line[i]);
}
