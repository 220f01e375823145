package wacloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// VerifySignature checks the X-Hub-Signature-256 header of a webhook against its raw body: the bytes that were received,
// before any decoding, because Meta signs non-ASCII characters and slashes in their escaped form (Meta, create a webhook
// endpoint, read 2026-03). Pass the app's secret, or two while it is being replaced.
//
// The error is [ErrBadSignature], for a header that is missing or malformed too, and never holds a signature. No secrets,
// and an empty one among them, are an error of another kind: with an empty key anybody can sign. The older sha1= header
// is refused. It takes the same time wherever a signature is wrong and whichever secret fits, and is safe for concurrent
// use.
func VerifySignature(body []byte, header string, secrets ...Secret) error {
	_, err := verifySignature(body, header, secrets)
	return err
}

// verifySignature also tells which secret fits, so that one can see when an old secret is out of use.
func verifySignature(body []byte, header string, secrets []Secret) (index int, err error) {
	if len(secrets) == 0 {
		return -1, errors.New("wacloud: verify signature: no app secret")
	}
	for i, s := range secrets {
		if s.IsZero() {
			return -1, fmt.Errorf("wacloud: verify signature: app secret %d of %d is empty", i+1, len(secrets))
		}
	}
	got, ok := decodeSignature(header)
	if !ok {
		return -1, ErrBadSignature
	}
	index = -1
	for i, s := range secrets {
		if matches(body, &got, s) && index < 0 { // no early exit
			index = i
		}
	}
	if index < 0 {
		return -1, ErrBadSignature
	}
	return index, nil
}

func matches(body []byte, signature *[sha256.Size]byte, secret Secret) bool {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write(body)
	var want [sha256.Size]byte
	return hmac.Equal(mac.Sum(want[:0]), signature[:])
}

// decodeSignature reads "sha256=" and 64 hex digits of either case, and nothing else.
func decodeSignature(header string) (signature [sha256.Size]byte, ok bool) {
	const prefix = "sha256="
	if len(header) != len(prefix)+hex.EncodedLen(len(signature)) || header[:len(prefix)] != prefix {
		return signature, false
	}
	_, err := hex.Decode(signature[:], []byte(header[len(prefix):]))
	return signature, err == nil
}
