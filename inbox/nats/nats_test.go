package nats_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/nats"
	"github.com/wacloud/wacloud/inbox/nats/natstest"
)

// storage is one server and the folder that outlives it.
type storage struct {
	dir    string
	server *natstest.Server
}

func (s *storage) open(tb testing.TB, opts ...nats.Option) (wacloud.Inbox, error) {
	tb.Helper()
	server, err := natstest.Start(s.dir)
	if err != nil {
		return nil, err
	}
	s.server = server
	tb.Cleanup(server.Close)
	conn, err := server.Connect()
	if err != nil {
		return nil, err
	}
	tb.Cleanup(conn.Close)
	return nats.Open(tb.Context(), conn, append([]nats.Option{nats.Partitions(16)}, opts...)...)
}

func TestInbox(t *testing.T) {
	t.Parallel()
	var s *storage
	inboxtest.Run(t, inboxtest.Config{
		SharedLanes: true,
		Crowd:       1000,
		Patience:    time.Minute,
		Open: func() (wacloud.Inbox, error) {
			s = &storage{dir: t.TempDir()}
			return s.open(t)
		},
		Reopen: func(in wacloud.Inbox) (wacloud.Inbox, error) {
			require.NoError(t, in.Close())
			s.server.Close()
			return s.open(t)
		},
		Bounded: func(n int64) (wacloud.Inbox, error) {
			s = &storage{dir: t.TempDir()}
			return s.open(t, nats.MaxBytes(n))
		},
	})
}
