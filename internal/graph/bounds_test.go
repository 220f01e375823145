package graph_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/internal/graph"
)

// large is a webhook of one megabyte.
func large() []byte {
	value := `{"messaging_product":"whatsapp","metadata":{"display_phone_number":"1","phone_number_id":"1"},"messages":[{"id":"wamid.L","type":"text","text":{"body":"` +
		strings.Repeat("x", 1<<20) + `"}}]}`
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"2","changes":[{"field":"messages","value":` + value + `}]}]}`)
}

// boundsEngine is an engine whose bot takes nothing that is larger than most.
func boundsEngine(t *testing.T, most int64, posts *[]int64) *graph.Engine {
	t.Helper()
	e, err := graph.New(graph.Config{
		Numbers: []graph.Number{{ID: "1", Display: "1"}}, Token: "token", AppSecret: "secret", Policy: graph.Policy{Redeliver: true},
	})
	require.NoError(t, err)
	e.Connect("http://bot.invalid/", graph.InProcess{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*posts = append(*posts, r.ContentLength)
		if r.ContentLength > most {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})})
	return e
}

// What waits to be delivered again is bounded by its size, not only by its number.
func TestLargeWebhooksDoNotPileUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var posts []int64
		e := boundsEngine(t, 0, &posts)
		again := 0
		for range 40 {
			if !e.Deliver(context.Background(), large()).NextAt.IsZero() {
				again++
			}
		}
		require.Equal(t, 31, again, "32 MiB, of webhooks that are a little larger than one")
		e.Reset(false)
		require.False(t, e.Deliver(context.Background(), large()).NextAt.IsZero(), "what is forgotten makes room")
		e.Stop()
	})
}

// A batch goes out when it has what Meta would put into one, and what waits for a restart is bounded.
func TestBatchesAndLateOnesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var posts []int64
		e := boundsEngine(t, 1<<30, &posts)
		fault, _, _ := graph.NewFault("batch")
		fault.Count = 1000
		e.Arm(fault, 1)
		for range 3 {
			require.True(t, json.Valid(large()))
			e.Deliver(context.Background(), large())
		}
		require.Len(t, posts, 1)
		require.Greater(t, posts[0], int64(3<<20))

		posts = nil
		fault, _, _ = graph.NewFault("late")
		e.Arm(fault, 40)
		for range 40 {
			e.Deliver(context.Background(), large())
		}
		require.Len(t, posts, 40)
		e.Restarted()
		e.Close()
		require.Len(t, posts, 40+15)
	})
}
