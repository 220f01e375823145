package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// snapshot is as much of the state as people read.
type snapshot struct {
	Messages []struct {
		Chat     string          `json:"chat"`
		FromUser bool            `json:"from_user"`
		Type     string          `json:"type"`
		Kind     string          `json:"kind"`
		Status   string          `json:"status"`
		Content  json.RawMessage `json:"content"`
		Options  []struct {
			Title string `json:"title"`
		} `json:"options"`
	} `json:"messages"`
	Entries []json.RawMessage `json:"entries"`
}

// entryLine is an inspector's line.
type entryLine struct {
	ID     int       `json:"id"`
	Kind   string    `json:"kind"`
	At     time.Time `json:"at"`
	TookMS float64   `json:"took_ms"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	What   string    `json:"what"`
	Status int       `json:"status"`
	Code   int       `json:"code"`
	Detail string    `json:"details"`
	Fault  string    `json:"fault"`
	Error  string    `json:"error"`
}

// chat prints the messages, one a line.
func chat(ctx context.Context, inv invocation, t terminal) error {
	body, err := inv.call(ctx)
	if err != nil {
		return err
	}
	var s snapshot
	if err := json.Unmarshal(body, &s); err != nil {
		return err
	}
	if inv.json {
		var raw struct {
			Messages json.RawMessage `json:"messages"`
		}
		if err := json.Unmarshal(body, &raw); err != nil {
			return err
		}
		fmt.Fprintln(t.out, string(raw.Messages))
		return nil
	}
	for _, m := range s.Messages {
		who := "bot "
		if m.FromUser {
			who = "user"
		}
		parts := []string{m.Chat, who, strings.TrimSpace(m.Type + " " + m.Kind), summary(m.Content)}
		for _, o := range m.Options {
			parts = append(parts, "["+o.Title+"]")
		}
		fmt.Fprintln(t.out, printable(strings.Join(parts, " ")))
	}
	return nil
}

// summary is the text of a message's content.
func summary(content json.RawMessage) string {
	var c struct {
		Body    json.RawMessage `json:"body"`
		Text    string          `json:"text"`
		Caption string          `json:"caption"`
	}
	_ = json.Unmarshal(content, &c) // what has no text has no summary
	var inner struct {
		Text string `json:"text"`
	}
	var plain string
	if json.Unmarshal(c.Body, &plain) == nil && plain != "" {
		return plain
	}
	if json.Unmarshal(c.Body, &inner) == nil && inner.Text != "" {
		return inner.Text
	}
	return c.Text + c.Caption
}

// printable keeps what a stranger wrote from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// logEntries prints the inspector's lines, and with -follow those that come.
func logEntries(ctx context.Context, inv invocation, t terminal) error {
	if inv.follow {
		return inv.stream(ctx, t)
	}
	body, err := inv.call(ctx)
	if err != nil {
		return err
	}
	return inv.printEntries(body, t.out)
}

func (inv *invocation) printEntries(body []byte, w io.Writer) error {
	var s snapshot
	if err := json.Unmarshal(body, &s); err != nil {
		return err
	}
	for _, raw := range s.Entries {
		if inv.json {
			fmt.Fprintln(w, string(raw))
			continue
		}
		var e entryLine
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		fmt.Fprintln(w, printable(e.String()))
	}
	return nil
}

func (e entryLine) String() string {
	line := fmt.Sprintf("%4d %s ", e.ID, e.At.Format("15:04:05.000"))
	if e.Kind == "call" {
		line += fmt.Sprintf("bot → %s %s", e.Method, e.Path)
	} else {
		line += "→ bot " + e.What
	}
	line += fmt.Sprintf("  %d in %.1f ms", e.Status, e.TookMS)
	if extra := e.Detail + e.Error; extra != "" {
		line += "  " + extra
	}
	if e.Fault != "" {
		line += "  (fault " + e.Fault + ")"
	}
	return line
}

// stream prints what comes until ctx ends.
func (inv *invocation) stream(ctx context.Context, t terminal) error {
	inv.verb.path = "/_sim/events"
	resp, err := inv.open(ctx, &http.Client{})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
			if err := inv.printEntries(data, t.out); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return lines.Err()
}
