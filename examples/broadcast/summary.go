package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/wacloud/wacloud"
)

// summarize prints what became of everybody: one line for each outcome, and for each code below the refusals.
func summarize(out io.Writer, r *wacloud.BroadcastReport) {
	fmt.Fprintln(out)
	for _, row := range []struct {
		n          int
		name, says string
	}{
		{r.Sent, "sent", "accepted by Meta"},
		{r.Skipped, "skipped", "sent to before"},
		{r.Held, "held", "accepted, and held back by Meta"},
		{r.Refused, "refused", ""},
		{r.Unknown, "unknown", "perhaps accepted, so not sent again"},
		{r.Open, "open", "the next run tries"},
	} {
		if row.n == 0 && row.name != "sent" {
			continue
		}
		line(out, row.n, row.name, row.says)
		if row.name != "refused" {
			continue
		}
		for _, code := range byCount(r.Codes) {
			line(out, r.Codes[code], "  "+name(code), meaning(code))
		}
	}
	fmt.Fprintf(out, "\n  %6d  in %v, %.0f sent a second\n", r.Total(), r.Elapsed.Round(100*time.Millisecond), r.PerSecond())
}

func line(out io.Writer, n int, name, says string) {
	if says == "" {
		fmt.Fprintf(out, "  %6d  %s\n", n, name)
		return
	}
	fmt.Fprintf(out, "  %6d  %-9s %s\n", n, name, says)
}

// byCount has the most frequent code first.
func byCount(codes map[int]int) []int {
	return slices.SortedFunc(maps.Keys(codes), func(a, b int) int {
		if codes[a] != codes[b] {
			return codes[b] - codes[a]
		}
		return a - b
	})
}

func name(code int) string {
	if code == 0 {
		return "here"
	}
	return strconv.Itoa(code)
}

// meaning says what to make of the codes that a broadcast meets most.
func meaning(code int) string {
	switch code {
	case 0:
		return "no phone number, or a text that breaks a rule: mend the row"
	case 131026:
		return "not on WhatsApp, or cannot get it"
	case 131049:
		return "withheld by Meta: not before tomorrow"
	case 131050:
		return "has stopped marketing messages"
	case 130472:
		return "in an experiment of Meta's"
	default:
		return "see Meta's error codes"
	}
}
