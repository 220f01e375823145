package wacloud_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

type answersPick struct {
	N    int    `id:"n"`
	Name string `id:"name"`
}

// On each rung of generated messages, over HTTP, a user taps and types each option, and the same callback gets the same
// parameters.
func TestEveryChoiceArrivesOnEveryRung(t *testing.T) {
	t.Parallel()
	pick := wacloud.NewRoute[answersPick]("pick:{n}:{name}")
	srv := wacloudtest.NewServer(t)
	store := wacloud.NewMemoryStore()
	client := srv.Client(wacloud.WithStore(store), wacloud.WithFallback(wacloud.WordingPortuguese()))
	got := make(chan answersPick, 1)
	r := wacloud.NewRouter()
	wacloud.On(r, pick, func(_ context.Context, _ *wacloud.Event, p answersPick) error {
		got <- p
		return nil
	})
	r.Text(func(_ context.Context, e *wacloud.Event) error {
		got <- answersPick{Name: "text " + e.Text()}
		return nil
	})
	srv.Serve(r, func(c *wacloud.WebhookConfig) { c.Client, c.Store = client, store })

	for seed := range uint64(15) {
		g := answersGenerator{rand.New(rand.NewPCG(seed, 7)), pick}
		m, picks := g.message()
		for rung := range 1 + len(wacloud.Degrade(m)) {
			if rung == 0 && m.Validate() != nil {
				continue
			}
			user := srv.User(fmt.Sprintf("Ana %d %d", seed, rung))
			s := answersScene{t, srv, client, user, m, rung, got, fmt.Sprintf("seed %d, %T, rung %d", seed, m, rung)}
			s.tapEach(pick, picks)
			s.typeEach(pick, picks)
		}
	}
}

// answersScene is one user who gets one message on one rung.
type answersScene struct {
	*testing.T
	srv    *wacloudtest.Server
	client *wacloud.Client
	user   *wacloudtest.User
	m      wacloud.Message
	rung   int
	got    chan answersPick
	where  string
}

// show sends the message, refused until it is on its rung, and returns what the user got.
func (s *answersScene) show() []*wacloudtest.Received[wacloud.Message] {
	s.Helper()
	refusals := s.rung
	if s.m.Validate() != nil {
		refusals-- // refused by ourselves
	}
	s.srv.Fail(131051, refusals)
	sent, err := s.client.Send(s.Context(), s.user.Recipient(), s.m)
	require.NoError(s, err, s.where)
	var got []*wacloudtest.Received[wacloud.Message]
	for range max(1, len(sent.Parts)) {
		got = append(got, wacloudtest.Expect[wacloud.Message](s.user))
	}
	require.Equal(s, sent.Message, got[len(got)-1].Message, s.where)
	return got
}

// tapEach taps each choice that can be tapped: all of them, or on the text rung none.
func (s *answersScene) tapEach(pick *wacloud.Route[answersPick], picks []answersPick) {
	s.Helper()
	messages := s.show()
	tapped := 0
	for _, p := range picks {
		id := pick.ID(p)
		for _, m := range messages {
			if hasChoice(m.Message, id) {
				m.TapID(id)
				require.Equal(s, p, <-s.got, s.where)
				tapped++
			}
		}
	}
	if s.rung == len(wacloud.Degrade(s.m)) {
		require.Zero(s, tapped, s.where)
		return
	}
	require.Len(s, picks, tapped, s.where)
}

// typeEach types each choice, by its number where there is one, else by the title where only one has it.
func (s *answersScene) typeEach(pick *wacloud.Route[answersPick], picks []answersPick) {
	s.Helper()
	choices := titlesOf(s.m)
	for i, p := range picks {
		title, times := choices[pick.ID(p)], 0
		for _, other := range choices {
			if strings.EqualFold(other, title) {
				times++
			}
		}
		if times == 1 {
			s.show()
			s.user.Say(" " + strings.ToUpper(title) + "!")
			require.Equal(s, p, <-s.got, s.where)
		}
		if s.rung == len(wacloud.Degrade(s.m)) {
			s.show()
			s.user.Say(fmt.Sprintf("%d)", i+1))
			require.Equal(s, p, <-s.got, s.where)
		}
	}
}

func hasChoice(m wacloud.Message, id string) bool {
	_, ok := titlesOf(m)[id]
	return ok
}

// titlesOf are the titles by id.
func titlesOf(m wacloud.Message) map[string]string {
	titles := map[string]string{}
	switch m := m.(type) {
	case wacloud.Buttons:
		for _, b := range m.Buttons {
			titles[b.ID] = b.Title
		}
	case wacloud.List:
		for _, s := range m.Menu.Sections {
			for _, r := range s.Rows {
				titles[r.ID] = r.Title
			}
		}
	case wacloud.Carousel:
		for _, c := range m.Cards {
			for _, b := range c.Action.(wacloud.QuickReplies) {
				titles[b.ID] = b.Title
			}
		}
	}
	return titles
}

// answersGenerator makes messages whose ids are of one route.
type answersGenerator struct {
	*rand.Rand
	pick *wacloud.Route[answersPick]
}

func (g answersGenerator) message() (wacloud.Message, []answersPick) {
	names := []string{"pão", "a:b", "100%", "", "日本", "x y", "🍕"}
	titles := []string{"Pão de queijo", "Água", "🍕 Pizza", "Menu", "Menu", "Ver", "Sushi ✨", "Café", "2 pães", "Nº 7"}
	var picks []answersPick
	button := func() wacloud.Button {
		p := answersPick{N: len(picks), Name: names[g.IntN(len(names))]}
		picks = append(picks, p)
		return g.pick.Button(titles[(p.N*3+g.IntN(2))%len(titles)]+strings.Repeat(" x", p.N/9), p)
	}
	switch g.IntN(3) {
	case 0:
		m := wacloud.NewButtons("Como?")
		for i := range 1 + g.IntN(6) {
			b := button()
			b.Title = fmt.Sprintf("%s %c", b.Title, 'a'+i)
			m.Buttons = append(m.Buttons, b)
		}
		return m, picks
	case 1:
		var rows []wacloud.Row
		for range 1 + g.IntN(10) {
			b := button()
			rows = append(rows, wacloud.Row{ID: b.ID, Title: b.Title, Description: "R$ 10,00"})
		}
		return wacloud.NewList("O quê?", wacloud.Menu{Button: "Abrir", Sections: wacloud.Rows(rows...)}), picks
	default:
		m, replies := wacloud.NewCarousel("Onde?"), 1+g.IntN(2)
		for i := range 1 + g.IntN(6) {
			var q wacloud.QuickReplies
			for range replies {
				q = append(q, button())
			}
			if replies == 2 {
				q[0].Title, q[1].Title = "Ver", "Pedir"
			}
			m.Cards = append(m.Cards, wacloud.NewCard(fallbackPicture, q).WithBody(fmt.Sprintf("*Loja %d*\nAberta", i)))
		}
		return m, picks
	}
}
