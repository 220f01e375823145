package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// openTerminal is a phone in the terminal: a number taps, anything else is typed.
func openTerminal(ctx context.Context, in io.Reader, out io.Writer) error {
	return inTown(ctx, "", func(ctx context.Context, t *town) error {
		fmt.Fprintf(out, "A phone, without WhatsApp. The bot runs at %s; nothing leaves this machine.\n", t.url)
		fmt.Fprint(out, "Write something (\"oi\"), or the number of an option to tap it. Ctrl-D ends.\n\n> ")
		lines := scanLines(in)
		var options []option
		for {
			select {
			case <-ctx.Done():
				return nil
			case line, ok := <-lines:
				if !ok {
					fmt.Fprintln(out)
					return nil
				}
				if line = strings.TrimSpace(line); line != "" {
					t.act(line, options)
					messages, err := t.news(ctx)
					if err != nil {
						return err
					}
					for _, m := range messages {
						text, o := render(m)
						fmt.Fprintln(out, indent("🤖", text))
						if len(o) > 0 {
							options = o
						}
					}
				}
				fmt.Fprint(out, "\n> ")
			}
		}
	})
}

// act taps the option that the line numbers, or types the line.
func (t *town) act(line string, options []option) {
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(options) {
		t.phone.TapID(options[n-1].id)
		return
	}
	t.phone.Say(line)
}

// scanLines reads lines until the input or the program ends.
func scanLines(in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
	}()
	return lines
}
