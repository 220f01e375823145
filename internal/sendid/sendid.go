// Package sendid puts the id of a send in front of its callback data, and takes it off again.
package sendid

import (
	"crypto/rand"
	"strings"
)

const (
	prefix = "~wa:"
	size   = 26 // of rand.Text
)

// Overhead is how many characters the id takes of the callback data.
const Overhead = len(prefix) + size + 1

// New returns a new id.
func New() string { return rand.Text() }

// Join is the callback data that goes out: the id and the caller's own data.
func Join(id, own string) string { return prefix + id + ":" + own }

// Split takes data apart. Without an id of ours all of it is the caller's own.
func Split(data string) (id, own string) {
	rest, ok := strings.CutPrefix(data, prefix)
	if !ok || len(rest) <= size || rest[size] != ':' || !isID(rest[:size]) {
		return "", data
	}
	return rest[:size], rest[size+1:]
}

// isID reports whether s has only characters of base32, as rand.Text has.
func isID(s string) bool {
	for i := range len(s) {
		if (s[i] < 'A' || s[i] > 'Z') && (s[i] < '2' || s[i] > '7') {
			return false
		}
	}
	return true
}
