package wacloud_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// aliasClient sends from the kit's number through rt, with a store that has a user's names on record, or not.
func aliasClient(t *testing.T, rt http.RoundTripper, onRecord bool) *wacloud.Client {
	t.Helper()
	store := wacloud.NewMemoryStore()
	srv, _ := windowBot(t, store)
	if onRecord {
		windowDeliver(srv, wacloudtest.Text(bothNames, "oi"))
	}
	c, err := wacloud.NewClient(wacloudtest.PhoneNumberID, wacloud.NewSecret("t"), wacloud.WithHTTPClient(&http.Client{Transport: rt}), wacloud.WithStore(store))
	require.NoError(t, err)
	return c
}

var (
	aliasPhone  = wacloud.Phone("+1 555 000 1234") // that of bothNames
	aliasUserID = wacloud.UserID("US.ab12")
)

// sendInOrder sends "0", "1", … at the same time: each begins when the one before stands in line or is on its way.
func sendInOrder(t *testing.T, c *wacloud.Client, to []wacloud.Recipient) {
	t.Helper()
	var wg sync.WaitGroup
	for i, to := range to {
		wg.Go(func() {
			if _, err := c.Send(t.Context(), to, wacloud.NewText(string(rune('0'+i)))); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
	}
	wg.Wait()
}

// limitsTheFirst refuses the message "0" once, so that it is sent again after a second.
func limitsTheFirst() *limitGraph {
	refused := false
	return &limitGraph{answer: func(_ int, body string) string {
		if !refused && strings.Contains(body, `"body":"0"`) {
			refused = true
			return "131056"
		}
		return ""
	}}
}

// A user who is addressed by number and by user id is one recipient: what was sent first arrives first, although it had to be
// repeated, and the limit of the recipient is one.
func TestOrderKnowsTheUserIDOfANumber(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		onRecord bool
		to       []wacloud.Recipient
		want     string
	}{
		{"number, user id", true, []wacloud.Recipient{aliasPhone, aliasUserID, aliasPhone, aliasUserID}, "0 0 1 2 3"},
		{"user id, number", true, []wacloud.Recipient{aliasUserID, aliasPhone, aliasUserID, aliasUserID, aliasPhone}, "0 0 1 2 3 4"},
		{"user ids only", true, []wacloud.Recipient{aliasUserID, aliasUserID, aliasUserID}, "0 0 1 2"},
		{"not on record", false, []wacloud.Recipient{aliasPhone, aliasUserID}, "0 1 0"},
		{"another user id", true, []wacloud.Recipient{aliasPhone, wacloud.UserID("US.zz99")}, "0 1 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := limitsTheFirst()
				c := aliasClient(t, g, tt.onRecord)
				sendInOrder(t, c, tt.to)
				if diff := cmp.Diff(strings.Fields(tt.want), orderTexts(g)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// Somebody who gives up waiting leaves the lines as they were.
func TestOrderOfAUserIDRespectsTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rt := transportFunc(func(r *http.Request) (*http.Response, error) {
			<-time.After(10 * time.Second)
			return new(limitGraph).RoundTrip(r)
		})
		c := aliasClient(t, rt, true)
		send := func(to wacloud.Recipient, within time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			_, err := c.Send(ctx, to, wacloud.NewText("x"))
			return err
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := send(aliasPhone, time.Minute); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		require.Error(t, send(aliasUserID, time.Second))
		began := time.Now()
		require.NoError(t, send(aliasUserID, time.Minute))
		require.Equal(t, 19*time.Second, time.Since(began), "9 s are left of the first")
		wg.Wait()
		require.NoError(t, send(aliasPhone, time.Minute))
	})
}

// What Meta answers for another number than was asked for.
const (
	acceptedWaID = "551187654321" // in acceptedAnswer
	aliasAsked   = "5511988887777"
	aliasOwned   = "551188887777"
)

// A Brazilian number may be asked for with a digit more than the WhatsApp id has. Once Meta has said so it is one recipient; whose
// number differs in more is another.
func TestOrderKnowsAnotherWhatsAppID(t *testing.T) {
	t.Parallel()
	asked, owned := wacloud.Phone(aliasAsked), wacloud.WaID(aliasOwned)
	for _, tt := range []struct {
		name  string
		owned string
		to    []wacloud.Recipient
		want  string
	}{
		{"as the user writes, as it was asked", aliasOwned, []wacloud.Recipient{owned, asked, owned, asked}, "0 0 1 2 3"},
		{"as it was asked, as the user writes", aliasOwned, []wacloud.Recipient{asked, owned, asked, asked, owned}, "0 0 1 2 3 4"},
		{"another number", aliasOwned, []wacloud.Recipient{owned, wacloud.Phone("5511988886666")}, "0 1 0"},
		{"an answer for somebody else", "551188880000", []wacloud.Recipient{wacloud.WaID("551188880000"), asked}, "0 1 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := limitsTheFirst()
				c := limitClient(t, g, wacloud.WithHTTPClient(&http.Client{Transport: answersAlias{g, acceptedWaID, tt.owned}}))
				_, err := c.Send(t.Context(), asked, wacloud.NewText("first"))
				require.NoError(t, err)
				sendInOrder(t, c, tt.to)
				if diff := cmp.Diff(strings.Fields("first "+tt.want), orderTexts(g)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// Who stands in line while another name becomes known is not overtaken by who comes later.
func TestOrderHoldsWhileANameIsLearnt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := new(limitGraph)
		slow := transportFunc(func(r *http.Request) (*http.Response, error) {
			sleep(time.Second)
			return answersAlias{g, acceptedWaID, aliasOwned}.RoundTrip(r)
		})
		c := limitClient(t, g, wacloud.WithHTTPClient(&http.Client{Transport: slow}), wacloud.WithStore(aliasSlow{wacloud.NewMemoryStore()}))
		var wg sync.WaitGroup
		for _, text := range []string{"0", "1", "2", "3"} {
			wg.Go(func() {
				if _, err := c.Send(t.Context(), wacloud.Phone(aliasAsked), wacloud.NewText(text)); err != nil {
					t.Error(err)
				}
			})
			sleep(700 * time.Millisecond) // the name is known after 1 s, the line is free after 2
		}
		wg.Wait()
		require.Equal(t, []string{"0", "1", "2", "3"}, orderTexts(g))
	})
}

// aliasSlow takes a second to forget.
type aliasSlow struct{ wacloud.Store }

func (s aliasSlow) Delete(ctx context.Context, key string) error {
	sleep(time.Second)
	return s.Store.Delete(ctx, key)
}

// What was asked by the user id is answered by the number, and the other way round.
func TestTypedAnswersKnowTheUserIDOfANumber(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before []wacloud.User // who wrote before the question
		to     wacloud.Recipient
		answer wacloud.User
		want   string
	}{
		{"asked by user id, answered by number", []wacloud.User{bothNames}, aliasUserID, phoneOnly, "typed how:p"},
		{"asked by number, answered by user id", []wacloud.User{bothNames}, aliasPhone, userIDOnly, "typed how:p"},
		{"the answer is the first with both names", []wacloud.User{userIDOnly}, aliasUserID, bothNames, "typed how:p"},
		{"nobody ever said who the user id is", []wacloud.User{userIDOnly}, aliasUserID, phoneOnly, "text retirada"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newAnswersBot(t, wacloudtest.InMemory())
			b.serve()
			for _, u := range tt.before {
				b.srv.Deliver(wacloudtest.Text(u, "oi"))
			}
			b.heard()
			_, err := b.srv.Client(wacloud.WithStore(b.store)).Send(t.Context(), tt.to, answersButtons)
			require.NoError(t, err)
			b.srv.Deliver(wacloudtest.Text(tt.answer, "retirada"))
			require.Equal(t, []string{tt.want}, b.heard())
			b.srv.Deliver(wacloudtest.Text(tt.answer, "entrega"))
			require.Equal(t, []string{"text entrega"}, b.heard(), "it is answered, under both names")
		})
	}
}

// What was asked under the user id is what the text is for that first tells the number, and no later one.
func TestExpectKnowsTheUserIDOfANumber(t *testing.T) {
	t.Parallel()
	tap := func(u wacloud.User, id string, opts ...wacloudtest.EventOption) []byte {
		return wacloudtest.ButtonReply(u, wacloud.Button{ID: id, Title: id}, opts...)
	}
	for _, tt := range []struct {
		name   string
		before [][]byte
		want   string
	}{
		{"asked by user id", [][]byte{tap(userIDOnly, "ask:7")}, "name 7 Ana"},
		{"asked by number before", [][]byte{tap(phoneOnly, "ask:8", wacloudtest.At(time.Now().Add(-time.Minute))), tap(userIDOnly, "ask:7")}, "name 7 Ana"},
		{"asked by number later", [][]byte{tap(userIDOnly, "ask:7", wacloudtest.At(time.Now().Add(-time.Minute))), tap(phoneOnly, "ask:8")}, "name 8 Ana"},
		{"asked after both names came", [][]byte{wacloudtest.Text(bothNames, "oi"), tap(userIDOnly, "ask:7")}, "name 7 Ana"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newExpectBot(t)
			b.serve()
			for _, body := range tt.before {
				b.srv.Deliver(body)
				b.srv.Wait()
			}
			b.heard()
			b.srv.Deliver(wacloudtest.Text(bothNames, "Ana"))
			require.Equal(t, []string{tt.want}, b.heard())
			b.srv.Deliver(wacloudtest.Text(bothNames, "thanks"))
			require.Equal(t, []string{"text thanks"}, b.heard())
		})
	}
}
