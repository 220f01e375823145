package wacloud_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func newTestSigner(tb testing.TB, keys ...string) *wacloud.IDSigner {
	tb.Helper()
	var secrets []wacloud.Secret
	for _, key := range keys {
		secrets = append(secrets, wacloud.NewSecret(key))
	}
	s, err := wacloud.NewIDSigner(secrets...)
	require.NoError(tb, err)
	return s
}

const (
	signerKeyA = "0123456789abcdef0123456789abcdef"
	signerKeyB = "another key that has enough bytes"
)

// signedRouter notes which callback a tap reached, and with which parameter.
func signedRouter(s *wacloud.IDSigner, got *string) *wacloud.Router {
	r := wacloud.NewRouter()
	r.Signer(s)
	r.NotFound(notedAs(got, "not found"))
	r.BadID(notedAs(got, "bad id"))
	r.Expired(notedAs(got, "expired"))
	r.Text(notedAs(got, "text"), wacloud.RequireSigned())
	r.Reply("open:{id}", notedAs(got, "open"))
	r.Group(func(g *wacloud.Router) {
		g.Use(wacloud.RequireSigned())
		g.Reply("order:{id}", notedAs(got, "order"))
	})
	return r
}

func notedAs(got *string, name string) wacloud.HandlerFunc {
	return func(_ context.Context, e *wacloud.Event) error {
		*got = strings.TrimSpace(name + " " + e.Param("id"))
		return nil
	}
}

// The format is in chats already. These were computed with Python's hmac: base64url(expiry 6 bytes, MAC 9 bytes) where
// the MAC is over "wacloud id 1", expiry (8 bytes), length of the user (8 bytes), user, id.
func TestIDSignerFormat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the clock begins at 2000-01-01
		s := newTestSigner(t, signerKeyA)
		require.Equal(t, "order:7~AAA4bVGQgIlWQyUqESvA", s.Sign("order:7", "some user", time.Hour))
		require.Equal(t, "order:7~AAAAAAAAIyT0QE9ghLPs", s.Sign("order:7", "some user", 0))
	})
}

// 21 characters are the signature's; the rest of 256 and 200 is the id's.
func TestIDSignerBudget(t *testing.T) {
	t.Parallel()
	s := newTestSigner(t, signerKeyA)
	button := s.Sign(strings.Repeat("é", 235), "somebody", time.Hour)
	require.Equal(t, 256, utf8.RuneCountInString(button))
	require.NoError(t, wacloud.NewButtons("Body", wacloud.Button{ID: button, Title: "Tap"}).Validate())
	over := s.Sign(strings.Repeat("é", 236), "somebody", time.Hour)
	require.ErrorIs(t, wacloud.NewButtons("Body", wacloud.Button{ID: over, Title: "Tap"}).Validate(), wacloud.ErrInvalid)
	row := s.Sign(strings.Repeat("é", 179), "somebody", time.Hour)
	require.NoError(t, wacloud.NewList("Body", wacloud.Menu{Button: "Menu", Sections: wacloud.Rows(wacloud.Row{ID: row, Title: "Tap"})}).Validate())
}

func TestIDSignerNeedsGoodKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		keys []wacloud.Secret
		want string
	}{
		{"none", nil, "wacloud: new id signer: no key"},
		{"absent", []wacloud.Secret{{}}, "wacloud: new id signer: key 1 has 0 bytes, it needs at least 16"},
		{"short", []wacloud.Secret{wacloud.NewSecret(signerKeyA), wacloud.NewSecret("0123456789abcde")}, "wacloud: new id signer: key 2 has 15 bytes, it needs at least 16"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := wacloud.NewIDSigner(tt.keys...)
			require.Nil(t, s)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestIDSigner(t *testing.T) {
	t.Parallel()
	user := tapOn("").UserKey()
	tests := []struct {
		name string
		tap  func(s *wacloud.IDSigner) *wacloud.Event
		wait time.Duration
		want string
	}{
		{"good", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("order:7", user, time.Hour)) }, 0, "order 7"},
		{"good in the last second", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("order:7", user, time.Hour)) }, time.Hour - time.Second, "order 7"},
		{"past", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("order:7", user, time.Hour)) }, time.Hour, "expired"},
		{"past at once", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("order:7", user, -time.Second)) }, 0, "expired"},
		{"past before 1970", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("order:7", user, -100*365*24*time.Hour)) }, 0, "expired"},
		{"tapped in time and handled late", func(s *wacloud.IDSigner) *wacloud.Event {
			e := tapOn(s.Sign("order:7", user, time.Hour))
			e.Timestamp = time.Now().Add(time.Hour - time.Second)
			return e
		}, 48 * time.Hour, "order 7"},
		{"tapped too late", func(s *wacloud.IDSigner) *wacloud.Event {
			e := tapOn(s.Sign("order:7", user, time.Hour))
			e.Timestamp = time.Now().Add(time.Hour)
			return e
		}, 48 * time.Hour, "expired"},
		{"a tap of the future is one of now", func(s *wacloud.IDSigner) *wacloud.Event {
			e := tapOn(s.Sign("order:7", user, time.Hour))
			e.Timestamp = time.Now().Add(48 * time.Hour)
			return e
		}, 0, "order 7"},
		{"for ever", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("order:7", user, 0)) }, 20 * 365 * 24 * time.Hour, "order 7"},
		{"without a signature", func(*wacloud.IDSigner) *wacloud.Event { return tapOn("order:7") }, 0, "bad id 7"},
		{"without a signature, not guarded", func(*wacloud.IDSigner) *wacloud.Event { return tapOn("open:7") }, 0, "open 7"},
		{"signed, not guarded", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("open:7", user, time.Hour)) }, 0, "open 7"},
		{"badly signed, not guarded", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("open:7", "somebody else", time.Hour)) }, 0, "bad id"},
		{"signed without a route", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("old:7", user, time.Hour)) }, 0, "not found"},
		{"of another user", func(s *wacloud.IDSigner) *wacloud.Event {
			e := tapOn(s.Sign("order:7", user, time.Hour))
			e.Message.From.Phone = "16505550000"
			return e
		}, 0, "bad id"},
		{"of another number of the business", func(s *wacloud.IDSigner) *wacloud.Event {
			e := tapOn(s.Sign("order:7", user, time.Hour))
			e.PhoneNumberID = "106540352242923"
			return e
		}, 0, "bad id"},
		{"of nobody", func(s *wacloud.IDSigner) *wacloud.Event {
			e := tapOn(s.Sign("order:7", user, time.Hour))
			e.Message.From = wacloud.User{}
			return e
		}, 0, "bad id"},
		{"of another id", func(s *wacloud.IDSigner) *wacloud.Event {
			return tapOn("order:8" + strings.TrimPrefix(s.Sign("order:7", user, time.Hour), "order:7"))
		}, 0, "bad id"},
		{"past and of another user", func(s *wacloud.IDSigner) *wacloud.Event { return tapOn(s.Sign("order:7", "somebody else", -time.Hour)) }, 0, "bad id"},
		{"signed twice", func(s *wacloud.IDSigner) *wacloud.Event {
			return tapOn(s.Sign(s.Sign("order:7", user, time.Hour), user, time.Hour))
		}, 0, "order " + "7" + "~"}, // the inner one is a part of the id
		{"with an old key", func(*wacloud.IDSigner) *wacloud.Event {
			return tapOn(newTestSigner(t, signerKeyB).Sign("order:7", user, time.Hour))
		}, 0, "order 7"},
		{"with an unknown key", func(*wacloud.IDSigner) *wacloud.Event {
			return tapOn(newTestSigner(t, "some other key of some length").Sign("order:7", user, time.Hour))
		}, 0, "bad id"},
		{"signature cut", func(s *wacloud.IDSigner) *wacloud.Event {
			signed := s.Sign("order:7", user, time.Hour)
			return tapOn(signed[:len(signed)-1])
		}, 0, "bad id 7~"},
		{"value that looks signed, not guarded", func(*wacloud.IDSigner) *wacloud.Event { return tapOn("open:a~AAAAAAAAAAAAAAAAAAAA") }, 0, "bad id"},
		{"value with the mark", func(*wacloud.IDSigner) *wacloud.Event { return tapOn("open:a~b") }, 0, "open a~b"},
		{"text passes a guard", func(*wacloud.IDSigner) *wacloud.Event { return contentEvent(wacloud.TextContent{}) }, 0, "text"},
		{"typed answer", func(s *wacloud.IDSigner) *wacloud.Event {
			return replyEvent(wacloud.Reply{Kind: wacloud.ReplyKindTyped, ID: s.Sign("order:7", user, time.Hour)})
		}, 0, "order 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var got string
				s := newTestSigner(t, signerKeyA, signerKeyB)
				r := signedRouter(s, &got)
				e := tt.tap(s)
				var raw string
				if e.Message.Reply != nil {
					raw = e.Message.Reply.ID
				}
				<-time.After(tt.wait)
				require.NoError(t, r.Handle(t.Context(), e))
				require.True(t, strings.HasPrefix(got, tt.want), "got %q, want %q", got, tt.want)
				if !strings.HasSuffix(tt.want, "~") {
					require.Equal(t, tt.want, got)
				}
				if e.Message.Reply != nil {
					require.Equal(t, raw, e.Message.Reply.ID, "Reply.ID stays as it came")
				}
			})
		})
	}
}

// Without a signer an id with a signature is an id like any other, and a guard refuses it.
func TestRequireSignedWithoutSigner(t *testing.T) {
	t.Parallel()
	var got string
	r := wacloud.NewRouter()
	r.BadID(notedAs(&got, "bad id"))
	r.Reply("order:{id}", notedAs(&got, "order"), wacloud.RequireSigned())
	r.Reply("open:{id}", notedAs(&got, "open"))
	signed := newTestSigner(t, signerKeyA).Sign("open:7", tapOn("").UserKey(), time.Hour)
	require.NoError(t, r.Handle(t.Context(), tapOn(signed)))
	require.Equal(t, "open "+strings.TrimPrefix(signed, "open:"), got)
	require.NoError(t, r.Handle(t.Context(), tapOn("order:7")))
	require.Equal(t, "bad id 7", got)
}

// The typed callback gets the id without its signature.
func TestIDSignerTypedRoute(t *testing.T) {
	t.Parallel()
	s := newTestSigner(t, signerKeyA)
	refund := wacloud.NewRoute[int]("refund:{n}")
	var got int
	r := wacloud.NewRouter()
	r.Signer(s)
	wacloud.On(r, refund, func(_ context.Context, _ *wacloud.Event, n int) error {
		got = n
		return nil
	}, wacloud.RequireSigned())
	require.NoError(t, r.Handle(t.Context(), tapOn(s.Sign(refund.ID(124), tapOn("").UserKey(), time.Hour))))
	require.Equal(t, 124, got)
}

func TestIDSignerZeroValueRefuses(t *testing.T) {
	t.Parallel()
	var zero wacloud.IDSigner
	var got string
	r := signedRouter(&zero, &got)
	signed := newTestSigner(t, signerKeyA).Sign("open:7", tapOn("").UserKey(), time.Hour)
	require.NoError(t, r.Handle(t.Context(), tapOn(signed)))
	require.Equal(t, "bad id", got)
}

// FuzzIDSigner signs, then changes something: never is a changed id taken for a good one.
func FuzzIDSigner(f *testing.F) {
	f.Add("order:7", "16505551234", uint16(3), byte(1))
	f.Add("a", "1", uint16(0), byte('~'))
	f.Add("x~AAAAAAAAAAAAAAAAAAAA", "9", uint16(40), byte(0x80))
	s := newTestSigner(f, signerKeyA)
	f.Fuzz(func(t *testing.T, id, phone string, at uint16, flip byte) {
		if id == "" || phone == "" {
			t.Skip("nothing to sign")
		}
		if strings.HasPrefix(id, " !") {
			require.Equal(t, id, s.Sign(id, "1", time.Hour), "what could not be written stays as it is, for the check to refuse")
			return
		}
		e := tapOn("")
		e.Message.From.Phone = phone
		var taken string
		r := wacloud.NewRouter()
		r.Signer(s)
		r.Reply("{...}", func(_ context.Context, e *wacloud.Event) error {
			taken = e.Rest()
			return nil
		}, wacloud.RequireSigned())
		r.BadID(routerNothing)
		tap := func(signed string) string {
			taken = ""
			e.Message.Reply.ID = signed
			require.NoError(t, r.Handle(t.Context(), e))
			return taken
		}
		signed := s.Sign(id, e.UserKey(), time.Hour)
		require.Equal(t, id, tap(signed))

		changed := []byte(signed)
		changed[int(at)%len(changed)] ^= flip
		if flip != 0 {
			require.Empty(t, tap(string(changed)))
		}
		require.Empty(t, tap(signed[:len(signed)-1]))
		require.Empty(t, tap(signed+"A"))
		require.Empty(t, tap(signed[1:]))
		e.Message.From.Phone = phone + "0"
		require.Empty(t, tap(signed))
	})
}
