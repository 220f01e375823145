package faulttest_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A day at 500 webhooks a second, scaled: ids grow as old as ids do after 30 s, so that as many are forgotten as come. What
// the process and the database need at the end is what they needed after a third of the time.
func TestNothingGrowsOnSQLite(t *testing.T) {
	if !long {
		t.Skip("only in the long form (make soak): it takes minutes before anything is flat")
	}
	f := newFleet(t)
	p := f.bot(args(f, "-age", "30s")...)
	staysFlat(t, f, p, 0, func() (size int64) {
		for _, suffix := range []string{"", "-wal"} {
			info, err := os.Stat(f.path("bot.db") + suffix)
			require.NoError(t, err)
			size += info.Size()
		}
		return size
	})
}

func TestNothingGrowsOnPostgres(t *testing.T) {
	if !long {
		t.Skip("only in the long form (make soak): it takes minutes before anything is flat")
	}
	cluster := newCluster(t)
	execute(t, cluster.DSN(), "ALTER SYSTEM SET autovacuum_naptime = '5s'", "SELECT pg_reload_conf()") // scaled as well
	f := newFleet(t)
	// pgx keeps the description of each statement, of which there is one for each size of a group: 512 a connection, some MB
	// in all, and all of them only after a while.
	p := f.bot("-engine", "postgres", "-dsn", cluster.DSN()+" description_cache_capacity=16", "-age", "30s")
	const vacuum = 4e6 // it comes when it comes; were nothing deleted, it would be 100 MB
	staysFlat(t, f, p, vacuum, func() int64 {
		return int64(query(t, cluster.DSN(), "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'wa\\_%' AND relkind = 'r'"))
	})
}

func staysFlat(t *testing.T, f *fleet, p *process, slack float64, stored func() int64) {
	t.Helper()
	const rate, third = 500, 150 * time.Second // over two of the minutes after which ids are swept
	var all summary
	var heaps, sizes []float64
	var acks []string
	for i := range 3 {
		acks = append(acks, "acks-"+strconv.Itoa(i))
		n := rate * int(third/time.Second)
		s := f.client([]*process{p}, acks[i], "-mode", "open", "-rate", strconv.Itoa(rate), "-from", strconv.Itoa(500*i), "-users", "500", "-n", strconv.Itoa(n))
		require.Equal(t, n, s.Acked, s)
		all = summary{Webhooks: all.Webhooks + s.Webhooks, Acked: all.Acked + s.Acked, P50: s.P50, P99: s.P99, Max: max(all.Max, s.Max), Took: all.Took + s.Took}
		p.drain(time.Minute)
		<-time.After(15 * time.Second) // the client's connections are closed, and PostgreSQL has vacuumed
		st, err := p.ask("heap")
		require.NoError(t, err)
		heaps, sizes = append(heaps, float64(st.Heap)/1e6), append(sizes, float64(stored())/1e6)
	}
	r := f.check(acks...)
	note := fmt.Sprintf("500/s for %v; after each third of it: heap %.2f MB, stored %.2f MB", 3*third, heaps, sizes)
	t.Log(note, all)
	require.LessOrEqual(t, heaps[2], 1.1*heaps[0]+0.25, note) // a collection does not find everything at once
	require.LessOrEqual(t, sizes[2], 1.1*sizes[0]+slack/1e6, note)
	record(t, measure{Acked: r.Acked, Client: all, Note: note})
}
