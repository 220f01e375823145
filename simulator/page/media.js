// Files of messages: pictures, films, voice, documents, stickers, and the place where one would be.

// mediaView draws a file. About is the message's media entry; the object is Meta's, with id or link. Played is called when a
// sound starts.
function mediaView(kind, about, object, played) {
  about = about || {};
  object = object || {};
  if (kind === "document") return documentView(about, object);
  if (!about.src) return placeholder(kind, about.link || object.link || object.id || "");
  switch (kind) {
    case "image": return picture("img.photo", about.src, object.caption ? "Picture: " + object.caption : "Picture", "image");
    case "sticker": return picture("img.sticker", about.src, "Sticker", "smile");
    case "video": return el("video.photo", { src: about.src, controls: true, preload: "metadata", "aria-label": "Video" });
    case "audio": return el("div.voice", null, icon("mic"),
      el("audio", { src: about.src, controls: true, preload: "metadata", "aria-label": object.voice ? "Voice message" : "Audio", onplay: played }));
    default: return placeholder(kind, object.link || object.id || "");
  }
}

// picture becomes a placeholder where the file cannot be drawn.
function picture(spec, src, alt) {
  const img = el(spec, { src, alt, loading: "lazy", decoding: "async" });
  img.addEventListener("error", () => img.replaceWith(placeholder("image", "This picture could not be loaded.")), { once: true });
  return img;
}

const MEDIA_NAMES = { image: "Picture", video: "Video", audio: "Audio", sticker: "Sticker", document: "Document" };

function placeholder(kind, address) {
  const name = MEDIA_NAMES[kind] || "File";
  return el("div.placeholder", { role: "img", "aria-label": `${name}: ${address}` },
    icon(ICONS[kind] ? kind : kind === "audio" ? "mic" : "file"), el("span.kind", null, name), el("span.address", { dir: "ltr" }, address));
}

function documentView(about, object) {
  const name = object.filename || about.filename || "Document";
  const dot = name.lastIndexOf(".");
  const content = [icon("file"), el("span.file-name", { dir: "auto" }, name),
    el("span.file-kind", null, (dot > 0 ? name.slice(dot + 1) : "file").toUpperCase().slice(0, 5))];
  if (about.src) return el("a.document", { href: about.src, download: name, "aria-label": "Document " + name }, content);
  return el("div.document", { role: "img", "aria-label": `Document ${name} at ${object.link || object.id || ""}` }, content);
}

// fileData reads a file of the user's machine as base64.
function fileData(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
