package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestBroadcastRefusesBadArguments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, id string
		nobody   bool // no sequence
		noStore  bool
		template wacloud.Template
		send     wacloud.SendOption
		want     string // empty: it is sent
	}{
		{name: "shortest id", id: "1"},
		{name: "longest id", id: strings.Repeat("x", 64)},
		{name: "all that an id may have", id: "AZaz09._-"},
		{name: "no id", want: "the id is empty"},
		{name: "id too long", id: strings.Repeat("x", 65), want: "the id has 65 characters, at most 64"},
		{name: "id with a space", id: "spring sale", want: "the id has a character other than"},
		{name: "id with a bar", id: "spring|sale", want: "the id has a character other than"},
		{name: "id with a colon", id: "spring:sale", want: "the id has a character other than"},
		{name: "id with a letter that folds to one byte", id: "š", want: "the id has a character other than"},
		{name: "id that is not UTF-8", id: "a\xff", want: "the id has a character other than"},
		{name: "no recipients", id: "sale", nobody: true, want: "is nil"},
		{name: "no store", id: "sale", noStore: true, want: "set WithStore"},
		{name: "template without a name", id: "sale", template: wacloud.NewTemplate("", "en"), want: "template.name"},
		{name: "callback data too long", id: "sale", send: wacloud.CallbackData(strings.Repeat("x", 481)), want: "biz_opaque_callback_data"},
		{name: "unchecked", id: "sale", template: wacloud.NewTemplate("Sale!", "en"), send: wacloud.SkipValidation()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newCastGraph(nil)
			var store wacloud.Store = wacloud.NewMemoryStore()
			if tt.noStore {
				store = nil
			}
			c := castClient(t, g, store)
			recipients := castTos(1)
			if tt.nobody {
				recipients = nil
			}
			template := castTemplate
			if tt.template.Language != "" {
				template = tt.template
			}
			opts := []wacloud.BroadcastOption{nil}
			if tt.send != nil {
				opts = append(opts, wacloud.BroadcastSend(tt.send))
			}
			report, err := c.Broadcast(t.Context(), tt.id, recipients, template, opts...)
			if tt.want == "" {
				require.NoError(t, err)
				requireReport(t, wacloud.BroadcastReport{Sent: 1}, report)
				return
			}
			require.ErrorContains(t, err, tt.want)
			requireReport(t, wacloud.BroadcastReport{}, report)
			require.Empty(t, g.bodies)
			if tt.nobody || tt.noStore || tt.template.Language == "" && tt.send == nil {
				var each iter.Seq2[wacloud.Recipient, wacloud.Template]
				if !tt.nobody {
					each = castEach(1)
				}
				_, err = c.BroadcastEach(t.Context(), tt.id, each)
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
}

// castEach has a text of its own for each of n recipients.
func castEach(n int) iter.Seq2[wacloud.Recipient, wacloud.Template] {
	return func(yield func(wacloud.Recipient, wacloud.Template) bool) {
		for i := range n {
			if !yield(castTo(i), wacloud.NewTemplate("spring_sale", "pt_BR").WithTexts(fmt.Sprintf("person %d", i))) {
				return
			}
		}
	}
}

func TestBroadcastEachSendsEachTheirs(t *testing.T) {
	t.Parallel()
	g := newCastGraph(nil)
	report, err := castHTTPClient(t, g, wacloud.NewMemoryStore()).BroadcastEach(t.Context(), "sale", castEach(20))
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{Sent: 20}, report)
	got := map[string]string{}
	for _, body := range g.bodies {
		out, err := wacloud.DecodeMessage([]byte(body))
		require.NoError(t, err)
		to, err := out.To.MarshalText()
		require.NoError(t, err)
		got[string(to)] = out.Message.(wacloud.Template).Body[0].(wacloud.TextParameter).Text
	}
	want := map[string]string{}
	for i := range 20 {
		want[castName(i)] = fmt.Sprintf("person %d", i)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("texts (-want +got):\n%s", diff)
	}
}

// What a refusal means: for its recipient, for the others, and for the next call.
func TestBroadcastRefusals(t *testing.T) {
	t.Parallel()
	const (
		goesOn = "goes on" // the next call tries the recipient again
		never  = "never"   // nobody tries the recipient again
		stops  = "stops"   // and the next call tries again
	)
	type row struct {
		answer    string
		one, each string // with one template for all, and with a template for each
	}
	tests := []row{
		{answer: "131026", one: never, each: never},
		{answer: "131049", one: never, each: never},
		{answer: "131050", one: never, each: never},
		{answer: "130472", one: never, each: never},
		{answer: "130497", one: never, each: never}, // a country: not that of others
		{answer: "100", one: goesOn, each: goesOn},
		{answer: "131009", one: goesOn, each: goesOn},
		{answer: "131030", one: goesOn, each: goesOn},
		{answer: "131047", one: goesOn, each: goesOn},
		{answer: "999999", one: goesOn, each: goesOn},
		{answer: "132000", one: stops, each: goesOn},
		{answer: "132005", one: stops, each: goesOn},
		{answer: "132008", one: stops, each: goesOn},
		{answer: "132012", one: stops, each: goesOn},
		{answer: "132018", one: stops, each: goesOn},
		{answer: "132001", one: stops, each: stops},
		{answer: "132007", one: stops, each: stops},
		{answer: "132015", one: stops, each: stops},
		{answer: "132016", one: stops, each: stops},
		{answer: "132068", one: stops, each: stops},
		{answer: "132069", one: stops, each: stops},
		{answer: "134100", one: stops, each: stops},
		{answer: "134101", one: stops, each: stops},
		{answer: "134102", one: stops, each: stops},
		{answer: "0", one: stops, each: stops},
		{answer: "190", one: stops, each: stops},
		{answer: "10", one: stops, each: stops},
		{answer: "131005", one: stops, each: stops},
		{answer: "33", one: stops, each: stops},
		{answer: "368", one: stops, each: stops},
		{answer: "131031", one: stops, each: stops},
		{answer: "131037", one: stops, each: stops},
		{answer: "131042", one: stops, each: stops},
		{answer: "131048", one: stops, each: stops},
		{answer: "131055", one: stops, each: stops},
		{answer: "131063", one: stops, each: stops},
		{answer: "131064", one: stops, each: stops},
		{answer: "133010", one: stops, each: stops},
		{answer: castPage, one: stops, each: stops},
	}
	for _, tt := range tests {
		for way, want := range map[string]string{"one template": tt.one, "a template each": tt.each} {
			t.Run(tt.answer+" with "+way, func(t *testing.T) {
				t.Parallel()
				var mended atomic.Bool
				g := newCastGraph(func(to string, _ int) string {
					if to == castName(1) && !mended.Load() {
						return tt.answer
					}
					return castAccepts
				})
				c := castClient(t, g, wacloud.NewMemoryStore())
				broadcast := func() (wacloud.BroadcastReport, error) {
					if way == "one template" {
						return c.Broadcast(t.Context(), "sale", castTos(3), castTemplate, wacloud.BroadcastInFlight(1))
					}
					return c.BroadcastEach(t.Context(), "sale", castEach(3), wacloud.BroadcastInFlight(1))
				}
				code := 0
				if tt.answer != castPage {
					_, _ = fmt.Sscan(tt.answer, &code)
				}
				codes := map[int]int{code: 1}

				report, err := broadcast()
				if want == stops {
					stopped, ok := errors.AsType[*wacloud.BroadcastStopError](err)
					require.True(t, ok, "%v", err)
					require.Empty(t, stopped.Held)
					apiErr, ok := errors.AsType[*wacloud.APIError](err)
					require.True(t, ok)
					require.Equal(t, code, apiErr.Code)
					requireSilent(t, err)
					requireReport(t, wacloud.BroadcastReport{Sent: 1, Refused: 1, Codes: codes}, report)
				} else {
					require.NoError(t, err)
					requireReport(t, wacloud.BroadcastReport{Sent: 2, Refused: 1, Codes: codes}, report)
				}

				mended.Store(true)
				report, err = broadcast()
				require.NoError(t, err)
				switch want {
				case never:
					requireReport(t, wacloud.BroadcastReport{Skipped: 2, Refused: 1, Codes: codes}, report)
					require.Equal(t, 1, g.posts[castName(1)])
				case goesOn:
					requireReport(t, wacloud.BroadcastReport{Skipped: 2, Sent: 1}, report)
				case stops:
					requireReport(t, wacloud.BroadcastReport{Skipped: 1, Sent: 2}, report)
				}
			})
		}
	}
}

func TestBroadcastCountsWhatIsRefusedHere(t *testing.T) {
	t.Parallel()
	g := newCastGraph(nil)
	c := castClient(t, g, wacloud.NewMemoryStore())
	var results []wacloud.BroadcastResult
	report, err := c.Broadcast(t.Context(), "sale",
		slices.Values([]wacloud.Recipient{wacloud.Phone("12"), {}, castTo(0)}), castTemplate, wacloud.BroadcastInFlight(1),
		wacloud.BroadcastResults(func(r wacloud.BroadcastResult) { results = append(results, r) }))
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{Sent: 1, Refused: 2, Codes: map[int]int{0: 2}}, report)
	require.Len(t, results, 3)
	for _, r := range results[:2] {
		_, invalid := errors.AsType[*wacloud.ValidationError](r.Err)
		require.True(t, invalid, "%v", r.Err)
	}
	require.Equal(t, "wamid.1", results[2].Sent.MessageID)
	require.NoError(t, results[2].Err)
}

func TestBroadcastStopsWhenMetaHoldsMessages(t *testing.T) {
	t.Parallel()
	for _, status := range []string{castHolds, castPauses} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			var released atomic.Bool
			g := newCastGraph(func(to string, _ int) string {
				if to == castName(2) && !released.Load() {
					return status
				}
				return castAccepts
			})
			c := castHTTPClient(t, g, wacloud.NewMemoryStore())
			report, err := c.Broadcast(t.Context(), "sale", castTos(5), castTemplate, wacloud.BroadcastInFlight(1))
			stopped, ok := errors.AsType[*wacloud.BroadcastStopError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, status, stopped.Held)
			require.ErrorContains(t, err, status)
			requireReport(t, wacloud.BroadcastReport{Sent: 2, Held: 1}, report)

			released.Store(true)
			report, err = c.Broadcast(t.Context(), "sale", castTos(5), castTemplate, wacloud.BroadcastInFlight(1))
			require.NoError(t, err)
			requireReport(t, wacloud.BroadcastReport{Sent: 2, Skipped: 2, Held: 1}, report)
			require.Equal(t, 1, g.posts[castName(2)], "what is held may still go out")
		})
	}
}

// A connection that breaks once costs one recipient; an API that is broken must not cost all.
func TestBroadcastStopsWhenOutcomesAreUnknown(t *testing.T) {
	t.Parallel()
	for _, does := range []string{castCuts, castCutsLate, "131000", "1"} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			var mended atomic.Bool
			g := newCastGraph(func(string, int) string {
				if !mended.Load() {
					return does
				}
				return castAccepts
			})
			c := castHTTPClient(t, g, wacloud.NewMemoryStore())
			report, err := c.Broadcast(t.Context(), "sale", castTos(50), castTemplate, wacloud.BroadcastInFlight(1))
			stopped, ok := errors.AsType[*wacloud.BroadcastStopError](err)
			require.True(t, ok, "%v", err)
			require.ErrorContains(t, stopped, "10 outcomes in a row are unknown")
			_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
			require.True(t, ambiguous)
			requireSilent(t, err)
			requireReport(t, wacloud.BroadcastReport{Unknown: 10}, report)

			mended.Store(true)
			report, err = c.Broadcast(t.Context(), "sale", castTos(50), castTemplate, wacloud.BroadcastInFlight(1))
			require.NoError(t, err)
			requireReport(t, wacloud.BroadcastReport{Unknown: 10, Sent: 40}, report)
			require.Len(t, g.bodies, 50, "an unknown outcome is not tried again")
		})
	}
}

func TestBroadcastGoesOnAfterSingleUnknownOutcomes(t *testing.T) {
	t.Parallel()
	g := newCastGraph(func(to string, _ int) string {
		if strings.HasSuffix(to, "0") {
			return castAccepts
		}
		return castCutsLate // nine of ten
	})
	report, err := castHTTPClient(t, g, wacloud.NewMemoryStore()).
		Broadcast(t.Context(), "sale", castTos(100), castTemplate, wacloud.BroadcastInFlight(1))
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{Sent: 10, Unknown: 90}, report)
}

// castBadStore fails at one kind of call for one kind of key.
type castBadStore struct {
	wacloud.Store
	fails  string
	spares int // calls that go well before
}

func (s *castBadStore) err(op, key string) error {
	if kind, _, _ := strings.Cut(key, "|"); op+" "+kind != s.fails {
		return nil
	}
	if s.spares--; s.spares >= 0 {
		return nil
	}
	return errors.New("the disk is full")
}

func (s *castBadStore) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if err := s.err("get", key); err != nil {
		return nil, 0, err
	}
	return s.Store.Get(ctx, key)
}

func (s *castBadStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.err("put", key); err != nil {
		return err
	}
	return s.Store.Put(ctx, key, value, ttl)
}

func (s *castBadStore) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	if err := s.err("swap", key); err != nil {
		return false, err
	}
	return s.Store.Swap(ctx, key, old, value, ttl)
}

func TestBroadcastStopsWithItsStore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fails  string
		spares int
		want   wacloud.BroadcastReport
		next   wacloud.BroadcastReport
	}{
		{fails: "get broadcast", want: wacloud.BroadcastReport{Open: 1}, next: wacloud.BroadcastReport{Sent: 4}},
		{fails: "swap broadcast", want: wacloud.BroadcastReport{Open: 1}, next: wacloud.BroadcastReport{Sent: 4}},
		{fails: "swap broadcast", spares: 1, want: wacloud.BroadcastReport{Sent: 1}, next: wacloud.BroadcastReport{Sent: 3, Unknown: 1}},
		{fails: "put pend", want: wacloud.BroadcastReport{Open: 1}, next: wacloud.BroadcastReport{Sent: 4}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.fails, " after ", tt.spares), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newCastGraph(nil)
				store := &castBadStore{Store: wacloud.NewMemoryStore(), fails: tt.fails, spares: tt.spares}
				c := castClient(t, g, store)
				report, err := c.Broadcast(t.Context(), "sale", castTos(4), castTemplate, wacloud.BroadcastInFlight(1))
				_, ok := errors.AsType[*wacloud.BroadcastStopError](err)
				require.True(t, ok, "%v", err)
				require.ErrorContains(t, err, "the disk is full")
				requireReport(t, tt.want, report)
				store.fails = ""
				report, err = c.Broadcast(t.Context(), "sale", castTos(4), castTemplate)
				require.NoError(t, err)
				requireReport(t, tt.next, report)
			})
		})
	}
}

// A record that this release cannot read is no reason to send.
func TestBroadcastDoesNotSendOverARecordOfAnotherRelease(t *testing.T) {
	t.Parallel()
	for _, record := range []string{"", "sent", "{}", `{"state":"delivered","call":"X"}`} {
		g := newCastGraph(nil)
		store := wacloud.NewMemoryStore()
		c := castClient(t, g, store)
		_, err := c.Broadcast(t.Context(), "sale", castTos(1), castTemplate)
		require.NoError(t, err)
		entries, err := store.Scan(t.Context(), "broadcast|", "", 10)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.NoError(t, store.Put(t.Context(), entries[0].Key, []byte(record), 0))
		report, err := c.Broadcast(t.Context(), "sale", castTos(1), castTemplate)
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Unknown: 1}, report)
		require.Len(t, g.bodies, 1)
	}
}

func TestBroadcastKeepsNoNumbers(t *testing.T) {
	t.Parallel()
	g := newCastGraph(func(to string, _ int) string {
		if to == castName(1) {
			return "131026"
		}
		return castAccepts
	})
	store := wacloud.NewMemoryStore()
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	_, err := castClient(t, g, store).Broadcast(t.Context(), "sale", castTos(3), castTemplate, wacloud.BroadcastInFlight(1),
		wacloud.BroadcastResults(func(r wacloud.BroadcastResult) {
			logger.Info("result", "result", r, "to", r.To)
			fmt.Fprintf(&log, "%v %+v %#v %s %d\n", r, r, r, r, r)
		}))
	require.NoError(t, err)
	require.Contains(t, log.String(), "refused phone:…01 (code 131026)")
	require.Contains(t, log.String(), "sent phone:…02")
	entries, err := store.Scan(t.Context(), "broadcast|", "", 10)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	var all strings.Builder
	all.WriteString(log.String())
	for _, e := range entries {
		all.WriteString(e.Key + string(e.Value))
	}
	for _, private := range []string{"55119000", "wamid", "Ada"} {
		require.NotContains(t, all.String(), private)
	}
}

// Recipients are pulled as messages go out, so an endless sequence takes no memory, and no more is pulled once the
// broadcast has ended.
func TestBroadcastPullsOnlyWhatItSends(t *testing.T) {
	t.Parallel()
	const inFlight = 4
	g := newCastGraph(nil)
	c := castClient(t, g, wacloud.NewMemoryStore())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pulled, done, most := 0, 0, 0
	ended := false
	endless := func(yield func(wacloud.Recipient) bool) {
		defer func() { ended = true }()
		for {
			pulled++
			most = max(most, pulled-done)
			if !yield(castTo(pulled)) {
				return
			}
		}
	}
	report, err := c.Broadcast(ctx, "sale", endless, castTemplate, wacloud.BroadcastInFlight(inFlight),
		wacloud.BroadcastResults(func(wacloud.BroadcastResult) {
			if done++; done == 500 {
				cancel()
			}
		}))
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, ended, "what the sequence holds is given back")
	require.Equal(t, inFlight, most)
	require.Equal(t, pulled, report.Total())
	require.Equal(t, done, report.Total())
	require.LessOrEqual(t, pulled, 500+inFlight)
	require.Len(t, g.delivered, report.Sent, "what was under way was finished")
	require.Equal(t, report.Total(), report.Sent+report.Open)
}

func TestBroadcastOfNobody(t *testing.T) {
	t.Parallel()
	var told []wacloud.BroadcastReport
	report, err := castClient(t, newCastGraph(nil), wacloud.NewMemoryStore()).Broadcast(t.Context(), "sale", castTos(0), castTemplate,
		wacloud.BroadcastProgress(func(r wacloud.BroadcastReport) { told = append(told, r) }))
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{}, report)
	require.Len(t, told, 1)
}

func TestBroadcastOfASequenceThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newCastGraph(nil)
		slow := castTransport(func(r *http.Request) (*http.Response, error) {
			<-time.After(time.Second)
			return g.RoundTrip(r)
		})
		c := castClient(t, g, wacloud.NewMemoryStore(), wacloud.WithHTTPClient(&http.Client{Transport: slow}))
		broken := func(yield func(wacloud.Recipient) bool) {
			for to := range castTos(7) {
				if !yield(to) {
					return
				}
			}
			synctest.Wait() // until the last two are under way
			panic("row 8 is broken")
		}
		began := time.Now()
		require.PanicsWithValue(t, "row 8 is broken", func() {
			_, _ = c.Broadcast(t.Context(), "sale", broken, castTemplate, wacloud.BroadcastInFlight(5))
		})
		require.Equal(t, 2*time.Second, time.Since(began), "what is under way is finished first")
		require.Len(t, g.delivered, 7)
		report, err := c.Broadcast(t.Context(), "sale", castTos(9), castTemplate)
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Sent: 2, Skipped: 7}, report)
	})
}

func TestBroadcastOfASequenceThatEndsEarly(t *testing.T) {
	t.Parallel()
	g := newCastGraph(nil)
	c := castClient(t, g, wacloud.NewMemoryStore())
	report, err := c.Broadcast(t.Context(), "sale", castTos(3), castTemplate)
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{Sent: 3}, report)
	report, err = c.Broadcast(t.Context(), "sale", castTos(5), castTemplate)
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{Sent: 2, Skipped: 3}, report)
}

// A sequence that ends because the context did has not shown everybody.
func TestBroadcastOfASequenceThatEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	rows := func(yield func(wacloud.Recipient) bool) {
		for to := range castTos(3) {
			if !yield(to) {
				return
			}
		}
		cancel() // as a query that is cut between two rows
	}
	report, err := castClient(t, newCastGraph(nil), wacloud.NewMemoryStore()).Broadcast(ctx, "sale", rows, castTemplate, wacloud.BroadcastInFlight(1))
	require.ErrorIs(t, err, context.Canceled)
	requireReport(t, wacloud.BroadcastReport{Sent: 3}, report)
}

func TestBroadcastWithAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	g := newCastGraph(nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.EOF)
	pulled := 0
	report, err := castClient(t, g, wacloud.NewMemoryStore()).Broadcast(ctx, "sale", func(func(wacloud.Recipient) bool) { pulled++ }, castTemplate)
	require.ErrorIs(t, err, context.Canceled)
	requireReport(t, wacloud.BroadcastReport{}, report)
	require.Zero(t, pulled)
}

// What is under way when the context ends is finished: cutting it would make its outcome unknown.
func TestBroadcastFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		takes time.Duration
		want  wacloud.BroadcastReport
		ends  time.Duration
	}{
		{name: "a slow answer", takes: 8 * time.Second, want: wacloud.BroadcastReport{Sent: 3}, ends: 8 * time.Second},
		{name: "no answer", takes: time.Hour, want: wacloud.BroadcastReport{Unknown: 3}, ends: 11 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newCastGraph(nil)
				slow := castTransport(func(r *http.Request) (*http.Response, error) {
					resp, err := g.RoundTrip(r)
					select {
					case <-time.After(tt.takes):
						return resp, err
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
				})
				c := castClient(t, g, wacloud.NewMemoryStore(), wacloud.WithHTTPClient(&http.Client{Transport: slow}))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				report, err := c.Broadcast(ctx, "sale", castTos(10), castTemplate, wacloud.BroadcastInFlight(3))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				requireReport(t, tt.want, report)
				require.Equal(t, tt.ends, time.Since(began))
			})
		})
	}
}

type castTransport func(*http.Request) (*http.Response, error)

func (f castTransport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
