package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// place is where a user does something.
type place struct {
	User   string `json:"user"`
	Number string `json:"number"`
}

// done is the answer to what a user did.
type done struct {
	Message string  `json:"message,omitempty"`
	Entry   int     `json:"entry,omitempty"`
	Status  int     `json:"status"`
	TookMS  float64 `json:"took_ms"`
	Error   string  `json:"error,omitempty"`
}

func doneWith(id string, d graph.Delivery) done {
	out := done{Message: id, Entry: d.ID, Status: d.Status, TookMS: ms(d.Took)}
	if d.Err != nil {
		out.Error = plain(d.Err)
	}
	return out
}

// find returns whom and what a place means.
func (s *Simulator) find(p place) (*graph.User, string, error) {
	u, ok := s.engine.FindUser(p.User)
	if !ok {
		return nil, "", notFound("there is no such user")
	}
	number := p.Number
	if number == "" {
		number = s.engine.Numbers()[0].ID
	}
	if _, ok := s.engine.Number(number); !ok {
		return nil, "", notFound("there is no such number")
	}
	return u, number, nil
}

// act does something in a chat, about a message where there is one.
func (s *Simulator) act(r *http.Request, p place, c graph.Content, about string) (any, error) {
	u, number, err := s.find(p)
	if err != nil {
		return nil, err
	}
	if about != "" {
		if _, err := s.message(about); err != nil {
			return nil, err
		}
	}
	// The page may be closed before the bot has answered: that is no reason to break off what the user did.
	ctx := context.WithoutCancel(r.Context())
	return doneWith(s.engine.Act(ctx, graph.Say{Number: number, User: u, Content: c, Context: s.contextOf(about)})), nil
}

// contextOf quotes a message; Meta names its sender too.
func (s *Simulator) contextOf(about string) graph.Context {
	c := graph.Context{ID: about}
	if m, ok := s.engine.Message(about); ok && m.FromUser {
		c.From = m.Sender().Phone
	}
	return c
}

func (s *Simulator) message(id string) (graph.Message, error) {
	m, ok := s.engine.Message(id)
	if !ok {
		return m, notFound("there is no such message, or it was so long ago that it is forgotten")
	}
	return m, nil
}

func (s *Simulator) say(r *http.Request, in struct {
	place
	Text    string `json:"text"`
	ReplyTo string `json:"reply_to"`
},
) (any, error) {
	if in.Text == "" {
		return nil, errors.New("text is required")
	}
	return s.act(r, in.place, graph.Text(in.Text), in.ReplyTo)
}

// tapRequest names an option in one of three ways.
type tapRequest struct {
	place
	Message string  `json:"message"`
	Key     *string `json:"key"`
	ID      *string `json:"id"`
	Title   *string `json:"title"`
	Card    *int    `json:"card"`
	Shape   string  `json:"shape"`
	WaitMS  int     `json:"wait_ms"`
}

// maxWait is how long a tap may wait for what it taps.
const maxWait = time.Minute

func (s *Simulator) tap(r *http.Request, in tapRequest) (any, error) {
	wait := time.Duration(in.WaitMS) * time.Millisecond
	if wait < 0 || wait > maxWait {
		return nil, errors.New("wait_ms must be 0 to 60000")
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	m, o, err := s.await(ctx, in)
	if err != nil {
		return nil, err
	}
	shape := s.engine.Policy().CarouselTap
	if in.Shape != "" {
		if shape, err = shapeNamed(in.Shape); err != nil {
			return nil, err
		}
	}
	var last any
	for _, content := range o.Taps(shape) {
		if last, err = s.act(r, in.place, content, m.ID); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// await returns what is tapped as soon as it is there, until ctx ends: the bot may not have sent it yet.
func (s *Simulator) await(ctx context.Context, in tapRequest) (m graph.Message, o graph.Option, err error) {
	for {
		changed := s.engine.Changed()
		if m, err = s.tapped(in); err == nil {
			o, err = in.option(graph.Options(m.Outgoing.Message))
		}
		if missing, ok := errors.AsType[failure](err); !ok || missing.status != http.StatusNotFound {
			return m, o, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return m, o, err
		}
	}
}

// tapped is the message that is tapped: the last one with options where none is named.
func (s *Simulator) tapped(in tapRequest) (graph.Message, error) {
	if in.Message != "" {
		return s.message(in.Message)
	}
	u, number, err := s.find(in.place)
	if err != nil {
		return graph.Message{}, err
	}
	for _, m := range slices.Backward(s.engine.Messages(number, u, 0)) {
		if !m.FromUser && m.Status != "failed" && len(graph.Options(m.Outgoing.Message)) > 0 {
			return m, nil
		}
	}
	return graph.Message{}, notFound("no message of the chat has options")
}

func keyOf(i int) string { return strconv.Itoa(i) }

// option finds the one option that fits.
func (in tapRequest) option(options []graph.Option) (graph.Option, error) {
	var found []graph.Option
	for i, o := range options {
		fits := in.Key != nil || in.ID != nil || in.Title != nil
		fits = fits && (in.Key == nil || *in.Key == keyOf(i))
		fits = fits && (in.ID == nil || *in.ID == o.ID)
		fits = fits && (in.Title == nil || *in.Title == o.Title)
		if fits && (in.Card == nil || *in.Card == o.Card) {
			found = append(found, o)
		}
	}
	switch len(found) {
	case 0:
		return graph.Option{}, notFound("the message has no such option: name it by key, id or title")
	case 1:
		return found[0], nil
	default:
		return graph.Option{}, fmt.Errorf("the message has %d such options: add card, or use key", len(found))
	}
}

func (s *Simulator) tapID(r *http.Request, in struct {
	place
	Message string `json:"message"`
	ID      string `json:"id"`
	Title   string `json:"title"`
},
) (any, error) {
	return s.act(r, in.place, graph.ButtonReply(wacloud.Button{ID: in.ID, Title: in.Title}), in.Message)
}

func (s *Simulator) react(r *http.Request, in struct {
	place
	Message string `json:"message"`
	Emoji   string `json:"emoji"`
},
) (any, error) {
	if _, err := s.message(in.Message); err != nil {
		return nil, err
	}
	return s.act(r, in.place, graph.Reaction(wacloud.Reaction{MessageID: in.Message, Emoji: in.Emoji}), "")
}

func (s *Simulator) location(r *http.Request, in struct {
	place
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name"`
	Address   string  `json:"address"`
	ReplyTo   string  `json:"reply_to"`
},
) (any, error) {
	return s.act(r, in.place, graph.Location(wacloud.LocationContent{
		Latitude: in.Latitude, Longitude: in.Longitude, Name: in.Name, Address: in.Address,
	}), in.ReplyTo)
}

func (s *Simulator) contact(r *http.Request, in struct {
	place
	ReplyTo string `json:"reply_to"`
},
) (any, error) {
	u, _, err := s.find(in.place)
	if err != nil {
		return nil, err
	}
	id := u.Identity
	if id.Phone == "" {
		return nil, errors.New("the user has no phone number to share")
	}
	card := wacloud.Contact{
		Name:   wacloud.ContactName{Formatted: id.Name, First: id.Name},
		Phones: []wacloud.ContactPhone{{Phone: "+" + id.Phone, WaID: id.Phone, Type: "CELL"}},
		Origin: "other",
	}
	if m, ok := s.engine.Message(in.ReplyTo); ok {
		if _, asked := m.Outgoing.Message.(wacloud.ContactInfoRequest); asked {
			card.Origin = "contact_request"
		}
	}
	return s.act(r, in.place, graph.Contacts([]wacloud.Contact{card}), in.ReplyTo)
}

func (s *Simulator) form(r *http.Request, in struct {
	place
	Message  string          `json:"message"`
	Response json.RawMessage `json:"response"`
},
) (any, error) {
	m, err := s.message(in.Message)
	if err != nil {
		return nil, err
	}
	response, name, err := formAnswer(m.Outgoing.Message, in.Response)
	if err != nil {
		return nil, err
	}
	return s.act(r, in.place, graph.FormReply(name, "Sent", response), m.ID)
}

// formAnswer is the response to a form; a flow's carries its token.
func formAnswer(m wacloud.Message, response json.RawMessage) (answer map[string]any, name string, err error) {
	if len(response) > 0 && json.Unmarshal(response, &answer) != nil {
		return nil, "", errors.New("response must be an object")
	}
	if answer == nil {
		answer = map[string]any{}
	}
	switch m := m.(type) {
	case wacloud.Flow:
		if _, given := answer["flow_token"]; !given {
			answer["flow_token"] = m.Token
			if m.Token == "" {
				answer["flow_token"] = "unused" // Meta's default
			}
		}
		return answer, "flow", nil
	case wacloud.AddressRequest:
		return answer, "address_message", nil
	default:
		return nil, "", errors.New("the message is no form")
	}
}

func (s *Simulator) order(r *http.Request, in struct {
	place
	CatalogID string `json:"catalog_id"`
	Text      string `json:"text"`
	Items     []struct {
		RetailerID string `json:"retailer_id"`
		Quantity   int    `json:"quantity"`
		Price      string `json:"price"`
		Currency   string `json:"currency"`
	} `json:"items"`
	ReplyTo string `json:"reply_to"`
},
) (any, error) {
	if len(in.Items) == 0 {
		return nil, errors.New("items is required")
	}
	order := wacloud.OrderContent{CatalogID: in.CatalogID, Text: in.Text}
	for _, it := range in.Items {
		order.Items = append(order.Items, wacloud.OrderItem(it))
	}
	return s.act(r, in.place, graph.Order(order), in.ReplyTo)
}

func (s *Simulator) callPermission(r *http.Request, in struct {
	place
	Message string `json:"message"`
	Accept  bool   `json:"accept"`
},
) (any, error) {
	return s.act(r, in.place, graph.CallPermission(in.Accept), in.Message)
}

func (s *Simulator) media(r *http.Request, in struct {
	place
	Kind     string `json:"kind"`
	MIMEType string `json:"mime_type"`
	Data     []byte `json:"data"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
	Voice    bool   `json:"voice"`
	ReplyTo  string `json:"reply_to"`
},
) (any, error) {
	if !slices.Contains([]string{"image", "video", "audio", "document", "sticker"}, in.Kind) {
		return nil, errors.New("kind must be image, video, audio, document or sticker")
	}
	if len(in.Data) == 0 || in.MIMEType == "" {
		return nil, errors.New("data and mime_type are required")
	}
	m := s.engine.AddMedia(in.MIMEType, in.Data)
	m.Caption, m.Filename, m.Voice = in.Caption, in.Filename, in.Voice
	return s.act(r, in.place, graph.Media(in.Kind, m), in.ReplyTo)
}

func (s *Simulator) raw(r *http.Request, in struct {
	place
	Type    string          `json:"type"`
	Content json.RawMessage `json:"content"`
	ReplyTo string          `json:"reply_to"`
	Body    json.RawMessage `json:"body"`
},
) (any, error) {
	if in.Body != nil {
		return doneWith("", s.engine.Send(context.WithoutCancel(r.Context()), in.Body)), nil
	}
	if in.Type == "" {
		return nil, errors.New("type or body is required")
	}
	c := graph.Content{Type: in.Type}
	if in.Content != nil {
		c.Object = in.Content
	}
	return s.act(r, in.place, c, in.ReplyTo)
}

func (s *Simulator) status(r *http.Request, in struct {
	Message string `json:"message"`
	Status  string `json:"status"`
	Code    int    `json:"code"`
},
) (any, error) {
	m, err := s.message(in.Message)
	switch {
	case err != nil:
		return nil, err
	case m.FromUser:
		return nil, errors.New("the message is the user's: there are statuses of the bot's only")
	case !slices.Contains([]string{"sent", "delivered", "read", "played", "failed"}, in.Status):
		return nil, errors.New("status must be sent, delivered, read, played or failed")
	case in.Status == "played" && !isVoice(m.Outgoing.Message):
		return nil, errors.New("only voice notes are played")
	}
	var errs []wacloud.EventError
	if in.Status == "failed" {
		errs = []wacloud.EventError{{Code: in.Code}}
	}
	d, _ := s.engine.Report(context.WithoutCancel(r.Context()), in.Message, in.Status, errs...)
	return doneWith("", d), nil
}

func isVoice(m wacloud.Message) bool {
	audio, ok := m.(wacloud.Audio)
	return ok && audio.Voice
}

func (s *Simulator) open(_ *http.Request, in place) (any, error) {
	u, number, err := s.find(in)
	if err != nil {
		return nil, err
	}
	s.engine.See(number, u)
	return nil, nil
}
