package wacloud

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A million recipients leave about as much behind as those of the last seconds.
func TestLimitForgetsWhatIsSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(RateLimit{}.withDefaults())
		most := 0
		for i := range 1_000_000 {
			turn := p.enter(UserID("BR." + strconv.Itoa(i)))
			p.spend(turn.line)
			p.leave(turn)
			if i%1000 == 999 {
				<-time.After(time.Second) // 6,000 of them owe something
				most = max(most, len(p.lines))
			}
		}
		require.Less(t, most, 10_000)
		require.GreaterOrEqual(t, most, 5_000)
	})
}

func TestLimitForgetsAtOnceWithoutLimits(t *testing.T) {
	t.Parallel()
	p := newPace(RateLimit{Off: true}.withDefaults())
	p.leave(p.enter(Phone("5511987654321")))
	require.Empty(t, p.lines)
}

// Each second gives 5 % of the whole back.
func TestLimitRecoversLinearly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(RateLimit{PerSecond: 100}.withDefaults())
		p.halve(p.now())
		p.halve(p.now()) // the same event
		for second, want := range []float64{47, 52, 56, 61, 65, 70, 74, 79, 83, 88, 90, 90} {
			sent := 0
			for range 1000 {
				if p.reserve(0, 1) == 0 {
					sent++
				}
				<-time.After(time.Millisecond)
			}
			require.InDelta(t, want, sent, 6, "second %d", second) // 5 is a burst
		}
	})
}

// What Meta refuses again and again waits 4^4 seconds at most.
func TestLimitHoldIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(RateLimit{}.withDefaults())
		turn := p.enter(Phone("5511987654321"))
		for _, want := range []time.Duration{1, 4, 16, 64, 256, 256} {
			p.spend(turn.line)
			p.settle(turn.line, repeatPair, false)
			require.Equal(t, want*time.Second, p.pairWait(turn.line))
			<-time.After(want * time.Second)
		}
		p.spend(turn.line)
		p.settle(turn.line, repeatNever, true)
		require.Zero(t, p.pairWait(turn.line))
	})
}

// What the limits add to a send that is far from them.
func BenchmarkLimits(b *testing.B) {
	p := newPace(RateLimit{PerSecond: 1e9}.withDefaults())
	var to []Recipient
	for i := range 100_000 {
		to = append(to, Phone("55119"+strings.Repeat("0", 8-len(strconv.Itoa(i)))+strconv.Itoa(i)))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		turn := p.enter(to[i%len(to)])
		_ = p.pairWait(turn.line)
		_ = p.reserve(MaxLimitWait, 1)
		p.spend(turn.line)
		p.settle(turn.line, repeatNever, true)
		p.leave(turn)
		i++
	}
}
