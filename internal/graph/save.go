package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wacloud/wacloud"
)

// State is everything that a restart would lose, without secrets: users, chats and files.
type State struct {
	Version  int            `json:"version"`
	Offset   time.Duration  `json:"clock_offset,omitzero"`
	Inbound  int            `json:"inbound"`  // message ids that were given to users
	Outbound int            `json:"outbound"` // and to the business
	Users    []SavedUser    `json:"users"`
	Messages []SavedMessage `json:"messages"`
	Files    []SavedFile    `json:"files,omitempty"`
}

// SavedUser is a user of a [State].
type SavedUser struct {
	Key        string   `json:"key"`
	Name       string   `json:"name,omitempty"`
	Phone      string   `json:"phone,omitempty"`
	ID         string   `json:"user_id,omitempty"`
	ParentID   string   `json:"parent_user_id,omitempty"`
	Username   string   `json:"username,omitempty"`
	Refuses    []string `json:"refuses,omitempty"`
	RefuseCode int      `json:"refuse_code,omitempty"`
}

// SavedMessage is a message of a [State]; the body is what went over the wire.
type SavedMessage struct {
	ID       string          `json:"id"`
	Number   string          `json:"number"`
	User     string          `json:"user,omitempty"`
	Group    string          `json:"group,omitempty"`
	FromUser bool            `json:"from_user,omitempty"`
	At       time.Time       `json:"at"`
	Status   string          `json:"status,omitempty"`
	Failed   int             `json:"failed,omitempty"` // the code
	Read     bool            `json:"read,omitempty"`
	After    string          `json:"after,omitempty"`
	Body     json.RawMessage `json:"body"`
}

// SavedFile is a file of a [State].
type SavedFile struct {
	ID       string `json:"id"`
	Number   string `json:"number,omitempty"`
	MIMEType string `json:"mime_type"`
	Data     []byte `json:"data"`
}

// stateVersion is raised when a release could not read what another wrote.
const stateVersion = 1

// Save returns the state.
func (e *Engine) Save() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := State{
		Version: stateVersion, Offset: time.Duration(e.offset.Load()), Inbound: e.inbound, Outbound: e.out,
		Users: []SavedUser{}, Messages: []SavedMessage{},
	}
	for _, u := range e.users.all {
		s.Users = append(s.Users, u.save())
	}
	for _, m := range e.inOrder() {
		s.Messages = append(s.Messages, m.save())
	}
	for _, f := range e.media.files {
		if len(f.data) <= e.media.max { // the last file is kept whatever its size, but a state that holds it may be too large to restore
			s.Files = append(s.Files, SavedFile{f.id, f.number, f.mimeType, f.data})
		}
	}
	return s
}

func (u *User) save() SavedUser {
	id := u.Identity
	return SavedUser{u.Key, id.Name, id.Phone, id.ID, id.ParentID, id.Username, u.Phone.Refuses, u.Phone.Code}
}

func (m *Message) save() SavedMessage {
	s := SavedMessage{
		ID: m.ID, Number: m.chat.key.number, Group: m.chat.key.group, FromUser: m.FromUser, At: m.At,
		Status: m.Status, Failed: m.failure(), Read: m.Read, After: m.After, Body: m.Body,
	}
	if u := m.chat.key.user; u != nil {
		s.User = u.Key
	}
	return s
}

// Restore replaces everything by a state. A state that does not fit changes nothing.
func (e *Engine) Restore(s State) error {
	fresh, err := e.rebuild(s)
	if err != nil {
		return fmt.Errorf("graph: restore: %w", err)
	}
	e.Reset(true)
	e.offset.Store(int64(max(0, s.Offset)))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.media = fresh.media
	e.users, e.inbound, e.out = fresh.users, max(e.inbound, s.Inbound), max(e.out, s.Outbound)
	for _, u := range e.users.all {
		u.rev = e.nextRev()
	}
	for _, m := range fresh.messages {
		c := e.chat(m.key)
		if m.FromUser {
			c.lastIn = m.At
		}
		e.write(c, &m.Message)
	}
	e.clockRev = e.nextRev()
	e.touch()
	return nil
}

// rebuilt is a state as the engine holds it.
type rebuilt struct {
	users    directory
	media    mediaStore
	messages []rebuiltMessage
}

type rebuiltMessage struct {
	Message
	key chatKey
}

// rebuild checks a state: it may come from anybody.
func (e *Engine) rebuild(s State) (rebuilt, error) {
	r := rebuilt{users: directory{byPhone: map[string]*User{}, byID: map[string]*User{}}, media: mediaStore{max: e.cfg.KeepBytes}}
	if s.Version != stateVersion {
		return r, fmt.Errorf("version %d is not known here", s.Version)
	}
	if len(s.Users) > 2*e.cfg.KeepChats || s.Inbound < 0 || s.Outbound < 0 {
		return r, errors.New("there are too many users or a count is negative")
	}
	byKey := map[string]*User{}
	for i, u := range s.Users {
		id := wacloud.User{Name: u.Name, Phone: u.Phone, ID: u.ID, ParentID: u.ParentID, Username: u.Username}
		if err := r.users.check(id); err != nil {
			return r, fmt.Errorf("users[%d]: %w", i, err)
		}
		phone := Phone{u.Refuses, u.RefuseCode}
		if err := phone.check(); err != nil {
			return r, fmt.Errorf("users[%d]: %w", i, err)
		}
		added := r.users.add(id, false)
		added.Phone = phone
		byKey[u.Key] = added
	}
	seen := map[string]bool{}
	for i, m := range s.Messages {
		message, err := e.rebuildMessage(m, byKey)
		if err == nil && seen[m.ID] {
			err = errors.New("the id is there twice")
		}
		if err != nil {
			return r, fmt.Errorf("messages[%d]: %w", i, err)
		}
		seen[m.ID] = true
		r.messages = append(r.messages, message)
	}
	for i, f := range s.Files {
		if !isDigits(f.ID) || len(f.ID) > 20 || r.media.find(f.ID) != nil {
			return r, fmt.Errorf("files[%d]: the id is not a new number", i)
		}
		r.media.put(f.ID, f.Number, f.MIMEType, f.Data)
	}
	return r, nil
}

func (e *Engine) rebuildMessage(s SavedMessage, users map[string]*User) (rebuiltMessage, error) {
	_, knownStatus := rank[s.Status]
	_, knownNumber := e.Number(s.Number)
	m := rebuiltMessage{
		Message: Message{ID: s.ID, FromUser: s.FromUser, At: s.At, Status: s.Status, Read: s.Read, After: s.After, Body: s.Body, seen: true},
		key:     chatKey{number: s.Number, user: users[s.User], group: s.Group},
	}
	switch {
	case s.ID == "" || !knownNumber || (m.key.user == nil) == (s.Group == ""):
		return m, errors.New("the id, the number or the user is missing or unknown")
	case s.FromUser:
		if inboundMessage(s.Body, s.ID) == nil {
			return m, errors.New("the body is not the webhook of the message")
		}
		return m, nil
	case !knownStatus:
		return m, errors.New("the status is unknown")
	}
	if s.Failed != 0 {
		m.Errors = []wacloud.EventError{{Code: s.Failed}}
	}
	out, problems, warnings := decode(s.Body)
	if out == nil || len(problems) > 0 {
		return m, errors.New("the body is not a valid message")
	}
	m.Outgoing, m.Problems = *out, warnings
	return m, nil
}

// inOrder returns all messages as they were written.
func (e *Engine) inOrder() []*Message {
	var all []*Message
	for _, key := range e.oldest {
		all = append(all, e.chats[key].messages.items...)
	}
	return sortBySeq(all)
}
