package wacloudtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// Replay plays a transcript that the simulator has saved ("wasim transcript") as a regression test: a new user does what
// the user of the transcript did, and the bot must send the same messages, in the same order. What differs fails the test,
// with its step and its path. Message ids are not compared: a step that was about a message is about the same one again.
// A file of the user is a few bytes of its type. A message that failed after it was accepted fails again, with the same code,
// once the bot has nothing else to do.
//
// A bot whose messages hold the time, random ids or prices of the day cannot be replayed as it is: give it a clock and a
// source of randomness in the test.
func (s *Server) Replay(transcript []byte) {
	s.tb.Helper()
	var t graph.Transcript
	if err := json.Unmarshal(transcript, &t); err != nil {
		s.tb.Fatalf("wacloudtest: replay: the transcript is not one: %v", err)
		return
	}
	if err := t.Check(); err != nil {
		s.tb.Fatalf("wacloudtest: replay: %v", err)
		return
	}
	p := player{srv: s, user: s.playing(t), steps: t.Steps, ids: make([]string, len(t.Steps))}
	for i := range t.Steps {
		if !p.play(i) {
			return
		}
	}
	p.user.ExpectNothing()
}

// playing is the user of a transcript, on its number where the server has it.
func (s *Server) playing(t graph.Transcript) *User {
	s.tb.Helper()
	u := s.User(t.User.Name, WithPhone(t.User.Phone), WithUserID(t.User.ID), UserOption{func(u *wacloud.User) {
		u.ParentID, u.Username = t.User.ParentID, t.User.Username
	}})
	if _, ok := s.engine.Number(t.Number); ok {
		return u.On(t.Number)
	}
	return u
}

// player is a transcript that is played.
type player struct {
	srv   *Server
	user  *User
	steps []graph.Step
	ids   []string // of this run, by step
}

// play plays a step and reports whether the next makes sense.
func (p *player) play(i int) bool {
	p.srv.tb.Helper()
	step := p.steps[i]
	about := ""
	if step.About != nil {
		about = p.ids[*step.About]
	}
	if step.From == "user" {
		p.ids[i] = p.act(step, about)
		return true
	}
	m, ok := p.user.next()
	if !ok {
		p.srv.tb.Errorf("wacloudtest: replay: step %d: the bot sent a %s then, but now %s%s", i, step.Type, p.srv.silence(), p.srv.trouble())
		return false
	}
	p.ids[i] = m.ID
	if diff := p.compare(step, about, m); diff != "" {
		p.srv.tb.Errorf("wacloudtest: replay: step %d: %s", i, diff)
	}
	if step.Failed != 0 {
		p.fail(m.ID, step.Failed)
	}
	return true
}

// fail reports that a message failed, after what the bot sent with it.
func (p *player) fail(id string, code int) {
	p.srv.tb.Helper()
	p.srv.settle()
	if d, ok := p.srv.engine.Report(context.Background(), id, "failed", wacloud.EventError{Code: code}); ok {
		p.user.taken(d)
	}
}

func (p *player) act(step graph.Step, about string) string {
	p.srv.tb.Helper()
	if step.Type != "reaction" {
		p.srv.settle()
	}
	say := graph.Say{Number: p.user.number, User: p.user.user, Content: p.srv.withFile(step.ContentFor(about))}
	if step.Type != "reaction" {
		say.Context.ID = about
	}
	id, d := p.srv.engine.Act(context.Background(), say)
	p.user.sent(d)
	return id
}

// withFile puts a file that can be downloaded in the place of one that was.
func (s *Server) withFile(c graph.Content) graph.Content {
	var o map[string]any
	raw, ok := c.Object.(json.RawMessage)
	if !ok || !slices.Contains([]string{"image", "video", "audio", "document", "sticker"}, c.Type) || json.Unmarshal(raw, &o) != nil {
		return c
	}
	mimeType, _ := o["mime_type"].(string)
	m := s.AddMedia(mimeType, []byte("replayed"))
	o["id"], o["sha256"], o["url"] = m.ID, m.SHA256, m.URL
	c.Object = o
	return c
}

// compare tells what differs between what the bot sent then and now.
func (p *player) compare(step graph.Step, about string, m graph.Message) string {
	want := step.ContentFor(about)
	wantJSON, err := json.Marshal(want.Object)
	if err != nil {
		return err.Error()
	}
	var then, now any
	if json.Unmarshal(wantJSON, &then) != nil || json.Unmarshal(m.Content(), &now) != nil {
		return "the content is not JSON"
	}
	switch {
	case m.Type != step.Type:
		return fmt.Sprintf("the bot sent a %s then, and now a %s", step.Type, describeMessage(m))
	case m.Type != "reaction" && m.ReplyTo != about:
		return "the bot quotes another message than then"
	}
	return difference(m.Type, then, now)
}

// difference is the first place at which two JSON values differ, empty when they do not.
func difference(path string, then, now any) string {
	switch then := then.(type) {
	case map[string]any:
		if now, ok := now.(map[string]any); ok {
			for _, key := range slices.Sorted(maps.Keys(union(then, now))) {
				if diff := difference(path+"."+key, then[key], now[key]); diff != "" {
					return diff
				}
			}
			return ""
		}
	case []any:
		if now, ok := now.([]any); ok && len(now) == len(then) {
			for i := range then {
				if diff := difference(fmt.Sprintf("%s[%d]", path, i), then[i], now[i]); diff != "" {
					return diff
				}
			}
			return ""
		}
	}
	if reflect.DeepEqual(then, now) {
		return ""
	}
	return fmt.Sprintf("%s was %s then, and is %s now", path, asText(then), asText(now))
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func asText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return clip(b)
}
