package wacloud

import (
	"context"
	"log/slog"
	"time"
)

// Recover turns a panic of a callback into an error.
func Recover() Middleware { panic("skeleton") }

// Log writes a line for each event.
func Log(l *slog.Logger) Middleware { panic("skeleton") }

// AutoMarkRead marks messages as read before the callback runs. It never fails the callback.
func AutoMarkRead() Middleware { panic("skeleton") }

// AutoTyping shows the typing indicator while the callback runs. It never fails the callback.
func AutoTyping() Middleware { panic("skeleton") }

// Once lets a callback run once for each user, tapped message and id within ttl.
func Once(store Store, ttl time.Duration) Middleware { panic("skeleton") }

// RequireSigned sends taps whose id has no good signature to [Router.BadID].
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
