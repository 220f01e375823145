package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// measured keeps every measurement.
type measured struct {
	mu  sync.Mutex
	all []wacloud.Measurement
}

func (m *measured) Observe(_ context.Context, x wacloud.Measurement) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, x)
}

// of returns the measurements of a metric, in order.
func (m *measured) of(metric wacloud.Metric) (found []wacloud.Measurement) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.all {
		if x.Metric == metric {
			found = append(found, x)
		}
	}
	return found
}

func (m *measured) values(metric wacloud.Metric) (values []float64) {
	for _, x := range m.of(metric) {
		values = append(values, x.Value)
	}
	return values
}

// Whatever goes wrong, and whatever an error says, no measurement holds a phone number, a name, a text, an id or a secret.
func TestNoMeasurementHoldsPersonalData(t *testing.T) {
	t.Parallel()
	const phone, name, text = "5511987654321", "Canaria Silva", "a canary's secret wish"
	canaries := []string{phone, "87654321", name, "Canaria", text, "wamid.CANARY", hookSecret, hookToken, "token-of-", "canary:tap"}
	metrics := new(measured)
	synctest.Test(t, func(t *testing.T) {
		graph := &hookGraph{fail: func(n int) (int, string) {
			switch n {
			case 1: // throttled, so it is repeated
				return 429, `{"error":{"message":"(#4) too many calls for ` + phone + `","code":4}}`
			case 2:
				return -1, "" // nobody knows
			default:
				return 0, ""
			}
		}}
		r := wacloud.NewRouter()
		r.Reply("canary:{what}", func(context.Context, *wacloud.Event) error { panic(phone + name + text) })
		r.Text(func(ctx context.Context, e *wacloud.Event) error {
			if _, err := e.Respond(ctx, wacloud.NewText(text)); err != nil {
				return err
			}
			return fmt.Errorf("%s (%s) wants %s: %w", name, phone, text, errors.New("no"))
		})
		client, err := wacloud.NewClient(hookNumber, wacloud.NewSecret("token-of-"+hookNumber),
			wacloud.WithHTTPClient(&http.Client{Transport: graph}), wacloud.WithObserver(metrics))
		require.NoError(t, err)
		cfg := hookConfig(t, r)
		cfg.Client, cfg.Observer, cfg.RunConfig.MaxAttempts = client, metrics, 2
		w, stop := hookStart(t, cfg)

		post := func(element string) {
			body := []byte(strings.ReplaceAll(string(hookBody(element)), "Ana", name))
			hookStatus(w, hookRequest(t.Context(), attackURL, body))
			synctest.Wait()
			<-time.After(5 * time.Minute) // until it was given up
		}
		post(hookText("wamid.CANARY1", phone, text))
		post(hookText("wamid.CANARY1", phone, text)) // again
		post(hookText("wamid.CANARY2", phone, text))
		post(hookTap("wamid.CANARY3", phone, "canary:tap"))
		forged := hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.CANARY4", phone, text)))
		forged.Header.Set("X-Hub-Signature-256", hookSign(hookSecret+"x", nil))
		require.Equal(t, 401, hookStatus(w, forged))
		stop()
	})

	seen := map[wacloud.Metric]bool{}
	for _, m := range metrics.all {
		seen[m.Metric] = true
		for _, canary := range canaries {
			require.NotContains(t, fmt.Sprintf("%+v", m), canary)
		}
	}
	for _, metric := range []wacloud.Metric{
		wacloud.MetricWebhookRejected, wacloud.MetricSecretIndex, wacloud.MetricPutDuration, wacloud.MetricBatchSize,
		wacloud.MetricDuplicates, wacloud.MetricEventLag, wacloud.MetricHandled, wacloud.MetricHandlerErrors,
		wacloud.MetricHandlerPanics, wacloud.MetricDeadLetters, wacloud.MetricInboxDepth, wacloud.MetricSendDuration,
		wacloud.MetricSendRetries, wacloud.MetricSendAmbiguous,
	} {
		require.True(t, seen[metric], "%s was not measured: the test proves nothing about it", metric)
	}
	routes := map[string]int{}
	for _, m := range append(metrics.of(wacloud.MetricHandlerErrors), metrics.of(wacloud.MetricHandlerPanics)...) {
		routes[m.Route]++
	}
	require.Equal(t, map[string]int{"text": 2, "reply canary:{what}": 4}, routes, "a panic is an error too")
}

// A POST of one kind says which, of several that they are several.
func TestDuplicatesAreCountedByKind(t *testing.T) {
	t.Parallel()
	metrics := new(measured)
	cfg := hookConfig(t, wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return nil }))
	cfg.Observer = metrics
	w, stop := hookStart(t, cfg)
	defer stop()
	message := string(hookBody(hookText("wamid.1", hookUser, "oi")))
	status := `"statuses":[{"id":"wamid.S","status":"sent","timestamp":"1790000000","recipient_id":"` + hookUser + `"}],`
	both := strings.Replace(message, `"messages":[`, status+`"messages":[`, 1)
	for _, body := range []string{message, message, both, both} {
		require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, []byte(body))))
	}
	require.Equal(t, []wacloud.Measurement{
		{Metric: wacloud.MetricDuplicates, Value: 1, Label: "message"},
		{Metric: wacloud.MetricDuplicates, Value: 1, Label: "mixed"},
		{Metric: wacloud.MetricDuplicates, Value: 2, Label: "mixed"},
	}, metrics.of(wacloud.MetricDuplicates))
}

func TestSendsAreMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		metrics := new(measured)
		graph := &hookGraph{fail: func(n int) (int, string) {
			switch n {
			case 1, 2:
				return 400, `{"error":{"message":"pair","code":131056}}` // waits 1 s, then 4 s
			case 4:
				return -1, ""
			case 5:
				return 400, `{"error":{"message":"window","code":131047}}`
			default:
				return 0, ""
			}
		}}
		client, err := wacloud.NewClient(hookNumber, wacloud.NewSecret("t"),
			wacloud.WithHTTPClient(&http.Client{Transport: graph}), wacloud.WithObserver(metrics))
		require.NoError(t, err)
		for range 3 {
			_, _ = client.Send(t.Context(), wacloud.Phone(hookUser), wacloud.NewText("x"))
		}
		require.NoError(t, client.MarkRead(t.Context(), "wamid.1"))
		_, err = client.Send(t.Context(), wacloud.Phone(hookUser), wacloud.NewText("")) // is not sent
		require.ErrorIs(t, err, wacloud.ErrInvalid)

		count := func(m wacloud.Metric, v float64, label string) wacloud.Measurement {
			return wacloud.Measurement{Metric: m, Value: v, PhoneNumberID: hookNumber, Label: label}
		}
		want := []wacloud.Measurement{
			count(wacloud.MetricLimitHits, 1, "131056"),
			count(wacloud.MetricSendRetries, 1, "131056"),
			count(wacloud.MetricLimitHits, 1, "131056"),
			count(wacloud.MetricSendRetries, 1, "131056"),
			count(wacloud.MetricSendDuration, 5, "ok"),
			count(wacloud.MetricSendDuration, 0, "*errors.errorString"),
			count(wacloud.MetricSendAmbiguous, 1, "*errors.errorString"),
			count(wacloud.MetricSendDuration, 0, "131047"),
		}
		if diff := cmp.Diff(want, metrics.all); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// statsInbox has fixed stats and lasts as long as Run's context.
type statsInbox struct {
	wacloud.Inbox
	stats func() (wacloud.InboxStats, error)
	run   func(ctx context.Context, cfg wacloud.RunConfig) error
}

func (in *statsInbox) Stats(context.Context) (wacloud.InboxStats, error) { return in.stats() }

func (in *statsInbox) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	if in.run != nil {
		return in.run(ctx, cfg)
	}
	<-ctx.Done()
	return nil
}

func TestGaugesOfTheInbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		metrics, log, n := new(measured), new(hookLog), 0
		cfg := hookConfig(t, wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return nil }))
		cfg.Observer, cfg.Logger = metrics, log.logger()
		cfg.Inbox = &statsInbox{stats: func() (wacloud.InboxStats, error) {
			if n++; n == 2 {
				return wacloud.InboxStats{}, errors.New("the disk is away")
			}
			return wacloud.InboxStats{Depth: 10 * n, Bytes: 20, OldestAge: 1500 * time.Millisecond, Running: 3, DeadLetters: 4, IDs: 5}, nil
		}}
		_, stop := hookStart(t, cfg)
		<-time.After(31 * time.Second) // at 0, 15 and 30 s
		stop()
		require.Equal(t, []float64{10, 30}, metrics.values(wacloud.MetricInboxDepth))
		require.Equal(t, []float64{1.5, 1.5}, metrics.values(wacloud.MetricOldestAge))
		require.Equal(t, []float64{3, 3}, metrics.values(wacloud.MetricKeysLeased))
		require.Equal(t, []float64{20, 20}, metrics.values(wacloud.MetricStoreSize))
		require.Equal(t, []float64{4, 4}, metrics.values(wacloud.MetricDeadLettersKept))
		require.Equal(t, []float64{5, 5}, metrics.values(wacloud.MetricDedupeIDs))
		require.Contains(t, log.text(), "the disk is away")
	})
}

// lostLease is lost when the handler runs.
type lostLease chan struct{}

func (lostLease) Extend(context.Context, time.Duration) error { return wacloud.ErrLeaseLost }
func (l lostLease) Lost() <-chan struct{}                     { return l }

func TestLostLeasesAreCounted(t *testing.T) {
	t.Parallel()
	metrics, log := new(measured), new(hookLog)
	lease := make(lostLease)
	cfg := hookConfig(t, wacloud.HandlerFunc(func(ctx context.Context, _ *wacloud.Event) error {
		close(lease)
		<-ctx.Done()
		return ctx.Err()
	}))
	cfg.Observer, cfg.Logger = metrics, log.logger()
	events, err := wacloud.ParseWebhook(hookBody(hookText("wamid.1", hookUser, "oi")))
	require.NoError(t, err)
	delivered := make(chan struct{})
	cfg.Inbox = &statsInbox{
		stats: func() (wacloud.InboxStats, error) { return wacloud.InboxStats{}, nil },
		run: func(ctx context.Context, cfg wacloud.RunConfig) error {
			cfg.Deliver(ctx, &events[0], lease)
			close(delivered)
			<-ctx.Done()
			return nil
		},
	}
	_, stop := hookStart(t, cfg)
	<-delivered
	stop()
	require.Equal(t, []wacloud.Measurement{
		{Metric: wacloud.MetricLeasesLost, Value: 1, PhoneNumberID: hookNumber, Label: "message"},
	}, metrics.of(wacloud.MetricLeasesLost))
	require.Contains(t, log.text(), "lost its lease")
	require.NotContains(t, log.text(), hookUser)
}

// readyInbox says whether it takes writes.
type readyInbox struct {
	*wacloud.MemoryInbox
	ready func(ctx context.Context) error
}

func (in readyInbox) Ready(ctx context.Context) error { return in.ready(ctx) }

func TestReady(t *testing.T) {
	t.Parallel()
	nothing := wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return nil })
	ready := func(w *wacloud.Webhook) (int, string) {
		rec := httptest.NewRecorder()
		w.ServeReady(rec, httptest.NewRequest(http.MethodGet, "/ready", nil))
		return rec.Code, rec.Body.String()
	}
	for _, c := range []struct {
		name   string
		inbox  wacloud.Inbox
		ingest bool
		run    bool
		want   int
		err    string
	}{
		{name: "nobody runs it", inbox: wacloud.NewMemoryInbox(), want: 503, err: "nobody handles"},
		{name: "running", inbox: wacloud.NewMemoryInbox(), run: true, want: 200},
		{name: "ingests only", inbox: wacloud.NewMemoryInbox(), ingest: true, want: 200},
		{name: "inbox ready", inbox: readyInbox{wacloud.NewMemoryInbox(), func(context.Context) error { return nil }}, run: true, want: 200},
		{
			name:  "inbox refuses",
			inbox: readyInbox{wacloud.NewMemoryInbox(), func(context.Context) error { return errors.New("disk full") }},
			run:   true, want: 503, err: "disk full",
		},
		{
			name: "inbox hangs",
			inbox: readyInbox{wacloud.NewMemoryInbox(), func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}},
			run: true, want: 503, err: "deadline exceeded",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cfg := hookConfig(t, nothing)
				cfg.Inbox, cfg.IngestOnly = c.inbox, c.ingest
				w, stop := hookNew(t, cfg), func() {}
				if c.run {
					ctx, cancel := context.WithCancel(t.Context())
					ended := make(chan error, 1)
					go func() { ended <- w.Run(ctx) }()
					stop = func() { cancel(); require.NoError(t, <-ended) }
					synctest.Wait()
				}
				start := time.Now()
				err := w.Ready(t.Context())
				require.LessOrEqual(t, time.Since(start), time.Second)
				code, body := ready(w)
				require.Equal(t, c.want, code)
				if c.err == "" {
					require.NoError(t, err)
					require.Equal(t, "ready\n", body)
				} else {
					require.ErrorContains(t, err, c.err)
					require.Equal(t, "not ready\n", body, "the reason is for the log")
				}
				stop()
				if c.run {
					require.ErrorContains(t, w.Ready(t.Context()), "nobody handles")
				}
			})
		})
	}
}
