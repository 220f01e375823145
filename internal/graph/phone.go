package graph

import (
	"encoding/json"
	"errors"
	"slices"
)

// Phone is what a user's phone cannot do. The zero value can do everything.
type Phone struct {
	// Refuses are kinds of messages that it cannot show, by Meta's names: the type of an interactive message, else that of the
	// message. They are accepted and then fail.
	Refuses []string
	Code    int // of the failure, defaults to [CodeUndeliverable]
}

// CodeUndeliverable is what Meta says of a phone that is too old for a message (Meta, error codes, read 2025-12).
const CodeUndeliverable = 131026

// What a phone may refuse.
const (
	maxRefusals = 30
	maxKindName = 40
)

func (p Phone) check() error {
	tooLong := func(kind string) bool { return kind == "" || len(kind) > maxKindName }
	if len(p.Refuses) > maxRefusals || slices.ContainsFunc(p.Refuses, tooLong) || p.Code < 0 {
		return errors.New("a phone refuses up to 30 kinds of messages, by Meta's names, with a code that is not negative")
	}
	return nil
}

// refuses is the code with which a message fails on the phone, 0 for one that it shows.
func (p Phone) refuses(m *Message) int {
	switch {
	case !slices.Contains(p.Refuses, kindOf(m)):
		return 0
	case p.Code == 0:
		return CodeUndeliverable
	default:
		return p.Code
	}
}

// kindOf is the type of an interactive message, else that of the message.
func kindOf(m *Message) string {
	kind, content, _ := contentOf(m)
	var inner struct {
		Type string `json:"type"`
	}
	if kind == "interactive" && json.Unmarshal(content, &inner) == nil && inner.Type != "" {
		return inner.Type
	}
	return kind
}

// SetPhone replaces what a user's phone cannot do.
func (e *Engine) SetPhone(key string, p Phone) error {
	if err := p.check(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.users.all, func(u *User) bool { return u.Key == key })
	if i < 0 {
		return errors.New("there is no such user")
	}
	u := e.users.all[i]
	u.Phone, u.rev = Phone{slices.Clone(p.Refuses), p.Code}, e.nextRev()
	e.touch()
	return nil
}
