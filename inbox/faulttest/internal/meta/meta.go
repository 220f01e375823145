// Package meta plays Meta: it writes, signs and posts webhooks.
package meta

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	// Secret signs the webhooks.
	Secret = "a secret of the tests"
	// Number is the business's phone number id.
	Number = "100000000000001"
)

// User is the phone number of the i-th user.
func User(i int) string { return fmt.Sprintf("55119%08d", i) }

// ID is the message id of a user's n-th message.
func ID(user string, n int) string { return fmt.Sprintf("wamid.%s.%d", user, n) }

// Text is the webhook of a user's n-th message. Its text is the number and, behind a space, what the bot should do.
func Text(user string, n int, order string) []byte { return Webhook(Message(user, n, order)) }

// Message is the element of a user's n-th message.
func Message(user string, n int, order string) string {
	return fmt.Sprintf(`{"from":"%s","id":"%s","timestamp":"1790000000","type":"text","text":{"body":"%s"}}`,
		user, ID(user, n), strings.TrimSpace(fmt.Sprint(n, " ", order)))
}

// Webhook is the body that brings messages.
func Webhook(messages ...string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"200000000000001","changes":[{"field":"messages","value":{`+
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550005555","phone_number_id":"%s"},"messages":[%s]}}]}]}`,
		Number, strings.Join(messages, ","))
}

// Sign is the value of X-Hub-Signature-256.
func Sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(Secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// Post delivers a webhook and returns the status of the answer.
func Post(ctx context.Context, client *http.Client, addr string, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/webhook", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", Sign(body))
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
