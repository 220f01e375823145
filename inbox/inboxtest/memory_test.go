package inboxtest_test

import (
	"testing"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
)

func TestMemoryInbox(t *testing.T) {
	t.Parallel()
	inboxtest.Run(t, inboxtest.Config{
		Crowd:   100_000,
		Open:    func() (wacloud.Inbox, error) { return wacloud.NewMemoryInbox(wacloud.MemoryBytes(256 << 20)), nil },
		Bounded: func(n int64) (wacloud.Inbox, error) { return wacloud.NewMemoryInbox(wacloud.MemoryBytes(n)), nil },
	})
}

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	inboxtest.RunStore(t, func() (wacloud.Store, error) { return wacloud.NewMemoryStore(), nil })
}
