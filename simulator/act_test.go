package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
)

func TestTapsReachTheirCallbacks(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		hello := r.state().last(t)
		require.Equal(t, "interactive", hello.Type)
		require.Equal(t, "button", hello.Kind)
		r.post("tap", `{"title":"Rooms"}`)
		synctest.Wait()
		rooms := r.state().last(t)
		require.Equal(t, "carousel", rooms.Kind)
		for _, in := range []string{
			`{"title":"Choose","card":1}`, `{"key":"1"}`, `{"id":"room:2"}`,
			`{"id":"room:2","shape":"button_reply"}`, `{"id":"room:2","shape":"quick_reply"}`,
		} {
			r.post("tap", strings.Replace(in, "{", `{"message":"`+rooms.ID+`",`, 1))
			synctest.Wait()
			require.JSONEq(t, `{"body":"Room 2"}`, string(r.state().last(t).Content), in)
		}
		before := len(r.events(wacloud.KindMessage))
		r.post("tap", `{"message":"`+rooms.ID+`","key":"0","shape":"turns"}`)
		synctest.Wait()
		var types []string
		for _, e := range r.events(wacloud.KindMessage)[before:] {
			require.Equal(t, "room:1", e.Message.Reply.ID)
			require.Equal(t, rooms.ID, e.Message.Reply.ContextID)
			types = append(types, e.Message.Type)
		}
		require.Equal(t, []string{"button", "interactive", "interactive"}, types)
		r.post("tap", `{"message":"`+hello.ID+`","key":"1"}`) // an old message stays tappable
		synctest.Wait()
		require.JSONEq(t, `{"body":"That is gone"}`, string(r.state().last(t).Content))
	})
}

// Who drives the phone need not know how long the bot takes.
func TestTapWaitsForTheBot(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("faults", `{"kind":"slow","delay_ms":3000}`)
		r.post("say", `{"text":"hi"}`)
		status, body := r.call(http.MethodPost, "tap", `{"title":"Rooms"}`)
		require.Equal(t, http.StatusNotFound, status, string(body))
		status, body = r.call(http.MethodPost, "tap", `{"title":"Rooms","wait_ms":2000}`)
		require.Equal(t, http.StatusNotFound, status, string(body))
		start := time.Now()
		r.post("tap", `{"title":"Rooms","wait_ms":60000}`)
		require.Equal(t, time.Second, time.Since(start).Round(100*time.Millisecond))
		synctest.Wait()
		require.Equal(t, "carousel", r.state().last(t).Kind)
	})
}

// Each button tells where it leads before it is tapped.
func TestOptionsShowTheirRoutes(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		hello := r.state().last(t)
		require.Equal(t, "rooms", hello.Options[0].Route.Pattern)
		require.False(t, hello.Options[0].Unrouted)
		require.True(t, hello.Options[1].Unrouted, "no route takes it")
		require.Nil(t, hello.Options[1].Route)
		r.post("tap", `{"key":"0"}`)
		synctest.Wait()
		room := r.state().last(t).Options[1]
		require.Equal(t, "room:{id}", room.Route.Pattern)
		require.Equal(t, map[string]string{"id": "2"}, room.Route.Params)
		require.Equal(t, 1, room.Card)
	})
}

func TestWhatUsersDoArrives(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, in string // MESSAGE stands for the bot's message
		ask            wacloud.Message
		want           wacloud.Content
		reply          *wacloud.Reply
		about          bool
	}{
		{name: "text", path: "say", in: `{"text":"olá"}`, want: wacloud.TextContent{Body: "olá"}},
		{name: "quoted", path: "say", in: `{"text":"this one","reply_to":"MESSAGE"}`, want: wacloud.TextContent{Body: "this one"}, about: true},
		{
			name: "location", path: "location", in: `{"latitude":-23.5,"longitude":-46.6,"name":"Sé","reply_to":"MESSAGE"}`,
			ask: wacloud.NewLocationRequest("Where?"), want: wacloud.LocationContent{Latitude: -23.5, Longitude: -46.6, Name: "Sé"}, about: true,
		},
		{
			name: "contact info", path: "contact", in: `{"reply_to":"MESSAGE"}`, ask: wacloud.NewContactInfoRequest("Who?"),
			want: wacloud.ContactsContent{Contacts: []wacloud.Contact{{
				Name:   wacloud.ContactName{Formatted: "Ana", First: "Ana"},
				Phones: []wacloud.ContactPhone{{Phone: "+5511900000001", WaID: "5511900000001", Type: "CELL"}}, Origin: "contact_request",
			}}}, about: true,
		},
		{
			name: "flow", path: "form", in: `{"message":"MESSAGE","response":{"day":"Monday"}}`,
			ask:  wacloud.Flow{Body: "Book", ID: "123", CTA: "Open", Token: "t-1"},
			want: wacloud.ReplyContent{}, about: true,
			reply: &wacloud.Reply{Kind: wacloud.ReplyKindFlow, ID: "flow", Title: "Sent", Data: []byte(`{"day":"Monday","flow_token":"t-1"}`)},
		},
		{
			name: "order", path: "order",
			in: `{"catalog_id":"7","text":"gift","items":[{"retailer_id":"sku-1","quantity":2,"price":"12.5","currency":"EUR"}]}`,
			want: wacloud.OrderContent{CatalogID: "7", Text: "gift", Items: []wacloud.OrderItem{
				{RetailerID: "sku-1", Quantity: 2, Price: "12.5", Currency: "EUR"},
			}},
		},
		{
			name: "call permission", path: "call-permission", in: `{"message":"MESSAGE","accept":true}`,
			ask: wacloud.CallPermissionRequest{Body: "May we?"}, want: wacloud.ReplyContent{}, about: true,
			reply: &wacloud.Reply{
				Kind: wacloud.ReplyKindCallPermission, ID: "accept", Title: "accept",
				Data: []byte(`{"response":"accept","response_source":"user_action"}`),
			},
		},
		{name: "reaction", path: "react", in: `{"message":"MESSAGE","emoji":"👍"}`, want: wacloud.ReactionContent{MessageID: "MESSAGE", Emoji: "👍"}},
		{
			name: "an id of long ago", path: "tap-id", in: `{"id":"room:9","title":"Old"}`, want: wacloud.ReplyContent{},
			reply: &wacloud.Reply{Kind: wacloud.ReplyKindButton, ID: "room:9", Title: "Old"},
		},
		{name: "raw", path: "raw", in: `{"type":"text","content":{"body":"raw"}}`, want: wacloud.TextContent{Body: "raw"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inRig(t, func(t *testing.T, r *rig) {
				r.post("say", `{"text":"hi"}`)
				synctest.Wait()
				if tt.ask != nil {
					_, err := r.client.Send(t.Context(), wacloud.WaID("5511900000001"), tt.ask)
					require.NoError(t, err)
				}
				asked := r.state().last(t).ID
				a := r.post(tt.path, strings.ReplaceAll(tt.in, "MESSAGE", asked))
				require.Equal(t, http.StatusOK, a.Status, a.Error)
				synctest.Wait()
				events := r.events(wacloud.KindMessage)
				got := events[len(events)-1].Message
				require.Equal(t, a.Message, got.ID)
				if c, ok := tt.want.(wacloud.ReactionContent); ok {
					c.MessageID = asked
					tt.want = c
				}
				require.Empty(t, cmp.Diff(tt.want, got.Content))
				if tt.reply != nil {
					if tt.about {
						tt.reply.ContextID = asked
					}
					require.Empty(t, cmp.Diff(tt.reply, got.Reply))
				}
				if tt.about {
					require.Equal(t, asked, got.Context.ID)
				}
			})
		})
	}
}

func TestFilesOfUsersCanBeDownloaded(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("media", `{"kind":"audio","mime_type":"audio/ogg; codecs=opus","data":"T2dnUw==","voice":true}`)
		synctest.Wait()
		content, ok := r.events(wacloud.KindMessage)[0].Message.Content.(wacloud.MediaContent)
		require.True(t, ok)
		require.True(t, content.Voice)
		m := r.state().Messages[0]
		require.Equal(t, "audio/ogg; codecs=opus", m.Media[""].MIMEType)
		status, body := r.call(http.MethodGet, strings.TrimPrefix(m.Media[""].Src, "/_sim/"), "")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "OggS", string(body))
	})
}

func TestReactionsHangOnTheirMessage(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		s := r.state()
		hello, mine := s.last(t), s.Messages[0]
		r.post("react", `{"message":"`+hello.ID+`","emoji":"❤️"}`)
		_, err := r.client.Send(t.Context(), wacloud.WaID("5511900000001"), wacloud.Reaction{MessageID: mine.ID, Emoji: "👍"})
		require.NoError(t, err)
		synctest.Wait()
		s = r.state()
		require.Len(t, s.Messages[0].Reactions, 1)
		require.False(t, s.Messages[0].Reactions[0].FromUser)
		require.Equal(t, "❤️", s.Messages[1].Reactions[0].Emoji)
		for _, m := range s.Messages {
			require.NotEqual(t, "reaction", m.Type, "a reaction is no bubble")
		}
		r.post("react", `{"message":"`+hello.ID+`","emoji":""}`)
		require.Empty(t, r.state().Messages[1].Reactions)
	})
}

// Users differ in what the business may know of them.
func TestUsersWithAndWithoutPhones(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		for _, tt := range []struct {
			in        string
			phone, id bool
			username  string
		}{
			{`{"name":"Bo"}`, true, true, ""},
			{`{"name":"Cy","hide_phone":true}`, false, true, ""},
			{`{"name":"Di","hide_user_id":true}`, true, false, ""},
			{`{"name":"Ed","hide_phone":true,"username":"ed.example"}`, false, true, "ed.example"},
		} {
			status, body := r.call(http.MethodPost, "users", tt.in)
			require.Equal(t, http.StatusOK, status, string(body))
			name := tt.in[9:11]
			r.post("say", `{"user":"`+name+`","number":"100000000000002","text":"hi"}`)
			synctest.Wait()
			events := r.events(wacloud.KindMessage)
			from := events[len(events)-1].Message.From
			require.Equal(t, tt.phone, from.Phone != "", name)
			require.Equal(t, tt.id, from.ID != "", name)
			require.Equal(t, tt.username, from.Username)
			require.Equal(t, name, from.Name)
		}
		s := r.state()
		require.Len(t, s.Chats, 4, "each has a chat")
		require.Len(t, s.bots(), 4, "each got an answer, with or without a phone number")
		for _, c := range s.Chats {
			require.Equal(t, "100000000000002", c.Number)
		}
		status, body := r.call(http.MethodPost, "users", `{"hide_phone":true,"hide_user_id":true}`)
		require.Equal(t, http.StatusBadRequest, status, string(body))
	})
}

func TestTypingAndReadMarks(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		a := r.post("raw", `{"type":"sticker","content":{"id":"1","mime_type":"image/webp","sha256":"x"}}`)
		synctest.Wait()
		require.NoError(t, r.client.Typing(t.Context(), a.Message))
		s := r.state()
		require.True(t, s.Messages[0].Read)
		require.Equal(t, 25*time.Second, s.Chats[0].TypingUntil.Sub(s.Now).Round(time.Second))
	})
}

func TestWrongCallsSayWhy(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		bot := r.state().last(t).ID
		for _, tt := range []struct {
			method, path, in string
			status           int
			why              string
		}{
			{"POST", "say", `{"text":""}`, 400, "text is required"},
			{"POST", "say", `{"txt":"x"}`, 400, "unknown field"},
			{"POST", "say", `{"text":"x"}{}`, 400, "more than one"},
			{"POST", "say", `not json`, 400, "does not fit"},
			{"POST", "say", `{"user":"nobody","text":"x"}`, 404, "no such user"},
			{"POST", "say", `{"number":"1","text":"x"}`, 404, "no such number"},
			{"POST", "say", `{"text":"x","reply_to":"wamid.X"}`, 404, "no such message"},
			{"POST", "say", `{"text":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "too large"},
			{"POST", "tap", `{"title":"Lost"}`, 404, "no such option"},
			{"POST", "tap", `{}`, 404, "no such option"},
			{"POST", "tap", `{"key":"0","shape":"round"}`, 400, "must be one of"},
			{"POST", "tap", `{"key":"0","wait_ms":60001}`, 400, "wait_ms must be"},
			{"POST", "tap", `{"key":"0","wait_ms":-1}`, 400, "wait_ms must be"},
			{"POST", "react", `{"message":"wamid.X","emoji":"x"}`, 404, "no such message"},
			{"POST", "form", `{"message":"` + bot + `"}`, 400, "no form"},
			{"POST", "order", `{}`, 400, "items"},
			{"POST", "media", `{"kind":"hologram"}`, 400, "kind must be"},
			{"POST", "media", `{"kind":"image"}`, 400, "required"},
			{"POST", "raw", `{}`, 400, "type or body"},
			{"POST", "status", `{"message":"` + bot + `","status":"played"}`, 400, "voice"},
			{"POST", "status", `{"message":"` + bot + `","status":"eaten"}`, 400, "must be"},
			{"POST", "clock", `{"advance_ms":-1}`, 400, "forward"},
			{"PATCH", "settings", `{"window":"ajar"}`, 400, "window must be"},
			{"PATCH", "settings", `{"throughput":-1}`, 400, "negative"},
			{"POST", "faults", `{"kind":"flood"}`, 400, "no such kind"},
			{"POST", "faults", `{"kind":"duplicate","next":1,"every":2}`, 400, "one of"},
			{"POST", "faults", `{"kind":"duplicate","code":1}`, 400, "no parameter code"},
			{"POST", "faults", `{"kind":"batch","n":1}`, 400, "n must be"},
			{"DELETE", "faults/9", ``, 404, "no such fault"},
			{"GET", "entries/999", ``, 404, "no such entry"},
			{"GET", "entries/1/copy?as=haiku", ``, 400, "as must be"},
			{"GET", "transcript?user=nobody", ``, 404, "no such user"},
			{"GET", "media/123", ``, 404, "no such file"},
			{"POST", "fly", `{}`, 404, "no such call"},
		} {
			status, body := r.call(tt.method, tt.path, tt.in)
			require.Equal(t, tt.status, status, "%s %s: %s", tt.path, tt.in, body)
			require.Contains(t, string(body), tt.why)
		}
	})
}

// A bot that is down is told to who taps, and gets the webhook when it is up.
func TestBotThatIsDown(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		hook := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		r.sim.Connect(hook)
		a := r.post("say", `{"text":"hi"}`)
		require.Zero(t, a.Status)
		require.NotEmpty(t, a.Error)
		require.JSONEq(t, `{"webhook":"","reachable":false}`, string(r.state().Bot))
		var bodies int
		r.sim.Connect(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodPost {
				bodies++
			}
		}))
		pass(2 * time.Second)
		require.Equal(t, 1, bodies)
		hooks := r.state().webhooks("message text")
		require.Len(t, hooks, 2)
		require.False(t, hooks[0].NextAt.IsZero())
		require.Equal(t, 2, hooks[1].Attempt)
		require.True(t, hooks[1].Acked)
	})
}

// Repetition ends, so that a bot that is gone costs nothing.
func TestRedeliveryIsBounded(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Connect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
		r.post("say", `{"text":"hi"}`)
		pass(time.Hour)
		var pauses []time.Duration
		hooks := r.state().webhooks("message text")
		require.Len(t, hooks, 6)
		for _, h := range hooks {
			if !h.NextAt.IsZero() {
				pauses = append(pauses, 0)
			}
		}
		require.Len(t, pauses, 5, "the last has no next")
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, opts := range []simulator.Options{
		{Webhook: "localhost:3000"}, {Webhook: "ftp://localhost/"}, {Users: []wacloud.User{{Name: "Nobody"}}},
	} {
		_, err := simulator.New(opts)
		require.ErrorContains(t, err, "simulator: new: ")
	}
}
