package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Transcript is a chat as a regression test replays it.
type Transcript struct {
	Version int       `json:"version"`
	Number  string    `json:"number"`
	User    SavedUser `json:"user"`
	Steps   []Step    `json:"steps"`
}

// Step is one message of a [Transcript]. Message ids change from run to run, so messages name each other by the number of
// their step.
type Step struct {
	From    string          `json:"from"` // "user" or "bot"
	AtMS    int64           `json:"at_ms"`
	About   *int            `json:"about,omitempty"` // the step that it quotes, answers or reacts to
	Type    string          `json:"type"`
	Content json.RawMessage `json:"content,omitempty"`
	Failed  int             `json:"failed,omitempty"` // the code with which it failed after it was accepted, 0 where it did not
}

// TranscriptVersion is raised when a release could not read what another wrote.
const TranscriptVersion = 1

// Transcript returns the chat of a number with a user.
func (e *Engine) Transcript(number string, u *User) Transcript {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := Transcript{Version: TranscriptVersion, Number: number, User: u.save(), Steps: []Step{}}
	c := e.chats[chatKey{number: number, user: u}]
	if c == nil {
		return t
	}
	steps := map[string]int{}
	for i, m := range c.messages.items {
		steps[m.ID] = i
		t.Steps = append(t.Steps, m.step(c.messages.items[0].At, steps))
	}
	return t
}

func (m *Message) step(start time.Time, steps map[string]int) Step {
	kind, content, about := contentOf(m)
	if target := reactionTarget(kind, content); target != "" {
		about = target
	}
	s := Step{From: "bot", AtMS: m.At.Sub(start).Milliseconds(), Type: kind, Content: content, Failed: m.failure()}
	if m.FromUser {
		s.From = "user"
	}
	if i, ok := steps[about]; ok && about != "" {
		s.About = &i
	}
	return s
}

// reactionTarget is the message that a reaction is about, empty for everything else.
func reactionTarget(kind string, content json.RawMessage) string {
	var r struct {
		MessageID string `json:"message_id"`
	}
	if kind == "reaction" {
		_ = json.Unmarshal(content, &r)
	}
	return r.MessageID
}

// Check reports what makes a transcript impossible to replay.
func (t Transcript) Check() error {
	if t.Version != TranscriptVersion {
		return fmt.Errorf("graph: transcript: version %d is not known here", t.Version)
	}
	for i, s := range t.Steps {
		if s.From != "user" && s.From != "bot" || s.Type == "" || s.About != nil && (*s.About < 0 || *s.About >= i) {
			return fmt.Errorf("graph: transcript: steps[%d] has no known sender, no type, or is about a later step", i)
		}
	}
	return nil
}

// ContentFor is the content of a step in a run in which the message that it is about has got an id.
func (s Step) ContentFor(aboutID string) Content {
	c := Content{Type: s.Type}
	if len(s.Content) > 0 {
		c.Object = s.Content
	}
	if s.Type == "reaction" {
		if o, ok := decodeObject(s.Content); ok {
			o["message_id"] = aboutID
			c.Object = o
		}
	}
	return c
}

// Markdown is the transcript for people.
func (t Transcript) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Chat with %s\n", t.User.Name)
	for _, s := range t.Steps {
		who := "Bot"
		if s.From == "user" {
			who = t.User.Name
		}
		fmt.Fprintf(&b, "\n**%s**, %s, %s\n\n", who, time.Duration(s.AtMS)*time.Millisecond, s.Type)
		if s.Failed != 0 {
			fmt.Fprintf(&b, "Failed: %d %s\n\n", s.Failed, Title(s.Failed))
		}
		body := string(s.Content)
		var text struct {
			Body string `json:"body"`
		}
		if s.Type == "text" && json.Unmarshal(s.Content, &text) == nil {
			for line := range strings.Lines(text.Body) {
				b.WriteString("> " + strings.TrimSuffix(line, "\n") + "\n")
			}
			continue
		}
		b.WriteString("```json\n" + strings.ReplaceAll(body, "```", "` ` `") + "\n```\n")
	}
	return b.String()
}

func sortBySeq(all []*Message) []*Message {
	slices.SortFunc(all, func(a, b *Message) int { return a.Seq - b.Seq })
	return all
}
