package nats

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wacloud/wacloud"
)

const (
	headerID       = "Wacloud-Id" // quoted
	headerError    = "Wacloud-Error"
	headerAttempts = "Wacloud-Attempts"
	maxErrorText   = 2000
)

func (in *Inbox) deadSubject(id string) string { return in.cfg.name + ".dead." + hashOf(id) }

// bury copies an event to the stream of dead letters.
func (in *Inbox) bury(ctx context.Context, e wacloud.Event, cause error) error {
	msg := nats.NewMsg(in.deadSubject(e.ID))
	msg.Data = e.Body()
	msg.Header.Set(headerID, strconv.QuoteToASCII(e.ID))
	msg.Header.Set(headerError, headerText(cause))
	msg.Header.Set(headerAttempts, strconv.Itoa(e.Attempt))
	_, err := in.js.PublishMsg(ctx, msg)
	return err
}

// headerText is an error as one line that fits a header.
func headerText(err error) string {
	if err == nil {
		return ""
	}
	text := []rune(strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, err.Error()))
	return string(text[:min(len(text), maxErrorText)])
}

// DeadLetters implements [wacloud.Inbox]. Ids are in byte order. It reads all dead letters, which are deleted after 30 days.
func (in *Inbox) DeadLetters(ctx context.Context, after string, limit int) ([]wacloud.DeadLetter, error) {
	if limit <= 0 {
		return nil, nil
	}
	letters, err := in.allDead(ctx)
	if err != nil {
		return nil, fmt.Errorf("wacloud: dead letters: %w", err)
	}
	letters = slices.DeleteFunc(letters, func(d wacloud.DeadLetter) bool { return d.ID <= after })
	slices.SortFunc(letters, func(a, b wacloud.DeadLetter) int { return cmp.Compare(a.ID, b.ID) })
	return letters[:min(len(letters), limit)], nil
}

func (in *Inbox) allDead(ctx context.Context) ([]wacloud.DeadLetter, error) {
	info, err := in.dead.Info(ctx)
	if err != nil || info.State.Msgs == 0 {
		return nil, err
	}
	consumer, err := in.dead.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return nil, err
	}
	var letters []wacloud.DeadLetter
	for {
		batch, err := consumer.FetchNoWait(500)
		if err != nil {
			return nil, err
		}
		n := 0
		for msg := range batch.Messages() {
			letters = append(letters, deadLetter(msg))
			n++
		}
		if n == 0 || batch.Error() != nil {
			return letters, batch.Error()
		}
	}
}

func deadLetter(msg jetstream.Msg) wacloud.DeadLetter {
	d := wacloud.DeadLetter{Event: parse(msg), Error: msg.Headers().Get(headerError)}
	d.ID, _ = strconv.Unquote(msg.Headers().Get(headerID))
	d.Attempts, _ = strconv.Atoi(msg.Headers().Get(headerAttempts))
	d.Event.Attempt = d.Attempts
	if meta, err := msg.Metadata(); err == nil {
		d.FailedAt = meta.Timestamp
	}
	return d
}

// Redrive implements [wacloud.Inbox]: the event goes to the end of its partition. It returns [wacloud.ErrNotFound] for an id
// that is no dead letter.
func (in *Inbox) Redrive(ctx context.Context, id string) error {
	letter, err := in.dead.GetLastMsgForSubject(ctx, in.deadSubject(id))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		err = wacloud.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("wacloud: redrive: %w", err)
	}
	events, err := wacloud.ParseWebhook(letter.Data)
	if err != nil || len(events) != 1 {
		return errors.New("wacloud: redrive: the dead letter is not readable by this release")
	}
	// The message id holds the letter's sequence: two redrives of one letter store one event.
	redriven := fmt.Sprintf("%s-%d", hashOf(id), letter.Sequence)
	if err := errors.Join(in.done.Delete(ctx, hashOf(id)), in.done.Delete(ctx, cutKey(events[0]))); err != nil {
		return fmt.Errorf("wacloud: redrive: %w", err)
	}
	if _, err := in.js.Publish(ctx, in.subject(events[0].Key()), letter.Data, jetstream.WithMsgID(redriven)); err != nil {
		return fmt.Errorf("wacloud: redrive: %w", wrap(err))
	}
	if err := in.dead.DeleteMsg(ctx, letter.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return fmt.Errorf("wacloud: redrive: %w", err)
	}
	return nil
}

// Stats implements [wacloud.Inbox]. Running counts the handlers of this process, IDs the events that are done and were
// stored in the last 8 days.
func (in *Inbox) Stats(ctx context.Context) (wacloud.InboxStats, error) {
	events, err := in.events.Info(ctx)
	if err != nil {
		return wacloud.InboxStats{}, fmt.Errorf("wacloud: inbox stats: %w", err)
	}
	dead, err := in.dead.Info(ctx)
	if err != nil {
		return wacloud.InboxStats{}, fmt.Errorf("wacloud: inbox stats: %w", err)
	}
	done, err := in.done.Status(ctx)
	if err != nil {
		return wacloud.InboxStats{}, fmt.Errorf("wacloud: inbox stats: %w", err)
	}
	s := wacloud.InboxStats{
		IDs:   int(done.Values()),                                       //nolint:gosec // far below the bounds
		Depth: int(events.State.Msgs), Bytes: int64(events.State.Bytes), //nolint:gosec // far below the bounds
		Running: int(in.handlers.Load()), DeadLetters: int(dead.State.Msgs), //nolint:gosec // far below the bounds
	}
	if s.Depth > 0 {
		s.OldestAge = max(time.Since(events.State.FirstTime), 0)
	}
	return s, nil
}
