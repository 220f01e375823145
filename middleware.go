package wacloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// Recover turns a panic of a callback into an error, for what stands further out, such as [Log]. An inbox turns panics
// into errors anyway; without one, use it as the outermost middleware but for Log.
func Recover() Middleware {
	return func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, e *Event) (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = &panicError{p, debug.Stack()}
				}
			}()
			return next(ctx, e)
		}
	}
}

// Log writes a line for each event that reached a callback, after it returned: at level Info, or Error when it failed.
// The keys are those of [Event.LogValue] and wa.route, duration, error.type (Graph's code, "panic", "timeout" or the
// type of the innermost error) and fbtrace_id. The text of the error is left out, because a callback may have put
// anything in it. A nil logger is [slog.Default]. No line holds personal data, as long as the patterns hold none.
func Log(l *slog.Logger) Middleware {
	return func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, e *Event) error {
			start, route := time.Now(), e.Route()
			err := next(ctx, e)
			logHandled(ctx, orDefault(l), e, route, time.Since(start), err)
			return err
		}
	}
}

func orDefault(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.Default()
	}
	return l
}

func logHandled(ctx context.Context, l *slog.Logger, e *Event, route RouteInfo, took time.Duration, err error) {
	attrs := []slog.Attr{
		{Value: slog.AnyValue(e)}, // without a key a group's attributes stand in the line itself
		slog.String("wa.route", routeName(route)),
		slog.Duration("duration", took),
	}
	if err == nil {
		l.LogAttrs(ctx, slog.LevelInfo, "event handled", attrs...)
		return
	}
	attrs = append(attrs, slog.String("error.type", errorType(err)))
	if api, ok := errors.AsType[*APIError](err); ok && api.TraceID != "" {
		attrs = append(attrs, slog.String("fbtrace_id", api.TraceID))
	}
	l.LogAttrs(ctx, slog.LevelError, "event failed", attrs...)
}

// routeName is a short name for logs: "reply order:{id}", "text".
func routeName(route RouteInfo) string {
	if route.Pattern == "" {
		return route.Kind
	}
	return route.Kind + " " + route.Pattern
}

// errorType classes an error without its text.
func errorType(err error) string {
	if api, ok := errors.AsType[*APIError](err); ok {
		if api.Code == 0 {
			return "http_" + strconv.Itoa(api.StatusCode)
		}
		return strconv.Itoa(api.Code)
	}
	if _, ok := errors.AsType[*panicError](err); ok {
		return "panic"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Sprintf("%T", err)
		}
		err = inner
	}
}

// The middleware that does something for the user besides the callback must not hold it up for long.
const (
	besideTimeout = 3 * time.Second        // for the call itself
	typingStart   = 500 * time.Millisecond // by which the indicator may precede the callback
)

// AutoMarkRead marks messages of users as read while the callback runs. It never fails the callback: an error is a
// warning in the log of [Router.Logger]. The call takes at most 3 seconds and ends before the callback's event does.
func AutoMarkRead() Middleware {
	return func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, e *Event) error {
			if !wantsAttention(e) {
				return next(ctx, e)
			}
			var wg sync.WaitGroup
			defer wg.Wait()
			seen := *e
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, besideTimeout)
				defer cancel()
				warnBeside(ctx, &seen, "mark as read", seen.MarkRead(ctx))
			})
			return next(ctx, e)
		}
	}
}

// AutoTyping shows the typing indicator, which also marks the message as read, for up to 25 seconds or until something is
// sent. It never fails the callback: an error is a warning in the log of [Router.Logger]. The callback starts when the
// indicator is out, so that the indicator cannot overtake the answer, but after half a second at the latest; a call that
// still runs when the callback returns is broken off.
func AutoTyping() Middleware {
	return func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, e *Event) error {
			if !wantsAttention(e) {
				return next(ctx, e)
			}
			stop := startTyping(ctx, *e)
			defer stop()
			return next(ctx, e)
		}
	}
}

// startTyping returns when the indicator is out or has had its head start. stop ends what still runs.
func startTyping(ctx context.Context, seen Event) (stop func()) {
	callCtx, cancel := context.WithTimeout(ctx, besideTimeout)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := seen.Typing(callCtx)
		if !errors.Is(callCtx.Err(), context.Canceled) {
			warnBeside(callCtx, &seen, "typing indicator", err)
		}
	}()
	timer := time.NewTimer(typingStart)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	return func() {
		cancel()
		<-done
	}
}

// wantsAttention tells whether e is a message that somebody wrote to us and may be marked as read.
func wantsAttention(e *Event) bool {
	if e.Kind != KindMessage || e.Standby || e.Message == nil || e.Message.ID == "" {
		return false
	}
	_, system := e.Message.Content.(SystemContent)
	return !system
}

func warnBeside(ctx context.Context, e *Event, what string, err error) {
	if err != nil {
		e.route.table.log().WarnContext(ctx, what+" failed", slog.Any("event", e), slog.String("error.type", errorType(err)))
	}
}

// RequireSigned sends taps whose id has no good signature to [Router.BadID]; without a [Router.Signer] these are all
// taps. Events that are no taps pass.
func RequireSigned() Middleware {
	return func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, e *Event) error {
			if isTap(e) && !e.route.signed {
				return e.route.table.instead(ctx, e, kindBadID)
			}
			return next(ctx, e)
		}
	}
}
