package wacloud_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/wacloud/wacloud"
)

// inboxModel says what an inbox does, as a list of lanes.
type inboxModel struct {
	seen  map[string]bool
	lanes map[string][]string
	dead  []string
	fails map[string]int
}

// TestMemoryInboxAgainstAModel runs random sequences of Put, time passing, Run ending and starting again, and redriving.
// After each step the inbox is at rest, so that the model, which handles at once, must agree.
func TestMemoryInboxAgainstAModel(t *testing.T) {
	t.Parallel()
	for range 100 {
		seed := rand.Uint64()
		synctest.Test(t, func(t *testing.T) {
			if diff := runInboxModel(t, seed); diff != "" {
				t.Errorf("seed %d: %s", seed, diff)
			}
		})
	}
}

func runInboxModel(t *testing.T, seed uint64) string {
	rnd := rand.New(rand.NewPCG(seed, 2))
	m := &inboxModel{seen: map[string]bool{}, lanes: map[string][]string{}, fails: map[string]int{}}
	in := wacloud.NewMemoryInbox()
	var mu sync.Mutex
	got := map[string][]string{} // by user
	failing := func(id string) bool { return id[len(id)-1] == '7' }
	handler := func(_ context.Context, e *wacloud.Event) error {
		mu.Lock()
		defer mu.Unlock()
		if failing(e.Message.ID) {
			return wacloud.Permanent(io.EOF)
		}
		got[e.Message.From.Phone] = append(got[e.Message.From.Phone], e.Message.ID)
		return nil
	}
	want := map[string][]string{}
	settle := func() {
		for user, ids := range m.lanes {
			for _, id := range ids {
				if failing(id) {
					m.dead = append(m.dead, user+"/"+id)
				} else {
					want[user] = append(want[user], id)
				}
			}
			delete(m.lanes, user)
		}
	}
	run := startMem(t, in, wacloud.RunConfig{Workers: 1 + rnd.IntN(4)}, handler)
	running := true
	for i := range 60 {
		switch op := rnd.IntN(10); {
		case op < 6:
			var batch []wacloud.Event
			var result wacloud.PutResult
			for range 1 + rnd.IntN(5) {
				user, id := strconv.Itoa(2000+rnd.IntN(4)), fmt.Sprint("id", rnd.IntN(200))
				batch = append(batch, memEvent(id, user))
				if m.seen[id] {
					result.Duplicates++
					continue
				}
				m.seen[id] = true
				result.Stored++
				m.lanes[user] = append(m.lanes[user], id)
			}
			stored, err := in.Put(t.Context(), batch)
			if err != nil || stored != result {
				return fmt.Sprintf("step %d: put: %v, %v; want %v", i, stored, err, result)
			}
		case op < 8:
			if running {
				run.end()
			} else {
				run = startMem(t, in, wacloud.RunConfig{Workers: 1 + rnd.IntN(4)}, handler)
			}
			running = !running
		default:
			letters, _ := in.DeadLetters(t.Context(), "", 1000)
			if len(letters) != len(m.dead) {
				return fmt.Sprintf("step %d: %d dead letters, want %d", i, len(letters), len(m.dead))
			}
			if len(letters) > 0 && running {
				_ = in.Redrive(t.Context(), letters[rnd.IntN(len(letters))].ID) // fails again
			}
		}
		synctest.Wait()
		if running {
			settle()
		}
		depth := 0
		for _, ids := range m.lanes {
			depth += len(ids)
		}
		stats, _ := in.Stats(t.Context())
		if stats.Depth != depth || stats.DeadLetters != len(m.dead) || stats.Running != 0 || (stats.Bytes > 0) != (depth > 0) {
			return fmt.Sprintf("step %d: %+v, want depth %d, %d dead", i, stats, depth, len(m.dead))
		}
		mu.Lock()
		diff := cmp.Diff(want, got)
		mu.Unlock()
		if diff != "" {
			return fmt.Sprintf("step %d: handled (-want +got):\n%s", i, diff)
		}
	}
	if running {
		run.end()
	}
	return ""
}
