package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wacloud/wacloud/internal/graph"
)

// mediaView is a file of a message. Without src the page draws a placeholder with the link.
type mediaView struct {
	Src      string `json:"src,omitempty"`
	Link     string `json:"link,omitempty"`
	MIMEType string `json:"mime_type,omitempty"`
}

// mediaKeys are the names under which a message holds files.
var mediaKeys = []string{"image", "video", "audio", "document", "sticker"}

// mediaOf finds the files of a message, by their paths inside its content.
func (s *Simulator) mediaOf(m graph.Message, content json.RawMessage) map[string]mediaView {
	found := map[string]mediaView{}
	walkMedia(m.Type, content, func(path string, o map[string]any) {
		if v := s.viewMedia(m.ID, path, o); v != (mediaView{}) {
			found[path] = v
		}
	})
	return found
}

func (s *Simulator) viewMedia(message, path string, o map[string]any) mediaView {
	id, _ := o["id"].(string)
	link, _ := o["link"].(string)
	switch {
	case id != "":
		mimeType, _, ok := s.engine.MediaFile(id)
		if !ok {
			return mediaView{Link: "media id " + id}
		}
		return mediaView{Src: "/_sim/media/" + url.PathEscape(id), MIMEType: mimeType}
	case link == "":
		return mediaView{}
	case s.links.allows(link):
		q := url.Values{"message": {message}, "path": {path}}
		return mediaView{Src: "/_sim/link?" + q.Encode(), Link: link}
	default:
		return mediaView{Link: link}
	}
}

// walkMedia calls see with every object that stands under the name of a kind of file.
func walkMedia(kind string, content json.RawMessage, see func(path string, o map[string]any)) {
	var v any
	if len(content) == 0 || json.Unmarshal(content, &v) != nil {
		return
	}
	if o, ok := v.(map[string]any); ok && slices.Contains(mediaKeys, kind) {
		see("", o)
		return
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				at := strings.TrimPrefix(path+"."+key, ".")
				if o, ok := inner.(map[string]any); ok && slices.Contains(mediaKeys, key) {
					see(at, o)
					continue
				}
				walk(at, inner)
			}
		case []any:
			for i, inner := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), inner)
			}
		}
	}
	walk("", v)
}

// file serves a file that was uploaded or sent.
func (s *Simulator) file(w http.ResponseWriter, r *http.Request) {
	mimeType, data, ok := s.engine.MediaFile(r.PathValue("id"))
	if !ok {
		refuse(w, http.StatusNotFound, "there is no such file, or it was so long ago that it is forgotten")
		return
	}
	serveFile(w, r, mimeType, data)
}

// shownInline are the types that a page may draw; all others are downloads, so that no document becomes a page of ours.
var shownInline = []string{
	"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/3gpp",
	"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg",
}

func serveFile(w http.ResponseWriter, r *http.Request, mimeType string, data []byte) {
	h := w.Header()
	base, _, err := mime.ParseMediaType(mimeType)
	if err != nil || !slices.Contains(shownInline, base) {
		base = "application/octet-stream"
		h.Set("Content-Disposition", "attachment")
	}
	h.Set("Content-Type", base)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=600")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// link serves the file behind a link of a message: the page never goes there itself, and nobody can ask for an address
// that the bot has not sent.
func (s *Simulator) link(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	m, ok := s.engine.Message(q.Get("message"))
	target := ""
	if ok {
		walkMedia(m.Type, m.Content(), func(path string, o map[string]any) {
			if path == q.Get("path") {
				target, _ = o["link"].(string)
			}
		})
	}
	if target == "" || !s.links.allows(target) {
		refuse(w, http.StatusNotFound, "there is no such link, or it is not fetched here")
		return
	}
	mimeType, data, err := s.links.fetch(r.Context(), target)
	if err != nil {
		refuse(w, http.StatusBadGateway, plain(err))
		return
	}
	serveFile(w, r, mimeType, data)
}
