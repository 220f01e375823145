package simulator

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"path"
	"slices"
	"sync"
)

//go:embed page
var pageFiles embed.FS

// pageScripts are the parts of the page's one script, in the order in which they need each other.
var pageScripts = []string{
	"dom.js", "text.js", "state.js", "media.js", "draw.js", "interactive.js", "template.js", "sheet.js", "forms.js",
	"phone.js", "inspector.js", "panels.js", "main.js",
}

// phonePage is the page in one piece, so that it loads with one request, and the policy it is served under: no inline code
// but this, no other host, no frame around it.
var phonePage = sync.OnceValues(func() (html []byte, policy string) {
	style := pageFile("style.css")
	script := []byte("\"use strict\";\n(() => {\n")
	for _, name := range pageScripts {
		script = append(script, pageFile(name)...)
	}
	script = append(script, "})();\n"...)
	html = pageFile("index.html")
	html = bytes.Replace(html, []byte("/*style*/"), style, 1)
	html = bytes.Replace(html, []byte("/*script*/"), script, 1)
	return html, "default-src 'none'; script-src 'self' " + hashSource(script) + "; style-src 'self' " + hashSource(style) +
		"; img-src 'self' data: blob:; media-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'" +
		"; frame-ancestors 'none'"
})

// hashSource is how a policy names a piece of inline code.
func hashSource(code []byte) string {
	sum := sha256.Sum256(code)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func pageFile(name string) []byte {
	data, err := pageFiles.ReadFile(path.Join("page", name))
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return slices.Clone(data)
}

// page serves the phone. It holds nothing secret: without the cookie it shows an empty phone.
func (s *Simulator) page() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("token") {
			s.welcome(w, r)
			return
		}
		html, policy := phonePage()
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		_, _ = w.Write(html) // a browser that went away has no use for an error
	})
}
