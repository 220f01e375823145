package otel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/otel"
	"github.com/wacloud/wacloud/wacloudtest"
)

const number = "106540352242922"

// collect returns every point as "name{attributes} value", sorted; of histograms the number of values and their sum.
func collect(t *testing.T, reader metric.Reader) (points, units []string) {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(context.Background(), &all))
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			units = append(units, m.Name+" "+m.Unit)
			require.NotEmpty(t, m.Description)
			add := func(a attribute.Set, value any) {
				points = append(points, fmt.Sprintf("%s{%s} %v", m.Name, a.Encoded(attribute.DefaultEncoder()), value))
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, fmt.Sprintf("%d×, %v", p.Count, p.Sum))
				}
			default:
				t.Fatalf("%s: %T", m.Name, m.Data)
			}
		}
	}
	slices.Sort(points)
	slices.Sort(units)
	return points, units
}

func newObserver(t *testing.T) (*otel.Observer, metric.Reader) {
	t.Helper()
	reader := metric.NewManualReader()
	o, err := otel.NewObserver(metric.NewMeterProvider(metric.WithReader(reader)))
	require.NoError(t, err)
	return o, reader
}

// Every metric of the library arrives under its name, with its unit and its label.
func TestObserver(t *testing.T) {
	t.Parallel()
	o, reader := newObserver(t)
	for _, m := range []wacloud.Measurement{
		{Metric: wacloud.MetricWebhookRejected, Value: 1, Label: "signature"},
		{Metric: wacloud.MetricWebhookRejected, Value: 1, Label: "signature"},
		{Metric: wacloud.MetricDisowned, Value: 1, Label: "app-1"},
		{Metric: wacloud.MetricSecretIndex, Value: 1, Label: "0"},
		{Metric: wacloud.MetricPutDuration, Value: 0.25},
		{Metric: wacloud.MetricBatchSize, Value: 3},
		{Metric: wacloud.MetricDuplicates, Value: 2, Label: "status"},
		{Metric: wacloud.MetricEventLag, Value: 1.5, PhoneNumberID: number, Label: "message"},
		{Metric: wacloud.MetricHandled, Value: 0.5, PhoneNumberID: number, Label: "message"},
		{Metric: wacloud.MetricHandled, Value: 0.25, PhoneNumberID: number, Label: "message"},
		{Metric: wacloud.MetricHandlerErrors, Value: 1, PhoneNumberID: number, Label: "message", Route: "reply order:{id}"},
		{Metric: wacloud.MetricHandlerPanics, Value: 1, PhoneNumberID: number, Label: "message"},
		{Metric: wacloud.MetricHandlerStuck, Value: 1, PhoneNumberID: number, Label: "status"},
		{Metric: wacloud.MetricLeasesLost, Value: 1, PhoneNumberID: number, Label: "message"},
		{Metric: wacloud.MetricDeadLetters, Value: 1, PhoneNumberID: number, Label: "message"},
		{Metric: wacloud.MetricInboxDepth, Value: 9},
		{Metric: wacloud.MetricInboxDepth, Value: 7},
		{Metric: wacloud.MetricOldestAge, Value: 12.5},
		{Metric: wacloud.MetricKeysLeased, Value: 3},
		{Metric: wacloud.MetricStoreSize, Value: 4096},
		{Metric: wacloud.MetricDeadLettersKept, Value: 2},
		{Metric: wacloud.MetricDedupeIDs, Value: 800},
		{Metric: wacloud.MetricSendDuration, Value: 0.5, PhoneNumberID: number, Label: "ok"},
		{Metric: wacloud.MetricSendDuration, Value: 2, PhoneNumberID: number, Label: "131056"},
		{Metric: wacloud.MetricSendRetries, Value: 1, PhoneNumberID: number, Label: "131056"},
		{Metric: wacloud.MetricSendAmbiguous, Value: 1, PhoneNumberID: number, Label: "timeout"},
		{Metric: wacloud.MetricLimitWait, Value: 0.5, PhoneNumberID: number, Label: "pair"},
		{Metric: wacloud.MetricLimitRefused, Value: 1, PhoneNumberID: number, Label: "number"},
		{Metric: wacloud.MetricLimitHits, Value: 1, PhoneNumberID: number, Label: "130429"},
		{Metric: wacloud.MetricLimiterFallback, Value: 1, PhoneNumberID: number},
		{Metric: "wa.of.a.later.release", Value: 1},
	} {
		o.Observe(t.Context(), m)
	}
	points, units := collect(t, reader)
	n := "wa.phone_number_id=" + number
	want := []string{
		"messaging.client.consumed.messages{messaging.operation.name=process,messaging.system=whatsapp,wa.event.kind=message," + n + "} 2",
		"messaging.client.operation.duration{error.type=131056,messaging.operation.name=send,messaging.system=whatsapp," + n + "} 1×, 2",
		"messaging.client.operation.duration{messaging.operation.name=send,messaging.system=whatsapp," + n + "} 1×, 0.5",
		"messaging.client.sent.messages{messaging.operation.name=send,messaging.system=whatsapp," + n + "} 1",
		"messaging.process.duration{messaging.operation.name=process,messaging.system=whatsapp,wa.event.kind=message," + n + "} 2×, 0.75",
		"wa.dedupe.ids{} 800",
		"wa.event.lag{wa.event.kind=message," + n + "} 1×, 1.5",
		"wa.handler.errors{wa.event.kind=message," + n + ",wa.route=reply order:{id}} 1",
		"wa.handler.panics{wa.event.kind=message," + n + "} 1",
		"wa.handler.stuck{wa.event.kind=status," + n + "} 1",
		"wa.inbox.batch.size{} 1×, 3",
		"wa.inbox.dead_letters.kept{} 2",
		"wa.inbox.dead_letters{wa.event.kind=message," + n + "} 1",
		"wa.inbox.depth{} 7",
		"wa.inbox.duplicates{wa.event.kind=status} 2",
		"wa.inbox.keys.leased{} 3",
		"wa.inbox.leases.lost{wa.event.kind=message," + n + "} 1",
		"wa.inbox.oldest.age{} 12.5",
		"wa.inbox.put.duration{} 1×, 0.25",
		"wa.limit.hits{code=130429," + n + "} 1",
		"wa.limit.refused{scope=number," + n + "} 1",
		"wa.limit.wait.duration{scope=pair," + n + "} 1×, 0.5",
		"wa.limiter.fallback{" + n + "} 1",
		"wa.send.ambiguous{code=timeout," + n + "} 1",
		"wa.send.retries{code=131056," + n + "} 1",
		"wa.store.size{} 4096",
		"wa.webhook.disowned{app=app-1} 1",
		"wa.webhook.rejected{reason=signature} 2",
		"wa.webhook.secret_index{index=0} 1",
	}
	require.Equal(t, want, points)
	page, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	for _, nameAndUnit := range units {
		name, unit, _ := strings.Cut(nameAndUnit, " ")
		require.Contains(t, string(page), "| `"+name+"` | "+unit+" |")
	}
	require.Len(t, units, strings.Count(string(page), "\n| `"), "the page and the instruments are the same")
	require.Subset(t, units, []string{
		"messaging.process.duration s", "messaging.client.sent.messages {message}", "wa.inbox.oldest.age s",
		"wa.inbox.depth {event}", "wa.store.size By", "wa.event.lag s", "wa.webhook.rejected {request}",
	})
}

// What a bot does, from the user's message to the answer, seen from outside: spans, metrics, and no personal data in either.
func TestBot(t *testing.T) {
	t.Parallel()
	const text, name = "my canary wish", "Canaria"
	o, reader := newObserver(t)
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	srv := wacloudtest.NewServer(t)
	var below inner
	client := srv.Client(wacloud.WithObserver(o), wacloud.WithHTTPClient(&http.Client{Transport: otel.NewTransport(&below, provider)}))
	r := wacloud.NewRouter()
	r.Use(otel.Trace(provider))
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons(text, wacloud.Button{ID: "canary:9", Title: "Canary"}))
		return err
	})
	r.Reply("canary:{n}", func(context.Context, *wacloud.Event) error {
		return fmt.Errorf("%s wants %s: %w", name, text, errors.New("canary"))
	})
	srv.Serve(r, func(cfg *wacloud.WebhookConfig) { cfg.Client, cfg.Observer = client, o })
	ana := srv.User(name)
	ana.Say(text)
	wacloudtest.Expect[wacloud.Buttons](ana).Tap("Canary")
	srv.Wait()
	require.Len(t, srv.HandlerErrors(), 1)

	got := spans.GetSpans()
	slices.SortFunc(got, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	require.Len(t, got, 3)
	handled, sent, failed := got[0], got[1], got[2]
	require.Equal(t, "process whatsapp.messages", handled.Name)
	require.Equal(t, trace.SpanKindConsumer, handled.SpanKind)
	require.Equal(t, "text", attributeOf(handled, "wa.route"))
	require.Equal(t, "message", attributeOf(handled, "wa.event.kind"))
	require.Equal(t, "whatsapp", attributeOf(handled, "messaging.system"))
	require.Equal(t, "1", attributeOf(handled, "wa.attempt"))
	require.Equal(t, codes.Unset, handled.Status.Code)

	require.Equal(t, "send whatsapp.messages", sent.Name)
	require.Equal(t, trace.SpanKindClient, sent.SpanKind)
	require.Equal(t, handled.SpanContext.SpanID(), sent.Parent.SpanID(), "the send is below the event")
	require.Equal(t, "200", attributeOf(sent, "http.response.status_code"))
	require.Equal(t, []trace.SpanID{sent.SpanContext.SpanID()}, below.seen(), "the transport below sees the span in the request's context")

	require.Equal(t, "reply canary:{n}", attributeOf(failed, "wa.route"))
	require.Equal(t, codes.Error, failed.Status.Code)
	require.Equal(t, "*errors.errorString", attributeOf(failed, "error.type"))
	require.Empty(t, failed.Events, "an exception's event would hold the error's text")

	points, _ := collect(t, reader)
	require.Contains(t, strings.Join(points, "\n"), "messaging.client.sent.messages{")
	phone := strings.TrimPrefix(string(must(ana.Recipient().MarshalText())), "wa_id:")
	phone = phone[strings.Index(phone, ":")+1:]
	everything := strings.Join(points, "\n") + fmt.Sprintf("%+v", got)
	for _, canary := range []string{text, name, "wish", "canary:9", "wamid", phone, srv.Config().AccessToken.Reveal(), srv.Config().AppSecrets[0].Reveal()} {
		require.NotContains(t, everything, canary)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func attributeOf(s tracetest.SpanStub, key attribute.Key) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

// inner notes the spans in the contexts of what passes.
type inner struct {
	mu    sync.Mutex
	spans []trace.SpanID
}

func (i *inner) RoundTrip(req *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.spans = append(i.spans, trace.SpanContextFromContext(req.Context()).SpanID())
	i.mu.Unlock()
	return http.DefaultTransport.RoundTrip(req)
}

func (i *inner) seen() []trace.SpanID {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.spans)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestTransport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer func() (*http.Response, error)
		status codes.Code
		kind   string
	}{
		{"success", func() (*http.Response, error) { return answer(200), nil }, codes.Unset, ""},
		{"refused", func() (*http.Response, error) { return answer(400), nil }, codes.Error, "400"},
		{
			"no connection",
			func() (*http.Response, error) { return nil, fmt.Errorf("dial 5511987654321: %w", io.ErrUnexpectedEOF) },
			codes.Error, "*errors.errorString",
		},
		{"too slow", func() (*http.Response, error) { return nil, context.DeadlineExceeded }, codes.Error, "timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			spans := tracetest.NewInMemoryExporter()
			var got *http.Request
			transport := otel.NewTransport(roundTrip(func(req *http.Request) (*http.Response, error) {
				got = req
				req.Header.Set("X-Below", "1")
				return c.answer()
			}), sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
			req := &http.Request{
				Method: http.MethodGet, Header: http.Header{"Authorization": {"Bearer canary"}},
				URL: &url.URL{Scheme: "https", Host: "graph.facebook.com", Path: "/v23.0/mediacanary", RawQuery: "appsecret_proof=canary"},
			}
			resp, err := transport.RoundTrip(req.WithContext(t.Context()))
			if err == nil {
				require.Empty(t, spans.GetSpans(), "the span lasts until the answer is read")
				_, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
			}
			require.Empty(t, req.Header["X-Below"], "the caller's request stays as it was")
			require.Empty(t, got.Header["Traceparent"], "Meta has no use for our trace ids")
			require.Len(t, spans.GetSpans(), 1)
			span := spans.GetSpans()[0]
			require.Equal(t, "GET", span.Name)
			require.Equal(t, c.status, span.Status.Code)
			require.Equal(t, c.kind, attributeOf(span, "error.type"))
			require.Equal(t, "graph.facebook.com", attributeOf(span, "server.address"))
			require.NotContains(t, fmt.Sprintf("%+v", span), "canary")
			require.NotContains(t, fmt.Sprintf("%+v", span), "87654321")
		})
	}
}

func answer(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("x")), Header: http.Header{}}
}

// A repetition of a send is a span of its own that says which one it is.
func TestResendCount(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	srv := wacloudtest.NewServer(t)
	srv.Fail(130429, 2)
	client := srv.Client(
		wacloud.WithRetry(wacloud.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: time.Second}),
		wacloud.WithHTTPClient(&http.Client{Transport: otel.NewTransport(nil, sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))}),
	)
	_, err := client.Send(t.Context(), srv.User("Ana").Recipient(), wacloud.NewText("oi"))
	require.NoError(t, err)
	var counts []string
	for _, s := range spans.GetSpans() {
		counts = append(counts, attributeOf(s, "http.request.resend_count"))
	}
	require.Equal(t, []string{"", "1", "2"}, counts)
}

// A callback that panics ends its span too.
func TestPanicEndsTheSpan(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	h := otel.Trace(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))(func(context.Context, *wacloud.Event) error { panic("canary") })
	require.Panics(t, func() { _ = h(t.Context(), new(wacloud.Event)) })
	require.Len(t, spans.GetSpans(), 1)
	require.Equal(t, codes.Error, spans.GetSpans()[0].Status.Code)
	require.NotContains(t, fmt.Sprintf("%+v", spans.GetSpans()), "canary")
}

// A client with our transport still downloads from public addresses only.
func TestTransportLetsTheClientGuardDownloads(t *testing.T) {
	t.Parallel()
	transport, ok := otel.NewTransport(http.DefaultTransport, nil).(interface {
		Wrapped() http.RoundTripper
		Around(rt http.RoundTripper) http.RoundTripper
	})
	require.True(t, ok)
	require.Same(t, http.DefaultTransport, transport.Wrapped())
	called := false
	around := transport.Around(roundTrip(func(*http.Request) (*http.Response, error) {
		called = true
		return answer(200), nil
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com", nil)
	require.NoError(t, err)
	resp, err := around.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.True(t, called)
}
