package simulator

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wacloud/wacloud/internal/graph"
)

// entryView is a line of the inspector; the last members are there when one is asked for.
type entryView struct {
	ID       int           `json:"id"`
	Kind     string        `json:"kind"` // call or webhook
	At       time.Time     `json:"at"`
	TookMS   float64       `json:"took_ms"`
	Method   string        `json:"method,omitempty"`
	Path     string        `json:"path,omitempty"`
	What     string        `json:"what,omitempty"`
	Status   int           `json:"status"`
	Code     int           `json:"code,omitempty"`
	Details  string        `json:"details,omitempty"`
	Acked    bool          `json:"acked,omitempty"`
	Attempt  int           `json:"attempt,omitempty"`
	NextAt   time.Time     `json:"next_at,omitzero"`
	Message  string        `json:"message,omitempty"`
	Chat     string        `json:"chat,omitempty"`
	Problems []problemView `json:"problems,omitempty"`
	Fault    string        `json:"fault,omitempty"`
	Error    string        `json:"error,omitempty"`

	Copies   []string      `json:"copies,omitempty"`
	Request  *exchangeView `json:"request,omitempty"`
	Response *exchangeView `json:"response,omitempty"`
}

// exchangeView is one half of an entry.
type exchangeView struct {
	Method  string            `json:"method,omitempty"`
	URL     string            `json:"url,omitempty"`
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Cut     bool              `json:"cut,omitempty"`
}

// maxEntries is how many lines a snapshot holds; maxShown is how much of a body is shown.
const (
	maxEntries = 500
	maxShown   = 256 << 10
)

func viewEntries(v graph.View) []entryView {
	var all []entryView
	for _, c := range v.Calls {
		all = append(all, viewCall(c))
	}
	for _, d := range v.Deliveries {
		all = append(all, viewDelivery(d))
	}
	slices.SortFunc(all, func(a, b entryView) int { return a.ID - b.ID })
	return newest(all, maxEntries)
}

func viewCall(c graph.Call) entryView {
	v := entryView{
		ID: c.ID, Kind: "call", At: c.At, TookMS: ms(c.Took), Method: c.Method, Path: c.Path, Status: c.Status, Code: c.Code,
		Details: c.Details, Message: c.MessageID, Chat: c.Chat, Problems: viewProblems(c.Problems), Fault: c.Fault,
	}
	if c.Status == 0 {
		v.Error = "the connection was cut"
	}
	return v
}

func viewDelivery(d graph.Delivery) entryView {
	v := entryView{
		ID: d.ID, Kind: "webhook", At: d.At, TookMS: ms(d.Took), What: d.What, Status: d.Status, Acked: d.Status == http.StatusOK,
		Attempt: d.Attempt, NextAt: d.NextAt, Message: d.MessageID, Chat: d.Chat, Fault: d.Fault,
	}
	if d.Err != nil {
		v.Error = plain(d.Err)
	}
	return v
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// plain is an error for people, without the address that it happened at.
func plain(err error) string {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err
	}
	return strings.TrimPrefix(err.Error(), "graph: ")
}

// entry answers with one line and both bodies.
func (s *Simulator) entry(r *http.Request) (any, error) {
	c, d, err := s.findEntry(r)
	switch {
	case err != nil:
		return nil, err
	case c != nil:
		v := viewCall(*c)
		v.Copies = copiesOf(c)
		v.Request = half(c.Header, c.Request)
		v.Request.Method, v.Request.URL = c.Method, c.Path
		v.Response = half(c.Answered, c.Response)
		v.Response.Status = c.Status
		return v, nil
	default:
		v := viewDelivery(*d)
		v.Copies = copiesOf(nil)
		v.Request = half(d.Header, d.Body)
		v.Request.Method, v.Request.URL = http.MethodPost, d.URL
		v.Response = half(d.Answered, d.Answer)
		v.Response.Status = d.Status
		return v, nil
	}
}

// findEntry finds the call or the webhook of a path's id.
func (s *Simulator) findEntry(r *http.Request) (*graph.Call, *graph.Delivery, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err == nil {
		if c, ok := s.engine.Call(id); ok {
			return &c, nil, nil
		}
		if d, ok := s.engine.Delivery(id); ok {
			return nil, &d, nil
		}
	}
	return nil, nil, notFound("there is no such entry, or it was so long ago that it is forgotten")
}

func half(h http.Header, body []byte) *exchangeView {
	v := &exchangeView{Headers: map[string]string{}}
	for name, values := range h {
		v.Headers[name] = strings.Join(values, ", ")
	}
	if v.Cut = len(body) > maxShown; v.Cut {
		body = body[:maxShown]
	}
	v.Body = strings.ToValidUTF8(string(body), "\uFFFD")
	return v
}

// redeliver sends a webhook once more, or an edited one.
func (s *Simulator) redeliver(r *http.Request, in struct {
	Body *string `json:"body"`
},
) (any, error) {
	_, d, err := s.findEntry(r)
	switch {
	case err != nil:
		return nil, err
	case d == nil:
		return nil, errors.New("the entry is a call of the bot: only webhooks are sent again")
	}
	body := d.Body
	if in.Body != nil {
		if !json.Valid([]byte(*in.Body)) {
			return nil, errors.New("the body is not JSON")
		}
		body = []byte(*in.Body)
	}
	return doneWith("", s.engine.Send(r.Context(), body)), nil
}
