package faulttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/inbox/faulttest/internal/meta"
)

// An event that kills its process on every attempt becomes a dead letter, and what is behind it is handled.
func TestPoison(t *testing.T) {
	const attempts = "3"
	for _, engine := range []string{"sqlite", "nats"} {
		t.Run(engine, func(t *testing.T) {
			f := newFleet(t)
			flags := []string{"-engine", engine, "-dsn", f.path("bot.db"), "-attempts", attempts}
			if engine == "nats" {
				server := f.natsServer()
				flags = []string{"-engine", "nats", "-dsn", "nats://" + server.addr, "-attempts", attempts, "-lease", "1s"}
			}
			p := f.bot(append(flags, "-idle")...)
			f.deliver(p, meta.User(0), 1, "poison")
			f.deliver(p, meta.User(0), 2, "")
			p.kill()
			for range 3 {
				p = f.newBot(flags...)
				p.start()
				p.died()
				f.crashed(p.cmd.Process.Pid)
			}
			p = f.bot(flags...)
			p.drain(20e9)
			st, err := p.look()
			require.NoError(t, err)
			require.Equal(t, 1, st.DeadLetters)
			runs := map[int]int{}
			h := f.history()
			for _, s := range h.Spans {
				runs[s.N]++
			}
			require.Equal(t, map[int]int{1: 3, 2: 1}, runs)
			require.NoError(t, h.Check().Err())
		})
	}
}
