package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// tellsNothing is said of a bot that was not built on the library, or not started with the printed variables.
const tellsNothing = "the bot tells nothing: see WHATSAPP_SIMULATOR_TOKEN in simulator/API.md"

// routes prints the routes that the bot told, one a line.
func routes(ctx context.Context, inv invocation, t terminal) error {
	body, err := inv.call(ctx)
	if err != nil || inv.json {
		return printOr(err, body, t)
	}
	var told struct {
		Known  bool `json:"known"`
		Routes []struct {
			Kind    string `json:"kind"`
			Pattern string `json:"pattern"`
			Source  string `json:"source"`
		} `json:"routes"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return err
	}
	if !told.Known {
		fmt.Fprintln(t.out, tellsNothing)
	}
	for _, r := range told.Routes {
		fmt.Fprintln(t.out, printable(fmt.Sprintf("%-14s %-40s %s", r.Kind, r.Pattern, r.Source)))
	}
	return nil
}

// deadLetters prints the events that the bot gave up, one a line.
func deadLetters(ctx context.Context, inv invocation, t terminal) error {
	body, err := inv.call(ctx)
	if err != nil || inv.json {
		return printOr(err, body, t)
	}
	var told struct {
		Known   bool `json:"known"`
		Count   int  `json:"count"`
		Letters []struct {
			What     string    `json:"what"`
			Message  string    `json:"message"`
			Error    string    `json:"error"`
			Attempts int       `json:"attempts"`
			FailedAt time.Time `json:"failed_at"`
		} `json:"dead_letters"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return err
	}
	switch {
	case !told.Known:
		fmt.Fprintln(t.out, tellsNothing)
	case told.Count == 0:
		fmt.Fprintln(t.out, "none")
	case told.Count > len(told.Letters):
		fmt.Fprintf(t.out, "the last %d of %d:\n", len(told.Letters), told.Count)
	}
	for _, l := range told.Letters {
		attempts := "attempts"
		if l.Attempts == 1 {
			attempts = "attempt"
		}
		fmt.Fprintln(t.out, printable(fmt.Sprintf("%s  %-18s %s  after %d %s: %s",
			l.FailedAt.Local().Format("15:04:05"), l.What, l.Message, l.Attempts, attempts, l.Error)))
	}
	return nil
}

// printOr prints an answer as it came.
func printOr(err error, body []byte, t terminal) error {
	if err == nil {
		fmt.Fprintln(t.out, strings.TrimSpace(string(body)))
	}
	return err
}
