package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// Mistakes that libraries for this and other chat platforms were found to make in receiving. Each test is one of them.

// Events that were answered 200 were dropped when the callbacks were slower than the webhooks.
func TestFieldAckedEventsAreNotDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var handled atomic.Int32
		cfg := hookConfig(t, wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error {
			sleep(2 * time.Millisecond)
			handled.Add(1)
			return nil
		}))
		cfg.RunConfig.Workers = 1
		w, stop := hookStart(t, cfg)
		for i := range 300 {
			body := hookBody(hookText(fmt.Sprint("wamid.", i), strconv.Itoa(5511000000000+i), "x"))
			require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, body)))
		}
		sleep(time.Second)
		require.EqualValues(t, 300, handled.Load())
		stop()
	})
}

// A panic in a callback ended the process, or the connection.
func TestFieldPanicInACallback(t *testing.T) {
	t.Parallel()
	log, events := new(hookLog), make(hookSink, 1)
	cfg := hookConfig(t, wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		if e.Text() == "bomb" {
			panic("boom")
		}
		return events.Handle(ctx, e)
	}))
	cfg.Logger = log.logger()
	url := hookServe(t, cfg)
	require.Equal(t, 200, hookPost(t, url, hookBody(hookText("wamid.1", "5511000000001", "bomb"))))
	require.Equal(t, 200, hookPost(t, url, hookBody(hookText("wamid.2", "5511000000002", "fine"))))
	require.Equal(t, "fine", events.next(t).Text())
	require.Eventually(t, func() bool { return strings.Contains(log.text(), "a handler panicked") }, 10*time.Second, time.Millisecond)
	require.Contains(t, log.text(), "webhook_field_test.go", "with the stack")
}

// Callbacks got the request's context, which ends when the answer is written or Meta hangs up.
func TestFieldCallbackOutlivesTheRequest(t *testing.T) {
	t.Parallel()
	answered, result := make(chan struct{}), make(chan error, 1)
	graph := new(hookGraph)
	cfg := hookConfig(t, wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		<-answered
		_, err := e.Respond(ctx, wacloud.NewText("still here"))
		result <- errors.Join(err, ctx.Err())
		return err
	}))
	cfg.Client = hookClient(t, graph)
	w, _ := hookStart(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	require.Equal(t, 200, hookStatus(w, hookRequest(ctx, attackURL, hookBody(hookText("wamid.1", hookUser, "x")))))
	cancel()
	close(answered)
	require.NoError(t, <-result)
	require.Len(t, graph.sent(), 1)
}

// The answer waited for the callback.
func TestFieldAnswerDoesNotWaitForTheCallback(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := hookConfig(t, wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error {
			sleep(30 * time.Second)
			return nil
		}))
		cfg.RunConfig.DrainTimeout = time.Minute
		w, stop := hookStart(t, cfg)
		start := time.Now()
		require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))))
		require.Zero(t, time.Since(start))
		stop()
	})
}

// An error on the second of three messages repeated the first, or lost the third.
func TestFieldErrorInABatchIsItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var got []string
		w, stop := hookStart(t, hookConfig(t, wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, e.Text())
			if e.Text() == "b" && e.Attempt == 1 {
				return io.EOF
			}
			return nil
		})))
		body := hookBody(hookText("wamid.1", hookUser, "a"), hookText("wamid.2", hookUser, "b"), hookText("wamid.3", hookUser, "c"))
		require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, body)))
		sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if diff := cmp.Diff([]string{"a", "b", "b", "c"}, got); diff != "" {
			t.Errorf("order of callbacks (-want +got):\n%s", diff)
		}
		stop()
	})
}

// One odd element made the whole delivery fail for days, or disappear.
func TestFieldOddElementHidesNothing(t *testing.T) {
	t.Parallel()
	kinds := make(chan string, 10)
	url := hookServe(t, hookConfig(t, wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
		kinds <- e.Kind.String() + " " + e.Text()
		return nil
	})))
	require.Equal(t, 200, hookPost(t, url, hookBody(hookText("wamid.1", hookUser, "a"), `7`, `{"id":5}`, hookText("wamid.2", hookUser, "b"))))
	got := map[string]int{}
	for range 4 {
		got[<-kinds]++
	}
	require.Equal(t, 1, got["message a"])
	require.Equal(t, 1, got["message b"])
}

// Every message of a POST was answered from the number of the last one.
func TestFieldAnswersFromTheNumberThatReceived(t *testing.T) {
	t.Parallel()
	graph := new(hookGraph)
	cfg := hookConfig(t, nil)
	done := make(chan error, 2)
	cfg.Handler = wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("to "+e.Text()))
		done <- err
		return err
	})
	client := hookClient(t, graph)
	cfg.Client, cfg.Clients = nil, hookClients{"111": client, "222": client}
	url := hookServe(t, cfg)
	one := string(hookBodyFor("a", "111", hookText("wamid.1", "5511000000001", "one")))
	two := string(hookBodyFor("a", "222", hookText("wamid.2", "5511000000002", "two")))
	entry := func(body string) string {
		return strings.TrimSuffix(strings.TrimPrefix(body, `{"object":"whatsapp_business_account","entry":[`), `]}`)
	}
	require.Equal(t, 200, hookPost(t, url, []byte(`{"object":"whatsapp_business_account","entry":[`+entry(one)+","+entry(two)+`]}`)))
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	sent := map[string]string{}
	for i, path := range graph.paths {
		sent[path] = graph.bodies[i]
	}
	require.Contains(t, sent["/v23.0/111/messages"], `"to one"`)
	require.Contains(t, sent["/v23.0/222/messages"], `"to two"`)
}

// Repeats were known by the hash of the whole body: the same message in another batch was handled twice.
func TestFieldRepeatInAnotherBatch(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	one, two := hookText("wamid.1", hookUser, "one"), hookText("wamid.2", hookUser, "two")
	for _, body := range [][]byte{hookBody(one), hookBody(one, two), hookBody(two, one)} {
		require.Equal(t, 200, hookStatus(a, hookRequest(t.Context(), attackURL, body)))
	}
	require.Equal(t, "one", a.events.next(t).Text())
	require.Equal(t, "two", a.events.next(t).Text())
	requireNothingWaits(t, a)
	a.events.none(t)
}

// The error of a bad signature told the right one.
func TestFieldBadSignatureTellsNothing(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	good := strings.TrimPrefix(hookSign(hookSecret, body), "sha256=")
	req := hookRequest(t.Context(), attackURL, body)
	req.Header.Set("X-Hub-Signature-256", hookSign("wrong", body))
	rec := httptest.NewRecorder()
	a.ServeHTTP(rec, req)
	require.Equal(t, 401, rec.Code)
	require.Empty(t, rec.Body.String())
	require.NotContains(t, fmt.Sprint(rec.Header(), a.log.text()), good)
}

// The profile name of a user went into the log as it came, with line breaks that begin a line of the attacker's.
func TestFieldLogHoldsNothingOfTheUser(t *testing.T) {
	t.Parallel()
	log := new(hookLog)
	failed := make(chan struct{})
	r := wacloud.NewRouter()
	r.Text(func(context.Context, *wacloud.Event) error { return wacloud.Permanent(errors.New("no")) })
	r.Failed(func(context.Context, *wacloud.Event, error) { close(failed) })
	cfg := hookConfig(t, r)
	cfg.Logger = log.logger()
	url := hookServe(t, cfg)
	body := strings.ReplaceAll(string(hookBody(hookText("wamid.CANARY", "5511977776666", "canary text"))), "Ana", `x\n{\"level\":\"canary\"`)
	require.Equal(t, 200, hookPost(t, url, []byte(body)))
	<-failed
	for _, canary := range []string{"canary", "CANARY", "5511977776666", hookSecret, hookToken} {
		require.NotContains(t, log.text(), canary)
	}
	require.Contains(t, log.text(), "given up")
}

// Deliveries during and after a shutdown wrote to a closed channel.
func TestFieldDeliveriesDuringShutdown(t *testing.T) {
	t.Parallel()
	for range 20 {
		var handled atomic.Int32
		w, stop := hookStart(t, hookConfig(t, wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error {
			handled.Add(1)
			return nil
		})))
		var wg sync.WaitGroup
		var accepted atomic.Int32
		for i := range 8 {
			wg.Go(func() {
				for n := range 20 {
					body := hookBody(hookText(fmt.Sprintf("wamid.%d.%d", i, n), strconv.Itoa(5511000000000+i), "x"))
					switch status := hookStatus(w, hookRequest(t.Context(), attackURL, body)); status {
					case 200:
						accepted.Add(1)
					case 503:
					default:
						t.Errorf("status %d", status)
					}
					runtime.Gosched()
				}
			})
		}
		wg.Go(stop)
		wg.Wait()
		require.LessOrEqual(t, handled.Load(), accepted.Load())
		require.Equal(t, 503, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.late", hookUser, "x")))))
	}
}

// Serve's whole life: requests are answered, a stop is clean, the port is free again.
func TestServe(t *testing.T) {
	t.Parallel()
	log, events := new(hookLog), make(hookSink, 10)
	cfg := hookConfig(t, events)
	cfg.Logger = log.logger()
	w := hookNew(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- wacloud.Serve(ctx, "127.0.0.1:0", w) }()
	url := "http://" + servedAddress(t, log) + "/webhook"
	require.Equal(t, 200, hookPost(t, url, hookBody(hookText("wamid.1", hookUser, "first"))), "from the first request on")
	require.Equal(t, "first", events.next(t).Text())
	require.ErrorContains(t, wacloud.Serve(t.Context(), "127.0.0.1:0", w), "runs once")
	cancel()
	require.NoError(t, <-ended)
	res, err := http.DefaultClient.Do(hookRequest(t.Context(), url, nil))
	if err == nil {
		_ = res.Body.Close()
	}
	require.Error(t, err, "nobody listens")
}

// servedAddress is where Serve listens, from its log.
func servedAddress(t *testing.T, log *hookLog) (addr string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, rest, ok := strings.Cut(log.text(), "address=")
		addr, _, _ = strings.Cut(rest, "\n")
		return ok
	}, 10*time.Second, time.Millisecond)
	return addr
}

func TestServeStopsInOrder(t *testing.T) {
	t.Parallel()
	log := new(hookLog)
	running, release := make(chan struct{}), make(chan struct{})
	finished := false
	cfg := hookConfig(t, wacloud.HandlerFunc(func(ctx context.Context, _ *wacloud.Event) error {
		close(running)
		<-release
		finished = ctx.Err() == nil
		return nil
	}))
	cfg.Logger = log.logger()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	hook := hookNew(t, cfg)
	go func() { ended <- wacloud.Serve(ctx, "127.0.0.1:0", hook) }()
	url := "http://" + servedAddress(t, log) + "/webhook"
	require.Equal(t, 200, hookPost(t, url, hookBody(hookText("wamid.1", hookUser, "x"))))
	<-running
	cancel()
	require.Eventually(t, func() bool {
		res, err := http.DefaultClient.Do(hookRequest(t.Context(), url, nil))
		if err == nil {
			_ = res.Body.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond, "the listener stops while the handler still runs")
	select {
	case err := <-ended:
		t.Fatalf("Serve returned before the handler: %v", err)
	default:
	}
	close(release)
	require.NoError(t, <-ended)
	require.True(t, finished, "the handler was allowed to finish")
}

func TestServeTellsWhyItCannot(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, wacloud.Serve(t.Context(), "127.0.0.1:0", nil), "nil")
	require.ErrorContains(t, wacloud.Serve(t.Context(), "127.0.0.1:notaport", hookNew(t, hookConfig(t, make(hookSink)))), "wacloud: serve")
	cfg := hookConfig(t, make(hookSink))
	cfg.Inbox = failingRun{cfg.Inbox}
	require.ErrorContains(t, wacloud.Serve(t.Context(), "127.0.0.1:0", hookNew(t, cfg)), "no database")
}

type failingRun struct{ wacloud.Inbox }

func (failingRun) Run(context.Context, wacloud.RunConfig) error { return errors.New("no database") }

func TestServeIngestOnly(t *testing.T) {
	t.Parallel()
	log := new(hookLog)
	cfg := hookConfig(t, nil)
	cfg.IngestOnly, cfg.Logger, cfg.Handler, cfg.Client = true, log.logger(), nil, nil
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	w := hookNew(t, cfg)
	go func() { ended <- wacloud.Serve(ctx, "127.0.0.1:0", w) }()
	require.Equal(t, 200, hookPost(t, "http://"+servedAddress(t, log)+"/webhook", hookBody(hookText("wamid.1", hookUser, "x"))))
	cancel()
	require.NoError(t, <-ended)
	stats, err := cfg.Inbox.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, stats.Depth)
}

func TestServerHasLimits(t *testing.T) {
	t.Parallel()
	s := wacloud.NewServerForTest(hookNew(t, hookConfig(t, make(hookSink))))
	got := fmt.Sprint(s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout, s.MaxHeaderBytes)
	require.Equal(t, "5s 15s 15s 2m0s 16384", got)
}
