package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wacloud/wacloud"
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
	as := r.URL.Query().Get("as")
	switch copies := copiesOf(c); {
	case !slices.Contains(copies, as):
		refuse(w, http.StatusBadRequest, "as must be one of: "+strings.Join(copies, ", "))
		return
	case as == "curl":
		text = s.asCurl(c, d)
	case as == "go":
		text = asGo(c, d)
	default:
		text = asFixture(c, d)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text)) // a client that went away has no use for an error
}

// copiesOf is what an entry can be copied as. A nil call is a webhook.
func copiesOf(c *graph.Call) []string {
	switch {
	case c == nil || c.Kind == graph.CallSend && c.Request != nil:
		return []string{"curl", "go", "fixture"}
	case c.Request != nil: // it is no message
		return []string{"curl", "fixture"}
	default:
		return []string{"curl"}
	}
}

// quoteShell writes a word for a POSIX shell.
func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (s *Simulator) asCurl(c *graph.Call, d *graph.Delivery) string {
	if c != nil {
		data := ""
		switch {
		case c.Kind == graph.CallMedia && c.Method == http.MethodPost: // its file is not in the record
			data = " \\\n  -F messaging_product=whatsapp \\\n  -F file=@FILE"
		case c.Request != nil:
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
		if p.Severity == wacloud.SeverityError {
			t.Error(p)
		}
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

// verdict is what the rules say: a valid message may have been refused all the same, for a limit or a closed window.
func verdict(c *graph.Call) string {
	if slices.ContainsFunc(c.Problems, func(p wacloud.Problem) bool { return p.Severity == wacloud.SeverityError }) {
		return "refuse: mend it"
	}
	return "accept"
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
