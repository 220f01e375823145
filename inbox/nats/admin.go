package nats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wacloud/wacloud"
)

// metaPartitions is where the stream of events says how many partitions it has.
const metaPartitions = "wacloud-partitions"

// An Admin looks after the dead letters of an inbox from another process, whether a bot runs the inbox or not. Make one
// with [OpenAdmin]. It is safe for concurrent use.
type Admin struct{ in *Inbox }

// OpenAdmin returns an Admin for the inbox on a server. Of the options only [Name] counts. Unlike [Open] it makes and changes
// no streams, and fails where there are none. The connection stays the caller's to close.
func OpenAdmin(ctx context.Context, conn *nats.Conn, opts ...Option) (*Admin, error) {
	cfg := config{name: "wacloud", log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&cfg)
	}
	if conn == nil {
		return nil, errors.New("wacloud: nats: OpenAdmin needs a connection")
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("wacloud: nats: %w", err)
	}
	in := &Inbox{js: js, cfg: cfg}
	if err := in.findStreams(ctx); err != nil {
		return nil, fmt.Errorf("wacloud: nats: no inbox %q found: %w", cfg.name, err)
	}
	return &Admin{in}, nil
}

// findStreams takes the streams as they are.
func (in *Inbox) findStreams(ctx context.Context) (err error) {
	if in.events, err = in.js.Stream(ctx, in.cfg.name+"_events"); err != nil {
		return err
	}
	if in.dead, err = in.js.Stream(ctx, in.cfg.name+"_dead"); err != nil {
		return err
	}
	if in.done, err = in.js.KeyValue(ctx, in.cfg.name+"_done"); err != nil {
		return err
	}
	in.cfg.partitions, err = strconv.Atoi(in.events.CachedInfo().Config.Metadata[metaPartitions])
	if err != nil || in.cfg.partitions < 1 {
		return errors.New("the stream does not say how many partitions it has")
	}
	return nil
}

// Stats is [Inbox.Stats], but Running is unknown.
func (a *Admin) Stats(ctx context.Context) (wacloud.InboxStats, error) { return a.in.Stats(ctx) }

// DeadLetters is [Inbox.DeadLetters].
func (a *Admin) DeadLetters(ctx context.Context, after string, limit int) ([]wacloud.DeadLetter, error) {
	return a.in.DeadLetters(ctx, after, limit)
}

// Redrive is [Inbox.Redrive].
func (a *Admin) Redrive(ctx context.Context, id string) error { return a.in.Redrive(ctx, id) }

// Purge is [Inbox.Purge].
func (a *Admin) Purge(ctx context.Context, id string) error { return a.in.Purge(ctx, id) }

// Purge deletes a dead letter for good. It returns [wacloud.ErrNotFound] for an id that is none.
func (in *Inbox) Purge(ctx context.Context, id string) error {
	letter, err := in.dead.GetLastMsgForSubject(ctx, in.deadSubject(id))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		err = wacloud.ErrNotFound
	}
	if err == nil {
		err = in.dead.SecureDeleteMsg(ctx, letter.Sequence)
	}
	if err != nil {
		return fmt.Errorf("wacloud: purge: %w", err)
	}
	return nil
}

// Ready reports whether JetStream takes writes: it is what a readiness probe asks.
func (in *Inbox) Ready(ctx context.Context) error {
	if _, err := in.done.Put(ctx, "ready", nil); err != nil {
		return fmt.Errorf("wacloud: nats: not ready: %w", err)
	}
	return nil
}
