// Package benchmarks measures the library beside a floor: the least that a program without a library can do, written by
// hand with minimal structs, encoding/json and crypto/hmac, and without any check. `make bench` writes docs/benchmarks.md.
package benchmarks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// floorMessage is an interactive message with just the fields that the measured messages need.
type floorMessage struct {
	MessagingProduct string           `json:"messaging_product"`
	RecipientType    string           `json:"recipient_type"`
	To               string           `json:"to"`
	Type             string           `json:"type"`
	Interactive      floorInteractive `json:"interactive"`
}

type floorInteractive struct {
	Type   string      `json:"type"`
	Body   floorText   `json:"body"`
	Action floorAction `json:"action"`
}

type floorText struct {
	Text string `json:"text"`
}

type floorAction struct {
	Button   string         `json:"button,omitempty"`
	Buttons  []floorButton  `json:"buttons,omitempty"`
	Sections []floorSection `json:"sections,omitempty"`
}

type floorButton struct {
	Type  string     `json:"type"`
	Reply floorReply `json:"reply"`
}

type floorReply struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type floorSection struct {
	Title string     `json:"title,omitempty"`
	Rows  []floorRow `json:"rows"`
}

type floorRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

func newFloorMessage(kind, body string, action floorAction) *floorMessage {
	return &floorMessage{
		MessagingProduct: "whatsapp", RecipientType: "individual", To: recipient, Type: "interactive",
		Interactive: floorInteractive{Type: kind, Body: floorText{body}, Action: action},
	}
}

func floorButtons() *floorMessage {
	return newFloorMessage("button", buttonsBody, floorAction{Buttons: []floorButton{
		{"reply", floorReply{"delivery", "🛵 Entrega"}},
		{"reply", floorReply{"pickup", "🏠 Retirada"}},
		{"reply", floorReply{"cart:remove:3", "Remover item 3"}},
	}})
}

func floorList() *floorMessage {
	return newFloorMessage("list", listBody, floorAction{Button: "Ver cardápio", Sections: []floorSection{
		{"Pizzas", []floorRow{
			{"item:1", "Margherita", "Tomate, mussarela e manjericão"},
			{"item:2", "Calabresa", "Calabresa e cebola roxa"},
			{"item:3", "Portuguesa", "Presunto, ovo e ervilha"},
			{"item:4", "Quatro queijos", "Mussarela, provolone, gorgonzola, parmesão"},
			{"item:5", "Frango", "Frango com catupiry"},
		}},
		{"Bebidas", []floorRow{
			{"item:6", "Água", "500 ml"},
			{"item:7", "Guaraná", "Lata 350 ml"},
			{"item:8", "Suco de laranja", "Natural, 400 ml"},
			{"item:9", "Cerveja", "Long neck 330 ml"},
			{"item:10", "Vinho", "Taça 150 ml"},
		}},
	}})
}

// floorSend posts a message and returns its id.
func floorSend(ctx context.Context, hc *http.Client, m *floorMessage) (string, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, baseURL+"/v23.0/"+phoneNumberID+"/messages", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := hc.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d", resp.StatusCode)
	}
	var answer struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", err
	}
	if len(answer.Messages) == 0 {
		return "", errors.New("no message id")
	}
	return answer.Messages[0].ID, nil
}

// floorWebhook is a webhook body with just the path to the id of a tapped button.
type floorWebhook struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      string `json:"id"`
		Changes []struct {
			Field string `json:"field"`
			Value struct {
				Metadata struct {
					PhoneNumberID string `json:"phone_number_id"`
				} `json:"metadata"`
				Contacts []struct {
					WaID    string `json:"wa_id"`
					Profile struct {
						Name string `json:"name"`
					} `json:"profile"`
				} `json:"contacts"`
				Messages []struct {
					From        string `json:"from"`
					ID          string `json:"id"`
					Timestamp   string `json:"timestamp"`
					Type        string `json:"type"`
					Interactive struct {
						Type        string     `json:"type"`
						ButtonReply floorReply `json:"button_reply"`
					} `json:"interactive"`
				} `json:"messages"`
			} `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

// floorParse returns the id of the first tap in body.
func floorParse(body []byte) (string, error) {
	var w floorWebhook
	if err := json.Unmarshal(body, &w); err != nil {
		return "", err
	}
	for _, entry := range w.Entry {
		for _, change := range entry.Changes {
			for _, m := range change.Value.Messages {
				return m.Interactive.ButtonReply.ID, nil
			}
		}
	}
	return "", errors.New("no message")
}

// floorHandler verifies and parses a webhook and calls back before it answers.
func floorHandler(secret string, callback func(n string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		signature, err := hex.DecodeString(strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256="))
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		if !hmac.Equal(signature, mac.Sum(nil)) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		id, err := floorParse(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if n, ok := strings.CutPrefix(id, "cart:remove:"); ok {
			callback(n)
		}
		w.WriteHeader(http.StatusOK)
	})
}
