package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wacloud/wacloud"
)

// page is how many dead letters are read at a time.
const page = 5000

// each calls f for every dead letter, in order of id, until it returns false.
func each(ctx context.Context, in inbox, f func(*wacloud.DeadLetter) bool) error {
	for after := ""; ; {
		letters, err := in.DeadLetters(ctx, after, page)
		if err != nil {
			return err
		}
		for i := range letters {
			if !f(&letters[i]) {
				return nil
			}
		}
		if len(letters) < page {
			return nil
		}
		after = letters[len(letters)-1].ID
	}
}

func (j *job) list(ctx context.Context, in inbox) error {
	var found []letter
	err := each(ctx, in, func(d *wacloud.DeadLetter) bool {
		found = append(found, newLetter(d, j.reveal))
		return true
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b letter) int { return b.FailedAt.Compare(a.FailedAt) })
	total := len(found)
	if j.limit > 0 {
		found = found[:min(total, j.limit)]
	}
	return j.printLetters(found, total)
}

func (j *job) show(ctx context.Context, in inbox) error {
	found, err := find(ctx, in, j.ids)
	if err != nil {
		return err
	}
	d := found[0]
	l := newLetter(d, j.reveal)
	if j.reveal {
		l.Webhook = d.Event.Body()
	}
	return j.printLetter(l)
}

func (j *job) redrive(ctx context.Context, in inbox) error {
	return j.change(ctx, in, "redriven", in.Redrive)
}

func (j *job) purge(ctx context.Context, in inbox) error {
	return j.change(ctx, in, "purged", in.Purge)
}

// change does something to the letters that were asked for, one after the other, and goes on when one fails.
func (j *job) change(ctx context.Context, in inbox, done string, do func(context.Context, string) error) error {
	found, err := find(ctx, in, j.ids)
	if j.all {
		found, err = all(ctx, in)
	}
	if err != nil {
		return err // before anything was changed
	}
	var errs []error
	for _, d := range found {
		switch err := do(ctx, d.ID); {
		case errors.Is(err, wacloud.ErrNotFound): // somebody else was faster
			errs = append(errs, fmt.Errorf("%s: it is no dead letter any more", handle(d.ID)))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", handle(d.ID), err))
		default:
			j.printDone(done, d.ID)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if !j.json && j.all {
		fmt.Fprintf(j.out, "%d of %d dead letters %s\n", len(found)-len(errs), len(found), done)
	}
	return errors.Join(errs...)
}

func all(ctx context.Context, in inbox) (found []*wacloud.DeadLetter, err error) {
	err = each(ctx, in, func(d *wacloud.DeadLetter) bool {
		found = append(found, &wacloud.DeadLetter{ID: d.ID}) // not the body: there may be many
		return true
	})
	return found, err
}

// minHandle is how much of a handle must be given.
const minHandle = 4

// find returns the letters that ids mean: handles as list prints them, unique beginnings of them, or ids of events. Each must
// mean one letter.
func find(ctx context.Context, in inbox, ids []string) ([]*wacloud.DeadLetter, error) {
	found := make([]*wacloud.DeadLetter, len(ids))
	twice := make([]bool, len(ids))
	err := each(ctx, in, func(d *wacloud.DeadLetter) bool {
		h := handle(d.ID)
		for i, id := range ids {
			if id == d.ID || len(id) >= minHandle && strings.HasPrefix(h, strings.ToLower(id)) {
				twice[i] = found[i] != nil
				found[i] = d
			}
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	var errs []error
	for i, id := range ids {
		switch {
		case twice[i]:
			errs = append(errs, fmt.Errorf("%s is the beginning of several dead letters: give more of it", clip(id)))
		case found[i] == nil:
			errs = append(errs, fmt.Errorf("%s is no dead letter", clip(id)))
		}
	}
	return unique(found), errors.Join(errs...)
}

// unique drops what was asked for twice.
func unique(found []*wacloud.DeadLetter) []*wacloud.DeadLetter {
	seen := map[*wacloud.DeadLetter]bool{}
	return slices.DeleteFunc(found, func(d *wacloud.DeadLetter) bool {
		again := seen[d]
		seen[d] = true
		return again
	})
}

// clip shortens what is no handle: it may be an event's id, with a phone number in it.
func clip(id string) string {
	if len(id) <= handleLength {
		return id
	}
	return id[:8] + "…"
}

func (j *job) stats(ctx context.Context, in inbox) error {
	s, err := in.Stats(ctx)
	if err != nil {
		return err
	}
	return j.printStats(s)
}
