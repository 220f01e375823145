package benchmarks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// What both sides send and receive.
const (
	baseURL       = "https://graph.example"
	phoneNumberID = "100000000000001"
	recipient     = "+5511999999999"
	accessToken   = "made-up-access-token"
	appSecret     = "made-up-app-secret"
	verifyToken   = "made-up-verify-token"

	buttonsBody = "Como prefere receber o pedido?"
	listBody    = "O que vai ser hoje?"

	answer = `{"messaging_product":"whatsapp","contacts":[{"input":"+5511999999999","wa_id":"5511999999999"}],` +
		`"messages":[{"id":"wamid.HBgNNTUxMTk5OTk5OTk5ORUCABEYEjBBNUZFMTIzNDU2Nzg5MEFCQwA="}]}`
)

// tapBody is a tap on a reply button as Meta documents it, without white space, as Meta sends it. n makes it unique.
func tapBody(n int) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"15550783881","phone_number_id":"` + phoneNumberID + `"},` +
		`"contacts":[{"profile":{"name":"Ana Exemplo"},"wa_id":"5511999999999"}],` +
		`"messages":[{"context":{"from":"15550783881","id":"wamid.HBgNNTUxMTk5OTk5OTk5ORUCABEYEjBBNUZFMTIzNDU2Nzg5MEFCQwA="},` +
		`"from":"5511999999999","id":"wamid.HBgNNTUxMTk5OTk5OTk5ORUCABIYFjNFQjBD` + fmt.Sprintf("%012d", n) + `AA==","timestamp":"1790000000",` +
		`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"cart:remove:3","title":"Remover item 3"}}}]},` +
		`"field":"messages"}]}]}`
}

// signedPost is a webhook request as Meta sends it.
func signedPost(n int) (*http.Request, error) {
	body := tapBody(n)
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(body))
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "/webhook", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return req, nil
}

// stubTransport accepts every message without a network.
type stubTransport struct{}

func (stubTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	if err := req.Body.Close(); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     jsonHeader,
		Body:       io.NopCloser(strings.NewReader(answer)),
		Request:    req,
	}, nil
}

var jsonHeader = http.Header{"Content-Type": {"application/json"}}
