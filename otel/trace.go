package otel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/wacloud/wacloud"
)

func tracer(provider trace.TracerProvider) trace.Tracer {
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	return provider.Tracer(scope)
}

// Trace is a middleware that makes a consumer span of each attempt to handle an event that reached a callback. What the
// callback sends through [NewTransport] is below it. A failed attempt has the type of its error, not its text. A nil
// provider is the global one.
func Trace(provider trace.TracerProvider) wacloud.Middleware {
	t := tracer(provider)
	return func(next wacloud.HandlerFunc) wacloud.HandlerFunc {
		return func(ctx context.Context, e *wacloud.Event) error {
			ctx, span := t.Start(ctx, spanHandle, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(eventAttributes(e)...))
			failed := true
			defer func() { // also when the callback panics
				if failed {
					span.SetStatus(codes.Error, "")
				}
				span.End()
			}()
			err := next(ctx, e)
			if failed = err != nil; failed {
				span.SetAttributes(attribute.String(keyErrorType, errorType(err)))
			}
			return err
		}
	}
}

func eventAttributes(e *wacloud.Event) []attribute.KeyValue {
	route := e.Route()
	return []attribute.KeyValue{
		attribute.String(keySystem, system),
		attribute.String(keyOperationName, "process"),
		attribute.String(keyOperationType, "process"),
		attribute.String(keyNumber, e.PhoneNumberID),
		attribute.String(keyKind, e.Kind.String()),
		attribute.String(keyRoute, strings.TrimSpace(route.Kind+" "+route.Pattern)),
		attribute.Int(keyAttempt, e.Attempt),
	}
}

// NewTransport returns a transport that makes a client span of each request that it hands to base, nil for
// [http.DefaultTransport] at the time of the call:
//
//	client, err := cfg.NewClient(wacloud.WithHTTPClient(&http.Client{Transport: otel.NewTransport(nil, nil)}))
//
// base sees the span in the request's context. The request is cloned, never changed; no trace header goes to Meta. A span has
// the method, the host and the status, and neither path nor query, which may hold ids and signatures. It ends with the body of the answer.
// A repetition is a span of its own, with http.request.resend_count. A nil provider is the global one.
func NewTransport(base http.RoundTripper, provider trace.TracerProvider) http.RoundTripper {
	return &transport{base, tracer(provider)}
}

type transport struct {
	base   http.RoundTripper
	tracer trace.Tracer
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	ctx, span := t.tracer.Start(req.Context(), spanName(req), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String(keyMethod, req.Method), attribute.String(keyServer, req.URL.Hostname()),
	))
	if n := wacloud.ResendCount(ctx); n > 0 {
		span.SetAttributes(attribute.Int(keyResend, n))
	}
	resp, err := base.RoundTrip(req.Clone(ctx))
	if err != nil {
		span.SetStatus(codes.Error, "")
		span.SetAttributes(attribute.String(keyErrorType, errorType(err)))
		span.End()
		return resp, err
	}
	span.SetAttributes(attribute.Int(keyStatus, resp.StatusCode))
	if resp.StatusCode >= 400 {
		span.SetStatus(codes.Error, "")
		span.SetAttributes(attribute.String(keyErrorType, strconv.Itoa(resp.StatusCode)))
	}
	resp.Body = &spanBody{ReadCloser: resp.Body, end: sync.OnceFunc(func() { span.End() })}
	return resp, nil
}

// Wrapped is the transport below, for the client: it puts a copy in its place that downloads from public addresses only.
func (t *transport) Wrapped() http.RoundTripper { return t.base }

// Around is the same transport around another one.
func (t *transport) Around(base http.RoundTripper) http.RoundTripper {
	return &transport{base, t.tracer}
}

// spanName tells a message from the other calls.
func spanName(req *http.Request) string {
	if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/messages") {
		return spanSend
	}
	return req.Method
}

// errorType classes an error without its text, which may hold anything.
func errorType(err error) string {
	if api, ok := errors.AsType[*wacloud.APIError](err); ok && api.Code != 0 {
		return strconv.Itoa(api.Code)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Sprintf("%T", err)
}

// A spanBody ends the span with the answer.
type spanBody struct {
	io.ReadCloser
	end func()
}

func (b *spanBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end()
	}
	return n, err
}

// Close implements [io.Closer].
func (b *spanBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
