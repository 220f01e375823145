package graph

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func fuzzEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := New(Config{
		Numbers: []Number{{ID: "100000000000001", Display: "15550005555", BusinessAccountID: "2"}}, Token: "t", AppSecret: "s",
	})
	require.NoError(t, err)
	return e
}

// Whatever goes in, a fault makes a body of it that is JSON when it was, and never a panic.
func FuzzDeformedBodies(f *testing.F) {
	user := wacloud.User{Phone: "15550001234", ID: "US.1", Name: "Ana"}
	element := Element{Number: Number{ID: "100000000000001", Display: "1"}, ID: "wamid.1", From: user, Time: time.Unix(1, 0)}
	f.Add(element.Message(Text("hi")))
	f.Add(element.Status(wacloud.Status{ID: "wamid.1", Status: "sent", Recipient: user}))
	f.Add([]byte(`{"entry":[{"changes":[{"value":{"messages":[1,{"type":5}],"contacts":{},"statuses":null}},2]},3]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := fuzzEngine(t)
		valid := json.Valid(body)
		for _, changed := range [][]byte{
			withTime(body, time.Unix(1, 0)), withUnknownType(body), withUnknownFields(body), withoutPhone(body),
			withoutUserID(body), withUsername(body), withPadding(body, 10), e.withAnotherNumber(body), e.withStatuses(body),
		} {
			if valid {
				require.True(t, json.Valid(changed), "%s", changed)
			}
		}
		for _, level := range []string{"messages", "changes", "entries"} {
			merge(level, [][]byte{body, element.Message(Text("x")), body})
		}
	})
}

// A state from anywhere is taken whole or not at all, and what was taken can be saved and taken again.
func FuzzRestore(f *testing.F) {
	e := fuzzEngine(f)
	u, err := e.AddUser(wacloud.User{Phone: "15550001234", Name: "Ana"})
	require.NoError(f, err)
	e.Act(f.Context(), Say{User: u, Content: Text("hi")})
	e.AddMedia("image/png", []byte("x"))
	saved, err := json.Marshal(e.Save())
	require.NoError(f, err)
	f.Add(saved)
	f.Add([]byte(`{"version":1,"users":[{"key":"u1","phone":"1"}],"messages":[{"id":"x","number":"100000000000001","user":"u1"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s State
		if json.Unmarshal(data, &s) != nil {
			return
		}
		e := fuzzEngine(t)
		if e.Restore(s) != nil {
			require.Empty(t, e.Users())
			return
		}
		require.NoError(t, e.Restore(e.Save()))
		for _, u := range e.Users() {
			e.Transcript("100000000000001", u).Markdown()
		}
		e.View(0)
	})
}

// The credit refills with time, up to its size.
func TestBucket(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_000, 0)
	var b bucket
	for i := range 45 {
		require.True(t, b.take(start, pairBurst, pairPerSecond), i)
	}
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{
		{0, false},
		{5900 * time.Millisecond, false},
		{6 * time.Second, true},
		{6 * time.Second, false},
		{18 * time.Second, true},
		{18 * time.Second, true},
		{18 * time.Second, false},
	} {
		require.Equal(t, tt.want, b.take(start.Add(tt.after), pairBurst, pairPerSecond), tt.after)
	}
	later := start.Add(24 * time.Hour)
	for range 45 {
		require.True(t, b.take(later, pairBurst, pairPerSecond))
	}
	require.False(t, b.take(later, pairBurst, pairPerSecond), "not more than 45 are saved up")
}
