package sqlinbox

import (
	"bytes"
	"context"
	"database/sql"
	"slices"

	"github.com/wacloud/wacloud"
)

// readersAtOnce is how many queries of the store run at the same time.
const readersAtOnce = 2

// A lookup is one call of Get or GetAll on its way into a query.
type lookup struct {
	keys  []string
	found []wacloud.Entry
	done  chan error
}

// lookUp returns the entries of keys. Lookups that come while queries are under way go into the next one together: a bot has
// one for each event.
func (in *Inbox) lookUp(ctx context.Context, keys []string) ([]wacloud.Entry, error) {
	l := &lookup{keys: slices.Clone(keys), done: make(chan error, 1)}
	select {
	case in.lookups <- l:
	case <-in.closed: // the store is there as long as the database is
		in.lookUpTogether(ctx, []*lookup{l})
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case err := <-l.done:
		return l.found, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answerLookups reads for the store until the inbox is closed.
func (in *Inbox) answerLookups() {
	for {
		select {
		case l := <-in.lookups:
			ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
			in.lookUpTogether(ctx, in.gatherLookups(l))
			cancel()
		case <-in.closed:
			return
		}
	}
}

// gatherLookups takes those who wait behind first.
func (in *Inbox) gatherLookups(first *lookup) []*lookup {
	group, keys := []*lookup{first}, len(first.keys)
	for keys < rowsAtOnce {
		select {
		case l := <-in.lookups:
			group, keys = append(group, l), keys+len(l.keys)
		default:
			return group
		}
	}
	return group
}

func (in *Inbox) lookUpTogether(ctx context.Context, group []*lookup) {
	wanted := map[string]bool{}
	for _, l := range group {
		for _, key := range l.keys {
			wanted[key] = true
		}
	}
	found, err := in.entriesOf(ctx, wanted)
	for _, l := range group {
		for _, key := range l.keys {
			if e, ok := found[key]; ok {
				e.Value = bytes.Clone(e.Value) // another call may get the same
				l.found = append(l.found, e)
			}
		}
		l.done <- err
	}
}

func (in *Inbox) entriesOf(ctx context.Context, wanted map[string]bool) (map[string]wacloud.Entry, error) {
	found := make(map[string]wacloud.Entry, len(wanted))
	var all list
	for key := range wanted {
		all = append(all, []byte(key))
	}
	for chunk := range slices.Chunk(all, rowsAtOnce) {
		err := in.query(ctx, in.reads, func(rows *sql.Rows) error {
			e, err := scanEntry(rows)
			found[e.Key] = e
			return err
		}, "SELECT key, value, version FROM wa_store WHERE key IN {list} AND "+alive, chunk, now)
		if err != nil {
			return nil, in.dialect.wrap(err)
		}
	}
	return found, nil
}

func scanEntry(rows *sql.Rows) (e wacloud.Entry, err error) {
	var key []byte
	err = rows.Scan(&key, &e.Value, &e.Version)
	e.Key = string(key)
	return e, err
}
