//go:build unix

package redislimit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// changed is the script with one place changed.
func changed(t *testing.T, changes ...string) *redis.Script {
	t.Helper()
	source, err := os.ReadFile("reserve.lua")
	require.NoError(t, err)
	text := string(source)
	for i := 0; i < len(changes); i += 2 {
		require.Equal(t, 1, strings.Count(text, changes[i]), "%q", changes[i])
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	return redis.NewScript(text)
}

// A bucket is the same limit told in another way: what is in it leaks, what does not fit waits until it does.
type bucket struct {
	level, at int64
}

func (b *bucket) reserve(now, cost, burst, most, bound int64) (wait int64) {
	level := b.level - (now - b.at)
	if level < 0 || level > bound {
		level = 0
	}
	wait = max(level+cost-burst, 0)
	if wait <= most {
		*b = bucket{level: level + cost, at: now}
	}
	return wait
}

const maxWait = 10_000_000 // ten seconds, in microseconds

// Random reservations at random times, some of them before the last one, get exactly the waits of a leaking bucket. The time is
// an argument here, and so nothing expires; all else is the script as it is.
func TestScriptIsABucket(t *testing.T) {
	t.Parallel()
	timed := changed(t, "redis.call('TIME')", "{ARGV[5], ARGV[6]}", ", 'PX', math.ceil((ends - now) / 1000)", "")
	c := client(t, startServer(t).socket())
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	taken, refused := 0, 0
	for sequence := range 100 {
		key, model := fmt.Sprint("k", sequence), new(bucket)
		interval := []int64{1_111_112, 55_556, 13_889, 1_112}[r.IntN(4)]
		burst := interval * (1 + r.Int64N(20))
		now := int64(1_800_000_000_000_000) + r.Int64N(1e12)
		for range 100 {
			switch r.IntN(20) {
			case 0:
				now -= r.Int64N(20_000_000)
			case 1:
				now += r.Int64N(30_000_000)
			case 2: // at once
			default:
				now += r.Int64N(3 * interval)
			}
			cost, most := interval*(1+r.Int64N(3)*r.Int64N(30)), min(r.Int64N(2*maxWait), maxWait)
			want := model.reserve(now, cost, burst, most, burst+maxWait)
			got, err := timed.Run(t.Context(), c, []string{key}, cost, burst, most, burst+maxWait, now/1e6, now%1e6).Int64()
			require.NoError(t, err)
			require.Equal(t, want, got, "sequence %d of seed %d", sequence, seed)
			if got <= most {
				taken++
			} else {
				refused++
			}
		}
	}
	require.Greater(t, min(taken, refused), 1000, "of both enough")
}

// The same with the server's time, which the script only tells, and with its keys that expire.
func TestScriptOnTheServersClock(t *testing.T) {
	t.Parallel()
	telling := changed(t, "return wait", "return {wait, now}")
	c := client(t, startServer(t).socket())
	model, waited, at := new(bucket), 0, int64(0)
	for range 1000 {
		<-time.After(rand.N(2 * time.Millisecond))
		cost, most := 1_112*(1+rand.Int64N(3)), rand.Int64N(5_000)
		got, err := telling.Run(t.Context(), c, []string{"k"}, cost, 3_336, most, 3_336+maxWait).Int64Slice()
		require.NoError(t, err)
		require.GreaterOrEqual(t, got[1], at)
		at = got[1]
		require.Equal(t, model.reserve(at, cost, 3_336, most, 3_336+maxWait), got[0])
		if got[0] > 0 {
			waited++
		}
	}
	require.InDelta(t, time.Now().UnixMicro(), at, 1e6, "its clock is that of this machine")
	require.Greater(t, waited, 10)
}

// A clock that is set back by a little makes who comes then wait for as long; by more than anything can be due, it begins anew.
func TestScriptWhenTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	timed := changed(t, "redis.call('TIME')", "{ARGV[5], ARGV[6]}", ", 'PX', math.ceil((ends - now) / 1000)", "")
	c := client(t, startServer(t).socket())
	for _, tt := range []struct{ at, want int64 }{
		{at: 1000, want: 0},
		{at: 1000, want: 1_000_000},
		{at: 1000, want: 2_000_000},
		{at: 997, want: 6_000_000},
		{at: 993, want: 11_000_000}, // too long, so nothing is taken
		{at: 992, want: 0},
		{at: 992, want: 1_000_000},
	} {
		got, err := timed.Run(t.Context(), c, []string{"k"}, 1_000_000, 1_000_000, maxWait, 1_000_000+maxWait, tt.at, 0).Int64()
		require.NoError(t, err)
		require.Equal(t, tt.want, got, "at %d", tt.at)
	}
}
