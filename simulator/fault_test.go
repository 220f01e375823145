package simulator_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
)

// A bot that answers 200 when an event is stored, and forgets what it knows already, survives every fault of webhooks:
// the user's text is handled once and answered once.
func TestBotSurvivesWebhookFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind  string
		check func(t *testing.T, r *rig, hooks []snapshotEntry) // of what was posted for the text
		lost  bool
	}{
		{kind: "duplicate", check: posted(200, 200)},
		{kind: "duplicate-body", check: posted(200, 200)},
		{kind: "duplicate-parallel", check: posted(200, 200)},
		{kind: "drop", check: posted(0), lost: true},
		{kind: "delay", check: posted(200)},
		{kind: "late", check: posted(200, 200)},
		{kind: "bad-signature", check: posted(401, 200)},
		{kind: "no-signature", check: posted(401, 200)},
		{kind: "truncated", check: nil},
		{kind: "huge", check: posted(413, 200)},
		{kind: "unknown-type", check: nil},
		{kind: "unknown-field", check: posted(200)},
		{kind: "user-id-only", check: posted(200)},
		{kind: "phone-only", check: posted(200)},
		{kind: "username", check: posted(200)},
		{kind: "batch-numbers", check: posted(200)},
		{kind: "batch-statuses", check: posted(200)},
		{kind: "batch", check: posted(0, 200)},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			inRig(t, func(t *testing.T, r *rig) {
				r.post("say", `{"text":"first"}`)
				pass(time.Minute)
				r.post("faults", `{"kind":"`+tt.kind+`"}`)
				done := make(chan answered)
				go func() { done <- r.post("say", `{"text":"second"}`) }()
				a := <-done
				pass(time.Minute)
				r.post("restarted", `{}`)
				pass(time.Minute)
				var handled int
				for _, e := range r.events(wacloud.KindMessage) {
					if e.Text() == "second" {
						handled++
					}
				}
				require.Equal(t, map[bool]int{false: 1, true: 0}[tt.lost], handled)
				s := r.state()
				require.Empty(t, s.Faults, "the next one only")
				var hooks []snapshotEntry
				for _, e := range s.webhooks("message text") {
					if e.Message == a.Message {
						hooks = append(hooks, e)
					}
				}
				if tt.check != nil {
					tt.check(t, r, hooks)
				}
				require.Equal(t, http.StatusOK, r.post("say", `{"text":"third"}`).Status, "then all is well")
			})
		})
	}
}

func posted(statuses ...int) func(*testing.T, *rig, []snapshotEntry) {
	return func(t *testing.T, _ *rig, hooks []snapshotEntry) {
		t.Helper()
		var got []int
		for _, h := range hooks {
			got = append(got, h.Status)
		}
		require.Equal(t, statuses, got)
	}
}

// bodies returns the webhooks that a fault made of a text, as a bot gets them.
func bodies(t *testing.T, arm string, do func(r *rig)) (all []received) {
	t.Helper()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"first"}`)
		pass(time.Minute)
		var mu sync.Mutex
		r.sim.Connect(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
			if q.Method != http.MethodPost {
				return
			}
			body, _ := io.ReadAll(q.Body)
			signature := q.Header.Get("X-Hub-Signature-256")
			secret := r.sim.Config().AppSecrets[0]
			mu.Lock()
			defer mu.Unlock()
			all = append(all, received{body, signature, wacloud.VerifySignature(body, signature, secret) == nil})
		}))
		r.post("faults", arm)
		do(r)
		pass(time.Minute)
	}, func(o *simulator.Options) { o.Now = func() time.Time { return time.Unix(1_790_000_000, 0) } })
	return all
}

type received struct {
	body      []byte
	signature string
	signed    bool
}

func saySecond(r *rig) { r.post("say", `{"text":"second"}`) }

func TestDeformedWebhooks(t *testing.T) {
	t.Parallel()
	events := func(t *testing.T, body []byte) []wacloud.Event {
		t.Helper()
		all, err := wacloud.ParseWebhook(body)
		require.NoError(t, err)
		return all
	}
	for _, tt := range []struct {
		arm   string
		check func(t *testing.T, got []received)
	}{
		{`{"kind":"duplicate"}`, func(t *testing.T, got []received) {
			require.Equal(t, got[0], got[1])
			require.True(t, got[1].signed)
		}},
		{`{"kind":"duplicate-body"}`, func(t *testing.T, got []received) {
			require.NotEqual(t, got[0].body, got[1].body)
			require.Equal(t, events(t, got[0].body)[0].ID, events(t, got[1].body)[0].ID)
			require.True(t, got[1].signed)
		}},
		{`{"kind":"bad-signature"}`, func(t *testing.T, got []received) {
			require.False(t, got[0].signed)
			require.NotEmpty(t, got[0].signature)
		}},
		{`{"kind":"no-signature"}`, func(t *testing.T, got []received) { require.Empty(t, got[0].signature) }},
		{`{"kind":"truncated"}`, func(t *testing.T, got []received) {
			require.False(t, got[0].signed)
			require.False(t, json.Valid(got[0].body))
		}},
		{`{"kind":"truncated","signed":true}`, func(t *testing.T, got []received) {
			require.True(t, got[0].signed)
			require.False(t, json.Valid(got[0].body))
		}},
		{`{"kind":"huge"}`, func(t *testing.T, got []received) {
			require.GreaterOrEqual(t, len(got[0].body), 10<<20)
			require.True(t, got[0].signed)
			require.Equal(t, "second", events(t, got[0].body)[0].Text())
		}},
		{`{"kind":"unknown-type"}`, func(t *testing.T, got []received) {
			require.Len(t, got, 2)
			require.Equal(t, "hologram", events(t, got[0].body)[0].Message.Type)
			require.Equal(t, "second", events(t, got[1].body)[0].Text())
		}},
		{`{"kind":"unknown-field"}`, func(t *testing.T, got []received) {
			all := events(t, got[0].body)
			require.Len(t, all, 3)
			require.Equal(t, wacloud.KindUnknown, all[0].Kind)
			require.Equal(t, "second", all[1].Text())
			require.Equal(t, "telepathy_update", all[2].Field)
		}},
		{`{"kind":"user-id-only"}`, func(t *testing.T, got []received) {
			from := events(t, got[0].body)[0].Message.From
			require.Equal(t, wacloud.User{ID: "BR.sim0000000001", Name: "Ana"}, from)
			require.NotContains(t, string(got[0].body), "5511900000001")
		}},
		{`{"kind":"phone-only"}`, func(t *testing.T, got []received) {
			require.Equal(t, wacloud.User{Phone: "5511900000001", Name: "Ana"}, events(t, got[0].body)[0].Message.From)
			require.NotContains(t, string(got[0].body), "BR.sim0000000001")
		}},
		{`{"kind":"username"}`, func(t *testing.T, got []received) {
			require.Equal(t, "a_user_name", events(t, got[0].body)[0].Message.From.Username)
		}},
		{`{"kind":"batch-numbers"}`, func(t *testing.T, got []received) {
			all := events(t, got[0].body)
			require.Len(t, all, 2)
			require.Equal(t, number, all[0].PhoneNumberID)
			require.Equal(t, "100000000000002", all[1].PhoneNumberID)
		}},
		{`{"kind":"batch-statuses"}`, func(t *testing.T, got []received) {
			all := events(t, got[0].body)
			require.Len(t, all, 2)
			require.Equal(t, wacloud.KindMessage, all[0].Kind)
			require.Equal(t, wacloud.KindStatus, all[1].Kind)
		}},
		{`{"kind":"drop"}`, func(t *testing.T, got []received) { require.Empty(t, got) }},
	} {
		t.Run(tt.arm, func(t *testing.T) {
			t.Parallel()
			var messages []received // without the statuses of the first answer
			for _, b := range bodies(t, tt.arm, saySecond) {
				if !strings.Contains(string(b.body[:min(len(b.body), 4000)]), `"status":"read"`) || strings.Contains(tt.arm, "batch") {
					messages = append(messages, b)
				}
			}
			tt.check(t, messages)
		})
	}
}

// Several webhooks in one POST, at each of the levels that Meta uses.
func TestBatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		level                     string
		entries, changes, inFirst int
	}{
		{"messages", 1, 2, 2}, {"changes", 1, 3, 1}, {"entries", 3, 1, 1},
	} {
		t.Run(tt.level, func(t *testing.T) {
			t.Parallel()
			got := bodies(t, `{"kind":"batch","n":3,"level":"`+tt.level+`"}`, func(r *rig) {
				status, body := r.call(http.MethodPatch, "settings", `{"auto_status":false}`)
				require.Equal(t, http.StatusOK, status, string(body))
				r.post("say", `{"text":"one"}`)
				r.post("say", `{"text":"two"}`)
				r.post("say", `{"text":"three","number":"100000000000002"}`)
			})
			require.Len(t, got, 1)
			require.True(t, got[0].signed)
			var body struct {
				Entry []struct {
					Changes []struct {
						Value struct {
							Messages []any `json:"messages"`
						} `json:"value"`
					} `json:"changes"`
				} `json:"entry"`
			}
			require.NoError(t, json.Unmarshal(got[0].body, &body))
			require.Len(t, body.Entry, tt.entries)
			require.Len(t, body.Entry[0].Changes, tt.changes)
			require.Len(t, body.Entry[0].Changes[0].Value.Messages, tt.inFirst)
			events, err := wacloud.ParseWebhook(got[0].body)
			require.NoError(t, err)
			var texts []string
			for i := range events {
				texts = append(texts, events[i].Text())
			}
			require.Equal(t, []string{"one", "two", "three"}, texts)
			require.Equal(t, "100000000000002", events[2].PhoneNumberID)
		})
	}
}

// A batch that does not fill goes out when its time is over.
func TestBatchThatDoesNotFill(t *testing.T) {
	t.Parallel()
	got := bodies(t, `{"kind":"batch","n":9,"delay_ms":1000}`, saySecond)
	require.Len(t, got, 1)
	events, err := wacloud.ParseWebhook(got[0].body)
	require.NoError(t, err)
	require.Len(t, events, 2, "the read status of the first answer came along")
}

// A delay holds a webhook, and nothing else.
func TestDelayedWebhook(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("faults", `{"kind":"delay","delay_ms":5000}`)
		start := time.Now()
		go r.post("say", `{"text":"slow"}`)
		synctest.Wait()
		r.post("say", `{"text":"fast"}`)
		synctest.Wait()
		require.Equal(t, "fast", r.events(wacloud.KindMessage)[0].Text())
		pass(5 * time.Second)
		require.Equal(t, "slow", r.events(wacloud.KindMessage)[1].Text())
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

// Statuses come in Meta's order, or in none.
func TestOrderOfStatuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		arm, ticks string
		want       []string
	}{
		{"", "delivered", []string{"sent", "delivered", "message button", "read"}},
		{"reorder-delivered", "delivered", []string{"delivered", "sent", "message button", "read"}},
		{"reorder-read", "read", []string{"sent", "read", "delivered", "message button"}},
		{"reorder-tap", "accepted", []string{"message button", "sent", "delivered"}},
	} {
		t.Run(tt.arm, func(t *testing.T) {
			t.Parallel()
			inRig(t, func(t *testing.T, r *rig) {
				r.post("say", `{"text":"hi"}`)
				pass(time.Minute)
				if tt.arm != "" {
					r.post("faults", `{"kind":"`+tt.arm+`"}`)
				}
				r.post("tap", `{"key":"0"}`) // the carousel
				pass(time.Minute)
				s := r.state()
				carousel := s.last(t).ID
				require.Equal(t, tt.ticks, s.last(t).Status, "a late status takes no tick back")
				r.post("tap", `{"message":"`+carousel+`","key":"0"}`)
				pass(time.Minute)
				var got []string
				for _, e := range r.state().Entries {
					switch {
					case e.Kind == "webhook" && e.Message == carousel:
						got = append(got, strings.TrimPrefix(e.What, "status "))
					case e.What == "message button":
						got = append(got, e.What)
					}
				}
				require.Equal(t, tt.want, got)
			})
		})
	}
}

// The statuses of a message wait for the tap after it, also where the bot sends it before it answers the tap before.
func TestHeldStatusesWaitForTheNextTap(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Connect(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
			body, err := io.ReadAll(req.Body)
			if err == nil && strings.Contains(string(body), `"first"`) {
				_, err = r.client.Send(req.Context(), wacloud.WaID("5511900000001"), wacloud.NewText("at once"))
			}
			if err != nil {
				t.Error(err)
			}
		}))
		r.post("faults", `{"kind":"reorder-tap"}`)
		r.post("say", `{"text":"first"}`)
		pass(time.Minute)
		require.Equal(t, "accepted", r.state().last(t).Status)
		r.post("say", `{"text":"second"}`)
		pass(time.Minute)
		require.Equal(t, "delivered", r.state().bots()[0].Status)
	})
}

func TestAPIFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		arm    string
		status int
		code   int
		is     error
	}{
		{`{"kind":"throttled","retry_after_s":60}`, 429, 80007, wacloud.ErrRateLimited},
		{`{"kind":"throughput","retry_after_s":60}`, 400, 130429, wacloud.ErrRateLimited},
		{`{"kind":"pair","retry_after_s":60}`, 400, 131056, wacloud.ErrRateLimited},
		{`{"kind":"window"}`, 400, 131047, wacloud.ErrWindowClosed},
		{`{"kind":"undeliverable"}`, 400, 131026, wacloud.ErrUndeliverable},
		{`{"kind":"withheld"}`, 400, 131049, wacloud.ErrBlocked},
		{`{"kind":"token-expired"}`, 401, 190, wacloud.ErrAuth},
		{`{"kind":"code","code":132001}`, 404, 132001, wacloud.ErrTemplate},
		{`{"kind":"code","code":131000,"status":503}`, 503, 131000, wacloud.ErrUnavailable},
		{`{"kind":"html"}`, 500, 0, wacloud.ErrUnavailable},
	} {
		t.Run(tt.arm, func(t *testing.T) {
			t.Parallel()
			inRig(t, func(t *testing.T, r *rig) {
				r.post("say", `{"text":"hi"}`)
				pass(time.Minute)
				r.post("faults", tt.arm)
				_, err := r.client.Send(t.Context(), wacloud.WaID("5511900000001"), wacloud.NewText("x"))
				require.ErrorIs(t, err, tt.is)
				apiErr, ok := errors.AsType[*wacloud.APIError](err)
				require.True(t, ok)
				require.Equal(t, tt.status, apiErr.StatusCode)
				require.Equal(t, tt.code, apiErr.Code)
				if tt.code == 190 {
					require.Equal(t, 463, apiErr.Subcode)
				}
				if strings.Contains(tt.arm, "retry_after") {
					require.Equal(t, time.Minute, apiErr.RetryAfter)
				}
				s := r.state()
				entry := s.Entries[len(s.Entries)-1]
				require.Equal(t, tt.status, entry.Status)
				require.NotEmpty(t, entry.Fault, "the inspector says that it was a fault")
				_, err = r.client.Send(t.Context(), wacloud.WaID("5511900000001"), wacloud.NewText("x"))
				require.NoError(t, err, "once")
			})
		})
	}
}

// The connection may go before the message was taken or after; the library says which it cannot know.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	for kind, taken := range map[string]int{"cut": 1, "cut-after": 2} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			inRig(t, func(t *testing.T, r *rig) {
				r.post("say", `{"text":"hi"}`)
				pass(time.Minute)
				r.post("faults", `{"kind":"`+kind+`"}`)
				_, err := r.client.Send(t.Context(), wacloud.WaID("5511900000001"), wacloud.NewText("x"))
				_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
				require.True(t, ambiguous, err)
				require.Len(t, r.state().bots(), taken)
			})
		})
	}
}

// What is refused late fails in a status.
func TestAcceptedThenFailed(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		pass(time.Minute)
		r.post("faults", `{"kind":"undeliverable","async":true}`)
		sent, err := r.client.Send(t.Context(), wacloud.WaID("5511900000001"), wacloud.NewText("x"))
		require.NoError(t, err)
		pass(time.Minute)
		m := r.state().last(t)
		require.Equal(t, "failed", m.Status)
		require.Equal(t, 131026, m.Errors[0].Code)
		statuses := r.events(wacloud.KindStatus)
		last := statuses[len(statuses)-1].Status
		require.Equal(t, sent.MessageID, last.ID)
		require.Equal(t, "failed", last.Status)
		require.ErrorIs(t, last.Errors[0], wacloud.ErrUndeliverable)
	})
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("faults", `{"kind":"slow","delay_ms":7000,"call":"any"}`)
		start := time.Now()
		_, err := r.client.Send(t.Context(), wacloud.WaID("5511900000001"), wacloud.Raw{
			Type: "template", JSON: json.RawMessage(`{"name":"x","language":{"code":"en"}}`),
		})
		require.NoError(t, err)
		require.Equal(t, 7*time.Second, time.Since(start))
	})
}

// The next n, every nth, and by chance, which comes the same again with the same seed.
func TestTriggers(t *testing.T) {
	t.Parallel()
	hits := func(t *testing.T, arm string) (all string) {
		t.Helper()
		inRig(t, func(t *testing.T, r *rig) {
			r.post("faults", arm)
			marks := make([]byte, 12)
			for i := range marks {
				marks[i] = '.'
				if r.post("say", `{"text":"hi"}`).Status == 0 {
					marks[i] = 'x'
				}
			}
			all = string(marks)
		})
		return all
	}
	require.Equal(t, "x...........", hits(t, `{"kind":"drop"}`))
	require.Equal(t, "xxx.........", hits(t, `{"kind":"drop","next":3}`))
	require.Equal(t, "...x...x...x", hits(t, `{"kind":"drop","every":4}`))
	chance := hits(t, `{"kind":"drop","probability":0.5,"seed":7}`)
	require.Contains(t, chance, "x")
	require.Contains(t, chance, ".")
	require.Equal(t, chance, hits(t, `{"kind":"drop","probability":0.5,"seed":7}`))
	require.NotEqual(t, chance, hits(t, `{"kind":"drop","probability":0.5,"seed":8}`))
}

func TestFaultsAreShownAndDisarmed(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("faults", `{"kind":"duplicate","every":2}`)
		r.post("faults", `{"kind":"html","next":3}`)
		require.Equal(t, []snapshotFault{{ID: 1, Kind: "duplicate"}, {ID: 2, Kind: "html", Next: 3}}, r.state().Faults)
		r.post("say", `{"text":"hi"}`)
		require.Equal(t, 1, r.state().Faults[0].Seen)
		status, _ := r.call(http.MethodDelete, "faults/1", "")
		require.Equal(t, http.StatusOK, status)
		require.Len(t, r.state().Faults, 1)
		status, _ = r.call(http.MethodDelete, "faults", "")
		require.Equal(t, http.StatusOK, status)
		require.Empty(t, r.state().Faults)
		for range 100 {
			r.post("faults", `{"kind":"duplicate"}`)
		}
		status, body := r.call(http.MethodPost, "faults", `{"kind":"duplicate"}`)
		require.Equal(t, http.StatusConflict, status, string(body))
	})
}

// Every kind that is listed can be armed, and every parameter that it lists is taken.
func TestEveryKindCanBeArmed(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"on": `"any"`, "n": "2", "level": `"entries"`, "delay_ms": "1", "signed": "true", "code": "1", "status": "500",
		"retry_after_s": "1", "async": "true", "call": `"any"`,
	}
	inRig(t, func(t *testing.T, r *rig) {
		_, body := r.call(http.MethodGet, "faults/kinds", "")
		var listed struct {
			Kinds []struct {
				Kind, Side, What string
				Parameters       []string
			}
		}
		require.NoError(t, json.Unmarshal(body, &listed))
		require.Len(t, listed.Kinds, 33)
		for _, k := range listed.Kinds {
			members := []string{`"kind":"` + k.Kind + `"`}
			for _, p := range k.Parameters {
				members = append(members, `"`+p+`":`+values[p])
			}
			r.post("faults", "{"+strings.Join(members, ",")+"}")
			require.NotEmpty(t, k.What)
		}
	})
}
