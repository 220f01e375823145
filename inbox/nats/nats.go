// Package nats is the durable inbox on NATS JetStream, where the broker does the work: it keeps the events, hands them
// out in order, notices what was not acknowledged and delivers it again.
//
//	inbox, err := nats.Open(ctx, conn)
//
// Events go to one of 64 partitions by their key; a partition has one event in flight, whoever pulls. What differs from
// the SQL inboxes:
//
//   - A slow or failing user holds up the others of the same partition, not only themselves.
//   - The events of one POST are not stored as one: when storing fails half-way the webhook answers 503, Meta delivers
//     again, and what was stored before is recognised.
//   - There is no transaction with your own data.
//   - The server must sync to disk before it answers (jetstream { sync_interval: always }), or what was acknowledged in the
//     last minutes may be lost with the machine. The client cannot see how it is set.
//
// Bodies are deleted when an event is done. The ids of done events stay for 8 days, as hashes.
package nats

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wacloud/wacloud"
)

const (
	defaultPartitions = 64
	defaultMaxBytes   = 1 << 30
	defaultLease      = 30 * time.Second
	duplicateWindow   = 2 * time.Minute
	dedupeFor         = 8 * 24 * time.Hour  // Meta delivers again for 7 days
	keepDeadFor       = 30 * 24 * time.Hour // then the bodies of dead letters go
	errInsufficient   = 10077               // JetStream's code for "maximum bytes exceeded"
)

var (
	errClosed  = errors.New("wacloud: inbox closed")
	errRunning = errors.New("wacloud: inbox is running already in this process")
)

// An Inbox is a [wacloud.Inbox] on JetStream. It is safe for concurrent use; any number of processes may share the streams,
// each with one Run at a time.
type Inbox struct {
	js     jetstream.JetStream
	cfg    config
	events jetstream.Stream
	dead   jetstream.Stream
	done   jetstream.KeyValue // ids of events that are done or dead, and how often an attempt was cut

	running  atomic.Bool
	handlers atomic.Int64
	mu       sync.RWMutex // Put holds it for reading, Close for writing
	closed   bool
}

type config struct {
	name       string
	partitions int
	replicas   int
	maxBytes   int64
	lease      time.Duration
	log        *slog.Logger
}

// An Option configures [Open].
type Option func(*config)

// Name sets the prefix of streams, bucket and subjects, "wacloud" by default: two inboxes on one server need two names.
func Name(name string) Option { return func(c *config) { c.name = name } }

// Partitions sets how many events may be handled at once, 64 by default. It is fixed when the streams are made.
func Partitions(n int) Option { return func(c *config) { c.partitions = n } }

// Replicas sets on how many servers of a cluster everything is kept, 1 by default; production wants 3.
func Replicas(n int) Option { return func(c *config) { c.replicas = n } }

// MaxBytes bounds the events that wait, 1 GiB by default; beyond it Put returns [wacloud.ErrInboxFull].
func MaxBytes(n int64) Option { return func(c *config) { c.maxBytes = n } }

// LeaseFor sets how long the server waits for a process that has an event and no longer says that it works on it, 30 s by
// default. That is how long a partition waits after a machine died.
func LeaseFor(d time.Duration) Option { return func(c *config) { c.lease = d } }

// Logger sets the logger; without it nothing is logged.
func Logger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// Open makes the streams where they are missing and returns the inbox. The connection stays the caller's to close, after
// the inbox.
func Open(ctx context.Context, conn *nats.Conn, opts ...Option) (*Inbox, error) {
	cfg := config{
		name: "wacloud", partitions: defaultPartitions, replicas: 1, maxBytes: defaultMaxBytes, lease: defaultLease,
		log: slog.New(slog.DiscardHandler),
	}
	for _, opt := range opts {
		opt(&cfg)
	}
	if conn == nil || cfg.partitions < 1 || cfg.replicas < 1 || cfg.lease <= 0 {
		return nil, errors.New("wacloud: nats: Open needs a connection, at least one partition and replica, and a lease")
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("wacloud: nats: %w", err)
	}
	in := &Inbox{js: js, cfg: cfg}
	if err := in.makeStreams(ctx); err != nil {
		return nil, fmt.Errorf("wacloud: nats: streams: %w", err)
	}
	return in, nil
}

func (in *Inbox) makeStreams(ctx context.Context) (err error) {
	c := in.cfg
	in.events, err = in.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: c.name + "_events", Subjects: []string{c.name + ".p.>"}, Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
		MaxBytes: c.maxBytes, Duplicates: duplicateWindow, Replicas: c.replicas, Storage: jetstream.FileStorage, AllowDirect: true,
		Metadata: map[string]string{metaPartitions: strconv.Itoa(c.partitions)},
	})
	if err != nil {
		return err
	}
	in.dead, err = in.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: c.name + "_dead", Subjects: []string{c.name + ".dead.>"}, MaxAge: keepDeadFor, MaxMsgsPerSubject: 1,
		Replicas: c.replicas, Storage: jetstream.FileStorage, AllowDirect: true,
	})
	if err != nil {
		return err
	}
	// A bucket as the client library makes it, but that with replicas only the leader is asked: another server may answer as
	// things were a moment ago, when the event was not done.
	bucket := c.name + "_done"
	_, err = in.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: "KV_" + bucket, Subjects: []string{"$KV." + bucket + ".>"}, MaxMsgsPerSubject: 1, MaxAge: dedupeFor, Discard: jetstream.DiscardNew,
		AllowRollup: true, DenyDelete: true, AllowDirect: c.replicas == 1, Replicas: c.replicas, Storage: jetstream.FileStorage,
	})
	if err != nil {
		return err
	}
	in.done, err = in.js.KeyValue(ctx, bucket)
	return err
}

// Close waits for the calls of Put. End Run's context first.
func (in *Inbox) Close() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	return nil
}

// Put implements [wacloud.Inbox]. When it returns an error some of the events may be stored; they are recognised when they
// are delivered again. The events of one key are stored in order, and none after one that failed.
func (in *Inbox) Put(ctx context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	in.mu.RLock()
	defer in.mu.RUnlock()
	if in.closed {
		return wacloud.PutResult{}, errClosed
	}
	if err := ctx.Err(); err != nil {
		return wacloud.PutResult{}, fmt.Errorf("wacloud: inbox put: %w", err)
	}
	lanes := map[string][]*wacloud.Event{}
	for i := range events {
		lanes[events[i].Key()] = append(lanes[events[i].Key()], &events[i])
	}
	var (
		mu     sync.Mutex
		result wacloud.PutResult
		failed error
		wg     sync.WaitGroup
		slots  = make(chan struct{}, 32)
	)
	for key, lane := range lanes {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			r, err := in.putLane(ctx, key, lane)
			mu.Lock()
			defer mu.Unlock()
			result.Stored += r.Stored
			result.Duplicates += r.Duplicates
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	if failed != nil {
		return wacloud.PutResult{}, fmt.Errorf("wacloud: inbox put: %w", failed)
	}
	return result, nil
}

func (in *Inbox) putLane(ctx context.Context, key string, events []*wacloud.Event) (r wacloud.PutResult, err error) {
	subject := in.subject(key)
	for _, e := range events {
		id := hashOf(e.ID)
		done, err := in.isDone(ctx, id)
		if err != nil {
			return r, err
		}
		if done {
			r.Duplicates++
			continue
		}
		ack, err := in.js.Publish(ctx, subject, e.Body(), jetstream.WithMsgID(id))
		if err != nil {
			return r, wrap(err)
		}
		if ack.Duplicate {
			r.Duplicates++
		} else {
			r.Stored++
		}
	}
	return r, nil
}

// subject is where the events of a key go: a partition, and in it a subject without personal data.
func (in *Inbox) subject(key string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return fmt.Sprintf("%s.p.%d.%s", in.cfg.name, h.Sum32()%uint32(in.cfg.partitions), hashOf(key)) //nolint:gosec // a small number
}

func (in *Inbox) isDone(ctx context.Context, id string) (bool, error) {
	switch _, err := in.done.Get(ctx, id); {
	case err == nil:
		return true, nil
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return false, nil
	default:
		return false, err
	}
}

// hashOf stands for an id or a key: any bytes in, a valid token out.
func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

func wrap(err error) error {
	if apiErr, ok := errors.AsType[*jetstream.APIError](err); ok && apiErr.ErrorCode == errInsufficient {
		return fmt.Errorf("%w: %w", wacloud.ErrInboxFull, err)
	}
	return err
}
