package inboxtest_test

import (
	"testing"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
)

func TestMemoryInbox(t *testing.T) {
	t.Parallel()
	inboxtest.Run(t, inboxtest.Config{
		Open:    func() (wacloud.Inbox, error) { return wacloud.NewMemoryInbox(), nil },
		Bounded: func(n int64) (wacloud.Inbox, error) { return wacloud.NewMemoryInbox(wacloud.MemoryBytes(n)), nil },
	})
}

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	inboxtest.RunStore(t, func() (wacloud.Store, error) { return wacloud.NewMemoryStore(), nil })
}
