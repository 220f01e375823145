package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// invocation is a verb with its arguments, on its way to the simulator.
type invocation struct {
	verb    verb
	fields  map[string]any    // of the request's body
	body    []byte            // the request's body where it is a file
	query   url.Values        // of the address
	in      map[string]string // parts of the path
	json    bool
	follow  bool
	session session
}

// drive sends a verb to the simulator that runs.
func drive(ctx context.Context, name string, args []string, t terminal) error {
	i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == name })
	if i < 0 {
		return fmt.Errorf("there is no verb %q: see wasim help", name)
	}
	inv, err := parseVerb(verbs[i], args, t)
	if err != nil {
		return err
	}
	if inv.session, err = findSession(t); err != nil {
		return err
	}
	if inv.verb.run != nil {
		return inv.verb.run(ctx, inv, t)
	}
	body, err := inv.call(ctx)
	if err != nil {
		return err
	}
	return inv.show(body, t)
}

// parseVerb reads the arguments of a verb: flags and words in any order.
func parseVerb(v verb, args []string, t terminal) (invocation, error) {
	inv := invocation{verb: v, fields: map[string]any{}, query: url.Values{}, in: map[string]string{}}
	fs := flag.NewFlagSet("wasim "+v.name, flag.ContinueOnError)
	fs.SetOutput(t.err)
	fs.Usage = func() {
		fmt.Fprintf(t.err, "wasim %s\n\n%s. A word may come as a flag too; simulator/API.md says what each means, under %s.\n\n", v.line(), v.what, v.path)
		fs.PrintDefaults()
	}
	fs.BoolVar(&inv.json, "json", false, "print the answer as JSON")
	if v.follow {
		fs.BoolVar(&inv.follow, "follow", false, "go on with what comes")
	}
	for _, f := range slices.Concat(v.words, v.flags) {
		fs.Func(f.flag(), f.usage(), func(s string) error { return inv.set(f, s) })
	}
	words := v.words
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return inv, err
			}
			return inv, errUsage
		}
		if args = fs.Args(); len(args) == 0 {
			return inv, inv.complete()
		}
		if len(words) == 0 {
			return inv, fmt.Errorf("%s: %q is one word too many", v.name, args[0])
		}
		if err := inv.set(words[0], args[0]); err != nil {
			return inv, fmt.Errorf("%s: %s: %w", v.name, words[0].name, err)
		}
		words, args = words[1:], args[1:]
	}
}

// set notes the value of a field.
func (inv *invocation) set(f field, s string) error {
	switch {
	case strings.Contains(inv.verb.path, "{"+f.name+"}"):
		inv.in[f.name] = s
		return nil
	case inv.verb.method == http.MethodGet || inv.verb.method == http.MethodDelete:
		inv.query.Set(f.name, s)
		return nil
	}
	v, err := f.parse(s)
	if err != nil {
		return err
	}
	inv.fields[f.name] = v
	return nil
}

// complete refuses a verb whose path has a gap.
func (inv *invocation) complete() error {
	for _, f := range inv.verb.words {
		if _, ok := inv.in[f.name]; !ok && strings.Contains(inv.verb.path, "{"+f.name+"}") {
			return fmt.Errorf("%s: %s is required", inv.verb.name, f.name)
		}
	}
	return nil
}

func (inv *invocation) address() string {
	path := inv.verb.path
	for name, value := range inv.in {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	if len(inv.query) > 0 {
		path += "?" + inv.query.Encode()
	}
	return strings.TrimSuffix(inv.session.URL, "/") + path
}

// open sends the request and returns the answer when it is a success.
func (inv *invocation) open(ctx context.Context, client *http.Client) (*http.Response, error) {
	var body io.Reader = http.NoBody
	if inv.verb.method != http.MethodGet && inv.verb.method != http.MethodDelete {
		data, err := inv.body, error(nil)
		if data == nil {
			data, err = json.Marshal(inv.fields)
		}
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, inv.verb.method, inv.address(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+inv.session.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		if urlErr, ok := errors.AsType[*url.Error](err); ok {
			err = urlErr.Err
		}
		return nil, fmt.Errorf("the simulator does not answer: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var refused struct {
		Error string `json:"error"`
	}
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if json.Unmarshal(data, &refused) != nil || refused.Error == "" {
		refused.Error = resp.Status
	}
	return nil, fmt.Errorf("%s: %s", inv.verb.name, refused.Error)
}

// call sends the request and returns the whole answer.
func (inv *invocation) call(ctx context.Context) ([]byte, error) {
	resp, err := inv.open(ctx, &http.Client{Timeout: 2 * time.Minute})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// show prints an answer: as it came, or for people. A webhook that the bot did not take is a failure.
func (inv *invocation) show(body []byte, t terminal) error {
	var done struct {
		Message string   `json:"message"`
		Status  *int     `json:"status"`
		TookMS  *float64 `json:"took_ms"`
		Error   string   `json:"error"`
	}
	isDone := json.Unmarshal(body, &done) == nil && done.Status != nil && done.TookMS != nil && inv.verb.acts
	var failed error
	if isDone && *done.Status != http.StatusOK {
		failed = fmt.Errorf("%s: the bot did not take the webhook: status %d %s", inv.verb.name, *done.Status, done.Error)
	}
	switch {
	case inv.json:
		fmt.Fprintln(t.out, strings.TrimSpace(string(body)))
	case isDone && failed == nil:
		fmt.Fprintf(t.out, "%s: the bot answered 200 in %.1f ms\n", strings.TrimSpace(done.Message+" "+inv.verb.name), *done.TookMS)
	case isDone, string(bytes.TrimSpace(body)) == "{}":
	default:
		showAny(t.out, body)
	}
	return failed
}

func showAny(w io.Writer, body []byte) {
	var out bytes.Buffer
	if json.Indent(&out, body, "", "  ") != nil {
		fmt.Fprint(w, string(body))
		return
	}
	fmt.Fprintln(w, strings.TrimSpace(out.String()))
}

// readFile is the value of a field that names a file.
func readFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(path)
}
