package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/inbox/faulttest/internal/history"
)

func event(user string, n int) history.Event { return history.Event{User: user, N: n} }

func ack(user string, n int, sent, acked int64) history.Ack {
	return history.Ack{Event: event(user, n), Sent: sent, Acked: acked}
}

func span(pid int, user string, n int, begin, end int64) history.Span {
	return history.Span{Event: event(user, n), PID: pid, Begin: begin, End: end}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	failed := span(1, "a", 1, 10, 11)
	failed.Failed = true
	tests := []struct {
		name                                 string
		history                              history.History
		lost, disordered, overlaps, repeated int
	}{
		{name: "nothing"},
		{name: "in order", history: history.History{
			Acks:  []history.Ack{ack("a", 1, 1, 2), ack("a", 2, 3, 4)},
			Spans: []history.Span{span(1, "a", 1, 5, 6), span(1, "a", 2, 7, 8)},
		}},
		{name: "lost", lost: 1, history: history.History{
			Acks:  []history.Ack{ack("a", 1, 1, 2), ack("a", 2, 3, 4)},
			Spans: []history.Span{span(1, "a", 1, 5, 6)},
		}},
		{name: "newest first", disordered: 1, history: history.History{
			Acks:  []history.Ack{ack("a", 1, 1, 2), ack("a", 2, 3, 4)},
			Spans: []history.Span{span(1, "a", 2, 5, 6), span(1, "a", 1, 7, 8)},
		}},
		{name: "sent at the same time: any order", history: history.History{
			Acks:  []history.Ack{ack("a", 1, 1, 3), ack("a", 2, 2, 4)},
			Spans: []history.Span{span(1, "a", 2, 5, 6), span(1, "a", 1, 7, 8)},
		}},
		{name: "the middle one overtakes", disordered: 1, history: history.History{
			Acks:  []history.Ack{ack("a", 1, 1, 2), ack("a", 2, 3, 4), ack("a", 3, 5, 6)},
			Spans: []history.Span{span(1, "a", 2, 10, 11), span(1, "a", 1, 12, 13), span(1, "a", 3, 14, 15)},
		}},
		{name: "other users do not count", history: history.History{
			Acks:  []history.Ack{ack("a", 1, 1, 2), ack("b", 2, 3, 4)},
			Spans: []history.Span{span(1, "b", 2, 5, 8), span(1, "a", 1, 6, 7)},
		}},
		{name: "two at once", overlaps: 1, history: history.History{
			Spans: []history.Span{span(1, "a", 1, 5, 8), span(2, "a", 2, 7, 9)},
		}},
		{name: "under one that runs long", overlaps: 2, history: history.History{
			Spans: []history.Span{span(1, "a", 1, 5, 20), span(2, "a", 2, 7, 9), span(2, "a", 3, 10, 11)},
		}},
		{name: "after the death of the first", history: history.History{
			Spans:   []history.Span{span(1, "a", 1, 5, 0), span(2, "a", 1, 7, 9)},
			Crashes: []history.Crash{{PID: 1, At: 6}},
		}},
		{name: "before the death of the first", overlaps: 1, repeated: 1, history: history.History{
			Spans:   []history.Span{span(1, "a", 1, 5, 0), span(2, "a", 1, 7, 9)},
			Crashes: []history.Crash{{PID: 1, At: 8}},
		}},
		{name: "again without a reason", repeated: 1, history: history.History{
			Spans:   []history.Span{span(1, "a", 1, 5, 6), span(2, "a", 1, 7, 9)},
			Crashes: []history.Crash{{PID: 2, At: 6}},
		}},
		{name: "again after an error", history: history.History{Spans: []history.Span{failed, span(1, "a", 1, 17, 19)}}},
		{name: "again after the database died", history: history.History{
			Spans:   []history.Span{span(1, "a", 1, 5, 6), span(2, "a", 1, 7, 9)},
			Crashes: []history.Crash{{At: 6}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.history.Check()
			require.Len(t, r.Lost, tt.lost)
			require.Len(t, r.Disordered, tt.disordered)
			require.Len(t, r.Overlaps, tt.overlaps)
			require.Len(t, r.Repeated, tt.repeated)
			require.Equal(t, tt.lost+tt.disordered+tt.overlaps+tt.repeated > 0, r.Err() != nil)
		})
	}
}
