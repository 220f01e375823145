package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/wacloud/wacloud"
)

// A letter is a dead letter as it is printed. What is omitted when empty is printed with -reveal only.
type letter struct {
	ID            string          `json:"id"` // a handle, see there
	FailedAt      time.Time       `json:"failed_at"`
	Attempts      int             `json:"attempts"`
	Kind          string          `json:"kind"`
	Type          string          `json:"type,omitzero"` // of the message or status
	PhoneNumberID string          `json:"phone_number_id"`
	ReceivedAt    time.Time       `json:"received_at,omitzero"` // Meta's timestamp
	User          string          `json:"user,omitzero"`        // masked: kind and last two characters
	Error         string          `json:"error"`
	EventID       string          `json:"event_id,omitzero"`
	Name          string          `json:"name,omitzero"`
	Text          string          `json:"text,omitzero"`
	Webhook       json.RawMessage `json:"webhook,omitzero"`
}

func newLetter(d *wacloud.DeadLetter, reveal bool) letter {
	e := &d.Event
	l := letter{
		ID: handle(d.ID), FailedAt: d.FailedAt, Attempts: d.Attempts, Kind: e.Kind.String(), PhoneNumberID: e.PhoneNumberID,
		ReceivedAt: e.Timestamp, Error: mask(d.Error, personal(e)),
	}
	switch {
	case e.Message != nil:
		l.Type = e.Message.Type
	case e.Status != nil:
		l.Type = e.Status.Status
	}
	chat := e.Chat()
	if !chat.IsZero() {
		l.User = chat.String()
	}
	if reveal {
		l.EventID, l.Error, l.Text, l.Name = d.ID, d.Error, e.Text(), name(e)
		if text, err := chat.MarshalText(); err == nil && len(text) > 0 {
			l.User = string(text)
		}
	}
	return l
}

func name(e *wacloud.Event) string {
	if e.Message == nil {
		return ""
	}
	return e.Message.From.Name
}

// personal are the parts of an event that its error might repeat.
func personal(e *wacloud.Event) []string {
	parts := []string{e.Text(), name(e), e.ID}
	if m := e.Message; m != nil {
		parts = append(parts, m.ID, m.From.Phone, m.From.ID, m.From.Username)
		if m.Reply != nil {
			parts = append(parts, m.Reply.Title)
		}
	}
	return parts
}

// sensitive matches what may be a token or a message id (20 letters and digits in a row) or a phone number.
var sensitive = regexp.MustCompile(`[A-Za-z0-9]{20,}|\+?\d(?:[ .()/-]{0,2}\d){6,}`)

// mask takes out of an error what it repeats of the event, and what looks like a token or a phone number.
func mask(text string, parts []string) string {
	for _, p := range parts {
		if len(p) > 1 {
			text = strings.ReplaceAll(text, p, "…")
		}
	}
	return sensitive.ReplaceAllString(text, "…")
}

// handleLength is enough to tell millions of dead letters apart.
const handleLength = 12

// handle names a dead letter. The event's own id holds the id of the message, and that the phone number.
func handle(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])[:handleLength]
}

// clean makes a text fit for a terminal: one line, no control characters.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
}

func (j *job) printJSON(v any) error {
	enc := json.NewEncoder(j.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (j *job) printLetters(letters []letter, total int) error {
	if j.json {
		for _, l := range letters {
			if err := j.printJSON(l); err != nil {
				return err
			}
		}
		return nil
	}
	if total == 0 {
		fmt.Fprintln(j.out, "no dead letters")
		return nil
	}
	w := tabwriter.NewWriter(j.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tFAILED\tTRIES\tWHAT\tUSER\tERROR")
	for _, l := range letters {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", l.ID, stamp(l.FailedAt), l.Attempts, clean(l.what()), clean(cmp.Or(l.User, "–")), short(clean(l.Error)))
		if j.reveal {
			fmt.Fprintf(w, "\t\t\t%s\t%s\t%s\n", clean(l.EventID), clean(l.Name), short(clean(l.Text)))
		}
	}
	if len(letters) < total {
		fmt.Fprintf(w, "%d more: -limit 0 lists all\n", total-len(letters))
	}
	return w.Flush()
}

func (l letter) what() string { return strings.TrimSpace(l.Kind + " " + l.Type) }

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// short is a text that leaves a table readable.
func short(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func (j *job) printLetter(l letter) error {
	if j.json {
		return j.printJSON(l)
	}
	w := tabwriter.NewWriter(j.out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"id", l.ID},
		{"what", l.what()},
		{"number", l.PhoneNumberID},
		{"user", l.User},
		{"name", l.Name},
		{"received", optional(l.ReceivedAt)},
		{"failed", stamp(l.FailedAt)},
		{"tries", strconv.Itoa(l.Attempts)},
		{"error", l.Error},
		{"event id", l.EventID},
		{"text", l.Text},
		{"webhook", string(l.Webhook)},
	} {
		if row[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", row[0], clean(row[1]))
		}
	}
	return w.Flush()
}

func optional(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

func (j *job) printDone(done, id string) {
	if j.json {
		_ = j.printJSON(map[string]string{"id": handle(id), "done": done})
		return
	}
	fmt.Fprintln(j.out, done, handle(id))
}

func (j *job) printStats(s wacloud.InboxStats) error {
	if j.json {
		return j.printJSON(struct {
			Depth       int     `json:"depth"`
			Oldest      float64 `json:"oldest_age_seconds"`
			Running     int     `json:"running"`
			Bytes       int64   `json:"bytes"`
			DeadLetters int     `json:"dead_letters"`
		}{s.Depth, s.OldestAge.Seconds(), s.Running, s.Bytes, s.DeadLetters})
	}
	w := tabwriter.NewWriter(j.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "waiting\t%d\noldest\t%s\nrunning\t%d\nbytes\t%d\ndead letters\t%d\n",
		s.Depth, s.OldestAge.Round(time.Millisecond), s.Running, s.Bytes, s.DeadLetters)
	return w.Flush()
}
