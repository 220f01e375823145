package lease_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/internal/lease"
)

// over waits for the end of a term and returns how long that took.
func over(term *lease.Term) time.Duration {
	start := time.Now()
	<-term.Lost()
	return time.Since(start)
}

func TestTerm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(*lease.Term)
		want time.Duration
	}{
		{"ends by itself", func(*lease.Term) {}, 30 * time.Second},
		{"is prolonged", func(l *lease.Term) { l.Prolong(time.Now().Add(time.Minute)) }, time.Minute},
		{"does not become shorter", func(l *lease.Term) { l.Prolong(time.Now().Add(time.Second)) }, 30 * time.Second},
		{"is ended", func(l *lease.Term) { l.End() }, 0},
		{"is ended twice", func(l *lease.Term) { l.End(); l.End() }, 0},
		{"stays over", func(l *lease.Term) { l.End(); l.Prolong(time.Now().Add(time.Minute)) }, 0},
		{"is prolonged after a while", func(l *lease.Term) {
			<-time.After(20 * time.Second)
			l.Prolong(time.Now().Add(15 * time.Second))
		}, 15 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				term := lease.Until(time.Now().Add(30 * time.Second))
				defer term.Stop()
				c.do(term)
				require.Equal(t, c.want, over(term))
			})
		})
	}
}

// A term whose timer does not fire, as in a process that was stopped, is over for whoever asks.
func TestTermIsOverForWhoeverAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		term := lease.Until(time.Now().Add(time.Second))
		term.Stop()
		<-time.After(2 * time.Second)
		select {
		case <-term.Lost():
		default:
			t.Fatal("the term is not over")
		}
	})
}
