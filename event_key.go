package wacloud

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"sync"
)

// maxKey is the length in bytes from which a key is hashed, so that it fits every database's index.
const maxKey = 200

// key joins fields so that no two lists of fields make the same key, whatever is in them: each field stands behind its
// length. A key over 200 bytes or with a control character, which no database's text or log wants, is hashed.
func key(prefix string, fields ...string) string {
	var buf [maxKey + 56]byte
	b := appendFields(append(buf[:0], prefix...), fields...)
	if len(b) > maxKey || slices.ContainsFunc(b, isControl) {
		sum := sha256.Sum256(b)
		return prefix + "|sha256:" + hex.EncodeToString(sum[:])
	}
	return string(b)
}

func appendFields(b []byte, fields ...string) []byte {
	for _, f := range fields {
		b = append(b, '|')
		b = strconv.AppendInt(b, int64(len(f)), 10)
		b = append(b, ':')
		b = append(b, f...)
	}
	return b
}

func isControl(c byte) bool { return c < ' ' || c == 0x7f }

// userKey is the one way to name a user of a number, for lanes, typed answers, windows, limits and signatures.
func userKey(phoneNumberID string, u User) UserKey {
	switch {
	case u.Phone != "":
		return UserKey(key("p", phoneNumberID, u.Phone))
	case u.ID != "":
		return UserKey(key("u", phoneNumberID, u.ID))
	default:
		return ""
	}
}

// logKey makes the hashes of this process useless to anybody who would try all phone numbers.
var logKey = sync.OnceValue(func() (k [32]byte) {
	_, _ = rand.Read(k[:]) // never fails
	return k
})

// logHash is a name for s that tells two apart in the logs of this process and says nothing about s.
func logHash(s string) string {
	k := logKey()
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte(s))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
