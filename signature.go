package wacloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"
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
	return firstFit(header, len(secrets), func(i int, got *signature) bool {
		return newSecretMAC(secrets[i]).fits(body, got)
	})
}

// A verifier checks many signatures with the same secrets, none of them empty. It is safe for concurrent use.
type verifier []sync.Pool // of *secretMAC, one pool for each secret

func newVerifier(secrets []Secret) verifier {
	v := make(verifier, len(secrets))
	for i, s := range secrets {
		v[i].New = func() any { return newSecretMAC(s) }
	}
	return v
}

// verify returns the index of the first secret that fits.
func (v verifier) verify(body []byte, header string) (index int, err error) {
	return firstFit(header, len(v), func(i int, got *signature) bool {
		m := v[i].Get().(*secretMAC)
		defer v[i].Put(m)
		defer m.mac.Reset()
		return m.fits(body, got)
	})
}

type signature [sha256.Size]byte

// firstFit asks for each of n secrets, without an early exit, and returns the index of the first that fits.
func firstFit(header string, n int, fits func(i int, got *signature) bool) (index int, err error) {
	got, ok := decodeSignature(header)
	if !ok {
		return -1, ErrBadSignature
	}
	index = -1
	for i := range n {
		if fits(i, &got) && index < 0 {
			index = i
		}
	}
	if index < 0 {
		return -1, ErrBadSignature
	}
	return index, nil
}

// secretMAC is a MAC with its secret.
type secretMAC struct {
	mac hash.Hash
	sum signature
}

func newSecretMAC(s Secret) *secretMAC {
	return &secretMAC{mac: hmac.New(sha256.New, []byte(s.Reveal()))}
}

func (m *secretMAC) fits(body []byte, got *signature) bool {
	m.mac.Write(body)
	return hmac.Equal(m.mac.Sum(m.sum[:0]), got[:])
}

// decodeSignature reads "sha256=" and 64 hex digits of either case, and nothing else.
func decodeSignature(header string) (sig signature, ok bool) {
	const prefix = "sha256="
	var digits [2 * sha256.Size]byte
	if len(header) != len(prefix)+len(digits) || header[:len(prefix)] != prefix {
		return sig, false
	}
	copy(digits[:], header[len(prefix):])
	_, err := hex.Decode(sig[:], digits[:])
	return sig, err == nil
}
