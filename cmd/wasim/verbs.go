package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// verb is a call of the control API.
type verb struct {
	name   string
	what   string
	method string
	path   string
	words  []field // in their order; each is a flag too
	flags  []field
	acts   bool // the answer tells what became of a webhook
	follow bool
	run    func(ctx context.Context, inv invocation, t terminal) error // instead of one call
}

// field is a member of a request.
type field struct {
	name string
	kind kind
}

type kind uint8

const (
	isString kind = iota
	isInt
	isFloat
	isBool
	isJSON
	isFile
	isWords // between commas
)

// flag is the name on the command line.
func (f field) flag() string { return strings.ReplaceAll(f.name, "_", "-") }

func (f field) usage() string {
	return "`" + [...]string{"text", "number", "number", "true|false", "JSON", "file", "words"}[f.kind] + "`"
}

func (f field) parse(s string) (any, error) {
	switch f.kind {
	case isInt:
		return strconv.ParseInt(s, 10, 64)
	case isFloat:
		return strconv.ParseFloat(s, 64)
	case isBool:
		return strconv.ParseBool(s)
	case isFile:
		return readFile(s)
	case isWords:
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' }), nil
	case isJSON:
		if !json.Valid([]byte(s)) {
			return nil, errors.New("it is not JSON")
		}
		return json.RawMessage(s), nil
	default:
		return s, nil
	}
}

func text(names ...string) (all []field) {
	for _, n := range names {
		all = append(all, field{n, isString})
	}
	return all
}

func with(fields []field, more ...field) []field { return slices.Concat(fields, more) }

var who = text("user", "number")

// verbs is everything that can be done to a simulator that runs: one verb for each call of the control API.
var restart = post("restart", "stops the bot of -exec and starts it again", nil, []field{{"reset", isBool}})

var verbs = []verb{
	act("say", "the user writes a text", text("text"), with(who, text("reply_to")...)),
	act("tap", "the user taps an option, by its title, -id or -key", text("title"),
		with(who, field{"message", isString}, field{"id", isString}, field{"key", isString}, field{"card", isInt}, field{"shape", isString}, field{"wait_ms", isInt})),
	act("tap-id", "the user taps an id that no message offers", text("id", "title"), with(who, text("message")...)),
	act("react", "the user puts an emoji on a message", text("message", "emoji"), who),
	act("location", "the user sends a place", []field{{"latitude", isFloat}, {"longitude", isFloat}},
		with(who, text("name", "address", "reply_to")...)),
	act("contact", "the user sends the own contact", nil, with(who, text("reply_to")...)),
	act("form", "the user fills a flow or an address form", []field{{"message", isString}, {"response", isJSON}}, who),
	act("order", "the user sends a cart", []field{{"items", isJSON}}, with(who, text("catalog_id", "text", "reply_to")...)),
	act("call-permission", "the user answers a call permission request", []field{{"message", isString}, {"accept", isBool}}, who),
	act("media", "the user sends a file", []field{{"kind", isString}, {"data", isFile}, {"mime_type", isString}},
		with(who, field{"caption", isString}, field{"filename", isString}, field{"voice", isBool}, field{"reply_to", isString})),
	act("raw", "any message, or a whole webhook with -body", []field{{"type", isString}, {"content", isJSON}},
		with(who, field{"reply_to", isString}, field{"body", isJSON})),
	act("status", "reports a status of a message", []field{{"message", isString}, {"status", isString}}, []field{{"code", isInt}}),
	post("open", "the user looks at the chat", nil, who),
	post("user", "adds a user", text("name"), []field{
		{"phone", isString},
		{"user_id", isString},
		{"username", isString},
		{"hide_phone", isBool},
		{"hide_user_id", isBool},
		{"refuses", isWords},
		{"refuse_code", isInt},
	}).at("users"),
	{
		name: "phone", what: "sets what a user's phone cannot show: carousel,list", method: http.MethodPatch, path: "/_sim/users/{id}",
		words: []field{{"id", isString}, {"refuses", isWords}}, flags: []field{{"refuse_code", isInt}},
	},

	post("fault", "arms a fault", text("kind"), []field{
		{"next", isInt},
		{"every", isInt},
		{"probability", isFloat},
		{"seed", isInt},
		{"on", isString},
		{"n", isInt},
		{"level", isString},
		{"delay_ms", isInt},
		{"signed", isBool},
		{"code", isInt},
		{"status", isInt},
		{"retry_after_s", isInt},
		{"async", isBool},
		{"call", isString},
	}).at("faults"),
	get("faults", "lists the kinds of faults").at("faults/kinds"),
	{name: "disarm", what: "disarms all faults, or one", method: http.MethodDelete, path: "/_sim/faults", words: text("id"), run: disarm},

	{name: "state", what: "prints everything", method: http.MethodGet, path: "/_sim/state"},
	{name: "chat", what: "prints the messages", method: http.MethodGet, path: "/_sim/state", run: chat},
	{name: "log", what: "prints the requests both ways", method: http.MethodGet, path: "/_sim/state", follow: true, run: logEntries},
	get("entry", "prints one request and its answer", "id").at("entries/{id}"),
	get("copy", "prints an entry as curl, go or fixture", "id", "as").at("entries/{id}/copy"),
	act("redeliver", "sends a webhook once more, or an edited one", text("id"), text("body")).at("entries/{id}/redeliver"),

	{name: "routes", what: "prints the routes that the bot told", method: http.MethodGet, path: "/_sim/routes", run: routes},
	{name: "dead-letters", what: "prints the events that the bot gave up", method: http.MethodGet, path: "/_sim/dead-letters", run: deadLetters},

	{
		name: "settings", what: "changes settings", method: http.MethodPatch, path: "/_sim/settings", flags: []field{
			{"window", isString},
			{"pair_limit", isBool},
			{"throughput", isInt},
			{"carousel_tap", isString},
			{"auto_status", isBool},
			{"status_delay_ms", isInt},
			{"auto_read", isBool},
			{"redeliver", isBool},
		},
	},
	post("clock", "moves the clock forward", []field{{"advance_ms", isInt}}, nil),
	post("handshake", "verifies the webhook address as Meta does", nil, nil),
	restart,
	post("restarted", "sends what the fault late has kept", nil, nil),
	post("reset", "forgets chats, requests and faults", nil, []field{{"users", isBool}}),
	get("transcript", "prints a chat as a test replays it", "user", "number", "as"),
	post("save", "saves the state in the folder of the simulator", text("name"), nil),
	{
		name: "restore", what: "restores a saved state, or one of a -file", method: http.MethodPost, path: "/_sim/restore",
		words: text("name"), flags: []field{{"file", isFile}}, run: restore,
	},
	get("saves", "lists the saved states"),
	get("export", "prints the state, for restore -file").at("save"),
	{
		name: "file", what: "writes a file of the chat to the standard output, by its media id", method: http.MethodGet,
		path: "/_sim/media/{id}", words: text("id"), run: file,
	},
}

func post(name, what string, words, flags []field) verb {
	return verb{name: name, what: what, method: http.MethodPost, path: "/_sim/" + name, words: words, flags: flags}
}

// act is a post that ends in a webhook.
func act(name, what string, words, flags []field) verb {
	v := post(name, what, words, flags)
	v.acts = true
	return v
}

func get(name, what string, words ...string) verb {
	return verb{name: name, what: what, method: http.MethodGet, path: "/_sim/" + name, words: text(words...)}
}

// at gives a verb a path that is not its name.
func (v verb) at(path string) verb {
	v.path = "/_sim/" + path
	return v
}

func disarm(ctx context.Context, inv invocation, t terminal) error {
	if id := inv.query.Get("id"); id != "" {
		inv.verb.path, inv.query = "/_sim/faults/{id}", nil
		inv.in["id"] = id
	}
	body, err := inv.call(ctx)
	if err != nil {
		return err
	}
	return inv.show(body, t)
}

// restore sends a name, or the whole state that a file holds.
func restore(ctx context.Context, inv invocation, t terminal) error {
	if data, ok := inv.fields["file"].([]byte); ok {
		if len(inv.fields) > 1 {
			return errors.New("restore: a name or a -file, not both")
		}
		inv.body = data
	}
	body, err := inv.call(ctx)
	if err != nil {
		return err
	}
	return inv.show(body, t)
}

func file(ctx context.Context, inv invocation, t terminal) error {
	body, err := inv.call(ctx)
	if err == nil {
		_, err = t.out.Write(body)
	}
	return err
}

// line is the verb as it is written.
func (v verb) line() string {
	words := []string{v.name}
	for _, f := range v.words {
		words = append(words, strings.ToUpper(f.flag()))
	}
	return strings.Join(words, " ")
}

func help(w io.Writer) {
	fmt.Fprint(w, "wasim runs the simulator; wasim -h lists its flags. The verbs drive the one that runs:\n\n")
	for _, v := range verbs {
		fmt.Fprintf(w, "  %-34s %s\n", v.line(), v.what)
	}
	fmt.Fprint(w, "\nEach takes -json; wasim VERB -h lists its flags. The simulator is found by the file that it writes, or by\n"+
		"WASIM_URL and WASIM_TOKEN.\n")
}
