package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// caio is a user of the simulator whose phone shows no carousels, driven over HTTP.
type caio struct {
	t     *testing.T
	url   string
	token string
}

func (c caio) call(method, path string, in, into any) {
	c.t.Helper()
	data, err := json.Marshal(in)
	require.NoError(c.t, err)
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/_sim/"+path, bytes.NewReader(data))
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, http.StatusOK, resp.StatusCode, string(answer))
	if into != nil {
		require.NoError(c.t, json.Unmarshal(answer, into))
	}
}

// shown is what the bot sent and the phone shows.
func (c caio) shown() (messages []string) {
	c.t.Helper()
	var state struct {
		Messages []struct {
			FromUser bool `json:"from_user"`
			Kind     string
			Status   string
			Content  json.RawMessage
		}
	}
	c.call(http.MethodGet, "state", nil, &state)
	for _, m := range state.Messages {
		if !m.FromUser && m.Status != "failed" {
			messages = append(messages, m.Kind+" "+string(m.Content))
		}
	}
	return messages
}

// waitFor waits until the last message is of a kind, "" for any, and holds a text.
func (c caio) waitFor(kind, text string) {
	c.t.Helper()
	last := ""
	for range 500 {
		if shown := c.shown(); len(shown) > 0 {
			last = shown[len(shown)-1]
		}
		if strings.HasPrefix(last, kind) && strings.Contains(last, text) {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	require.Fail(c.t, "no "+kind+" with "+text, last)
}

// The carousel fails on an old phone, as a status tells: the restaurants come in another shape, each once, and the order goes
// on by typing.
func TestOrderOnAnOldPhone(t *testing.T) {
	t.Parallel()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		return l
	}
	botAt, phoneAt := listen(), listen()
	phoneURL := "http://" + phoneAt.Addr().String()
	bot, sim, err := newPhone("http://"+botAt.Addr().String(), phoneURL)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serveBoth(ctx, bot, botAt, sim, phoneAt) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})

	c := caio{t, phoneURL, sim.ControlToken().Reveal()}
	say := func(text, answer string) {
		c.call(http.MethodPost, "say", map[string]string{"user": "Caio", "text": text}, nil)
		c.waitFor("", answer)
	}
	say("oi", "De onde você quer pedir")
	c.waitFor("button", restaurants[2].Name)
	all := strings.Join(c.shown(), "\n")
	require.NotContains(t, all, "carousel")
	for _, r := range restaurants {
		require.Equal(t, 1, strings.Count(all, "restaurant:"+r.ID.String()), r.Name)
	}
	c.call(http.MethodPost, "tap", map[string]string{"user": "Caio", "id": "restaurant:" + restaurants[2].ID.String()}, nil)
	c.waitFor("list", restaurants[2].Name)
	category := restaurants[2].Categories[0]
	say(category.Name, "Escolha um item")
	say(strings.ToUpper(category.Items[0].Name), "no carrinho")
	say("fechar pedido", "Confira o pedido")
	say("confirmar", "Pedido recebido!")
}
