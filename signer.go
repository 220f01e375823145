package wacloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// IDSigner signs ids, so that a user can use only those that they were given, and only for a time. A signature is 21
// characters behind the id:
//
//	~ AAAAAHIW3Q8k KVVvDJEg4lRt
//
// a '~', then in base64url without padding 6 bytes of expiry (seconds since 1970, big-endian; 0 is never) and the first
// 9 bytes, which are 12 characters, of an HMAC-SHA256 over a version, the expiry, the business number with the user, and
// the id. So 235 of the 256 characters of a button's id remain, and 179 of the 200 of a list row's.
//
// An id is past when its time was over at the tap, as Meta dates it: an event that is handled late, or again, is judged
// as it would have been at once.
//
// A signature holds for one [UserKey]. A user whom Meta first sent with a phone number and then without has another one,
// and their signed ids go to [Router.BadID].
//
// An IDSigner is safe for concurrent use. The zero value has no key: it signs nothing and refuses every signature.
type IDSigner struct { //nolint:recvcheck // Format must hold for a copy too
	keys [][]byte
}

const (
	signatureMark    = '~'
	signatureBytes   = 6 + 9
	signatureLength  = 1 + signatureBytes/3*4
	signatureVersion = "wacloud id 1"
	signerKeyMin     = 16
)

// NewIDSigner returns a signer. The first key signs, all are accepted: to rotate, put the new key first and drop the old
// one when its ids have expired. A key has at least 16 bytes; make one with crypto/rand, and do not use the app secret.
func NewIDSigner(keys ...Secret) (*IDSigner, error) {
	if len(keys) == 0 {
		return nil, errors.New("wacloud: new id signer: no key")
	}
	s := new(IDSigner)
	for i, key := range keys {
		k := []byte(key.Reveal())
		if len(k) < signerKeyMin {
			return nil, fmt.Errorf("wacloud: new id signer: key %d has %d bytes, it needs at least %d", i+1, len(k), signerKeyMin)
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// Sign appends an expiry and a signature for user to id. A ttl of 0 means for ever, as in a [Store]; a negative one is
// past at once. Without a user or a key it returns an id that the check of every message refuses.
func (s *IDSigner) Sign(id string, user UserKey, ttl time.Duration) string {
	switch {
	case s == nil || len(s.keys) == 0:
		return brokenID("signed id: the signer has no key")
	case user == "":
		return brokenID("signed id: no user")
	}
	if _, broken := brokenIDReason(id); broken {
		return id
	}
	var expiry uint64
	if ttl != 0 {
		expiry = uint64(max(time.Now().Add(ttl).Unix(), 1))
	}
	var sum [signatureBytes]byte
	s.seal(&sum, s.keys[0], id, user, expiry)
	b := append(make([]byte, 0, len(id)+signatureLength), id...)
	return string(base64.RawURLEncoding.AppendEncode(append(b, signatureMark), sum[:]))
}

// seal writes expiry and signature.
func (s *IDSigner) seal(sum *[signatureBytes]byte, key []byte, id string, user UserKey, expiry uint64) {
	var head [16]byte
	binary.BigEndian.PutUint64(head[:8], expiry)
	binary.BigEndian.PutUint64(head[8:], uint64(len(user)))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signatureVersion))
	mac.Write(head[:])
	mac.Write([]byte(user))
	mac.Write([]byte(id))
	copy(sum[:6], head[2:8])
	copy(sum[6:], mac.Sum(nil))
}

type signatureVerdict uint8

const (
	signatureGood signatureVerdict = iota
	signatureBad
	signatureExpired
)

// judge checks the signature that cutSignature took off an id, for a tap at a time.
func (s *IDSigner) judge(id string, sum *[signatureBytes]byte, user UserKey, at time.Time) signatureVerdict {
	if !s.holds(sum, id, user) { // never for nobody: Sign makes no such signature
		return signatureBad
	}
	if expiry := expiryOf(sum); expiry != 0 && at.Unix() >= int64(expiry&(1<<48-1)) {
		return signatureExpired
	}
	return signatureGood
}

// holds tries every key, without an early end.
func (s *IDSigner) holds(got *[signatureBytes]byte, id string, user UserKey) bool {
	var found int
	for _, key := range s.keys {
		var want [signatureBytes]byte
		s.seal(&want, key, id, user, expiryOf(got))
		found |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	return found == 1
}

func expiryOf(sum *[signatureBytes]byte) uint64 {
	var b [8]byte
	copy(b[2:], sum[:6])
	return binary.BigEndian.Uint64(b[:])
}

// cutSignature splits an id that carries a signature, good or bad.
func cutSignature(signed string) (id string, sum [signatureBytes]byte, ok bool) {
	at := len(signed) - signatureLength
	if at < 0 || signed[at] != signatureMark {
		return signed, sum, false
	}
	if n, err := base64.RawURLEncoding.Decode(sum[:], []byte(signed[at+1:])); err != nil || n != signatureBytes {
		return signed, sum, false
	}
	return signed[:at], sum, true
}
