package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/faulttest/internal/history"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
)

// die ends the process as a power switch would end it for the process.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// points is the inbox with points to die at, and with nobody who handles when idle.
type points struct {
	wacloud.Inbox
	idle bool
}

// Put dies after the commit of a new message that orders it.
func (p points) Put(ctx context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	result, err := p.Inbox.Put(ctx, events)
	if err == nil && result.Stored > 0 && orderOf(&events[0]) == "die-committed" {
		die()
	}
	return result, err
}

func (p points) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	if p.idle {
		<-ctx.Done()
		return nil
	}
	return p.Inbox.Run(ctx, cfg)
}

// orderOf is what a message tells the bot to do: what stands behind its number.
func orderOf(e *wacloud.Event) string {
	_, order, _ := strings.Cut(e.Text(), " ")
	return order
}

type handler struct {
	journal *os.File
	work    time.Duration
	effects bool
}

func newHandler(f *flags) (*handler, error) {
	h := &handler{work: f.work, effects: f.effects}
	if f.quiet {
		return h, nil
	}
	name := fmt.Sprintf("journal-%d-%d", os.Getpid(), time.Now().UnixNano())
	var err error
	h.journal, err = os.OpenFile(filepath.Join(f.journal, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // a folder of the test
	return h, err
}

// Handle writes when it begins and ends. A write survives the death of the process.
func (h *handler) Handle(ctx context.Context, e *wacloud.Event) error {
	if e.Message == nil {
		return nil
	}
	number, _, _ := strings.Cut(e.Text(), " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		return wacloud.Permanent(err)
	}
	id := history.Event{User: e.Message.From.Phone, N: n}
	first := e.Attempt == 1
	if first && orderOf(e) == "die-before" {
		die()
	}
	h.write("begin", id, e.Attempt)
	ended := "failed" // by a panic
	defer func() { h.write(ended, id, e.Attempt) }()
	if err := h.do(ctx, e, id); err != nil {
		return err
	}
	ended = "end"
	if first && orderOf(e) == "die-after" {
		die()
	}
	return nil
}

func (h *handler) write(kind string, id history.Event, attempt int) {
	if h.journal == nil {
		return
	}
	if _, err := h.journal.Write(history.Line(kind, os.Getpid(), id, attempt, time.Now().UnixNano())); err != nil {
		panic(err)
	}
}

// do is the work: of the message's order on its first attempt, else of any.
func (h *handler) do(ctx context.Context, e *wacloud.Event, id history.Event) error {
	order, arg, _ := strings.Cut(orderOf(e), " ")
	if h.effects {
		err := sqlinbox.OnComplete(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO effects (who, n, pid) VALUES ('%s', %d, %d)", id.User, id.N, os.Getpid())) // two dialects, no input
			return err
		})
		if err != nil {
			return err
		}
	}
	switch {
	case order == "sends":
		return sends(ctx, e, arg)
	case order == "slow":
		return sleep(ctx, arg)
	case order == "poison":
		die()
	case e.Attempt > 1:
		return nil
	}
	switch order {
	case "die-in":
		die()
	case "stall": // whatever the context says
		d, err := time.ParseDuration(arg)
		<-time.After(d)
		return err
	case "panic":
		panic("as ordered")
	case "error":
		return errors.New("as ordered")
	}
	if h.work > 0 {
		return sleep(ctx, h.work.String())
	}
	return nil
}

func sleep(ctx context.Context, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return wacloud.Permanent(err)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// sends answers three times and on its first attempt dies behind the send whose number it gets. The last attempt ends well.
func sends(ctx context.Context, e *wacloud.Event, dieAfter string) error {
	for i := 1; i <= 3; i++ {
		if _, err := e.Respond(ctx, wacloud.NewText(fmt.Sprintf("%s %d", e.ID, i))); err != nil {
			return err
		}
		if e.Attempt == 1 && dieAfter == strconv.Itoa(i) {
			die()
		}
	}
	if e.Attempt < 3 {
		return wacloud.RetryAfter(errors.New("once more"), 10*time.Millisecond)
	}
	return nil
}
