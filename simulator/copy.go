package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/wacloud/wacloud/internal/graph"
)

// copyEntry answers with an entry as text to paste. Variables stand for the secrets.
func (s *Simulator) copyEntry(w http.ResponseWriter, r *http.Request) {
	c, d, err := s.findEntry(r)
	if err != nil {
		finish(w, nil, err)
		return
	}
	var text string
	switch r.URL.Query().Get("as") {
	case "curl":
		text = s.asCurl(c, d)
	case "go":
		text = asGo(c, d)
	case "fixture":
		text = asFixture(c, d)
	default:
		refuse(w, http.StatusBadRequest, "as must be curl, go or fixture")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text)) // a client that went away has no use for an error
}

// quoteShell writes a word for a POSIX shell.
func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (s *Simulator) asCurl(c *graph.Call, d *graph.Delivery) string {
	if c != nil {
		data := ""
		if c.Request != nil {
			data = " \\\n  -H 'Content-Type: application/json' \\\n  --data-binary " + quoteShell(string(c.Request))
		}
		return fmt.Sprintf("curl -X %s \"$WHATSAPP_BASE_URL\"%s \\\n  -H \"Authorization: Bearer $WHATSAPP_ACCESS_TOKEN\"%s\n",
			c.Method, quoteShell(c.Path), data)
	}
	body := quoteShell(string(d.Body))
	return fmt.Sprintf(`body=%s
curl -X POST %s \
  -H 'Content-Type: application/json' \
  -H "X-Hub-Signature-256: sha256=$(printf %%s "$body" | openssl dgst -sha256 -hmac "$WHATSAPP_APP_SECRET" | sed 's/^.* //')" \
  --data-binary "$body"
`, body, quoteShell(d.URL))
}

func asGo(c *graph.Call, d *graph.Delivery) string {
	if c != nil {
		return fmt.Sprintf(`// The bot's request is one that Meta's documented rules %s.
func TestRecordedRequest(t *testing.T) {
	out, err := wacloud.DecodeMessage([]byte(%s))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range out.Check() {
		t.Error(p)
	}
}
`, verdict(c), quoteGo(c.Request))
	}
	return fmt.Sprintf(`// The bot takes the webhook and answers it.
func TestRecordedWebhook(t *testing.T) {
	srv := wacloudtest.NewServer(t)
	srv.Serve(newRouter()) // the bot's
	if d := srv.Deliver([]byte(%s)); d.Status != 200 {
		t.Errorf("the bot answered %%d", d.Status)
	}
	srv.Wait()
}
`, quoteGo(d.Body))
}

func verdict(c *graph.Call) string {
	if c.Status == http.StatusOK {
		return "accept"
	}
	return "refuse"
}

// quoteGo writes a string for Go source: raw where that is possible.
func quoteGo(b []byte) string {
	if s := indented(b); !strings.ContainsAny(s, "`\r") && strings.ToValidUTF8(s, "") == s {
		return "`" + s + "`"
	}
	return strconv.Quote(string(b))
}

func asFixture(c *graph.Call, d *graph.Delivery) string {
	if c != nil {
		return indented(c.Request) + "\n"
	}
	return indented(d.Body) + "\n"
}

// indented is JSON for people; what is no JSON stays as it is.
func indented(b []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, b, "", "  ") != nil {
		return string(b)
	}
	return out.String()
}
