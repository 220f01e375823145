package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

func TestInbox(t *testing.T) {
	t.Parallel()
	var path string
	inboxtest.Run(t, inboxtest.Config{
		Crowd: 100_000,
		Open: func() (wacloud.Inbox, error) {
			path = filepath.Join(t.TempDir(), "bot.db")
			return sqlite.Open(path)
		},
		Reopen: func(in wacloud.Inbox) (wacloud.Inbox, error) {
			if err := in.Close(); err != nil {
				return nil, err
			}
			return sqlite.Open(path)
		},
		Bounded: func(n int64) (wacloud.Inbox, error) {
			return sqlite.Open(filepath.Join(t.TempDir(), "bot.db"), sqlite.With(sqlinbox.MaxBytes(n)))
		},
	})
}

func TestStore(t *testing.T) {
	t.Parallel()
	inboxtest.RunStore(t, func() (wacloud.Store, error) {
		in, err := sqlite.Open(filepath.Join(t.TempDir(), "bot.db"))
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = in.Close() })
		return in.Store(), nil
	})
}
