package wacloud

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

// Sent is the answer to an accepted message. Accepted is not delivered: what becomes of the message, a bad media link
// included, comes as status webhooks.
type Sent struct {
	MessageID string
	WaID      string  // may differ from the digits that were asked for (Brazil, Mexico); empty for a user id
	UserID    string  // business-scoped user id, where the message went to one
	Status    string  // templates only: accepted, held_for_quality_assessment or paused
	Message   Message // what was sent; of a rung of several messages the last
	Attempts  int     // how often the request was made, from 1; over all messages of a rung
	// Fallback says why another message was sent, see [Fallback] and [OrTemplate]; empty where the message itself was.
	Fallback string
	Parts    []string // the ids of a rung's messages, the last is MessageID; nil for one message
	SendID   string   // ours, comes back in [Status]; of a rung of several messages the last one's; empty without a [Store]
}

// Send checks and sends one message. Messages to one user arrive in any order; wait for the "delivered" status where
// the order matters (Meta, send messages, read 2026-03).
//
// It returns a [*ValidationError] when the message breaks a rule, before anything is sent; an [*APIError] when Meta
// answered with anything but a message id; and an [*AmbiguousSendError] when nobody can tell whether the message was
// accepted. Every other error means that the request was not sent. [RetryPolicy] says what is repeated; [SafeToRetry]
// tells whether the caller may. With [Fallback] or [WithFallback] a message that is refused goes out in another shape,
// and with [OrTemplate] as a template where the customer service window is closed.
//
// Calls for one recipient go out one after the other, in the order in which Send was entered; a later one waits while an
// earlier one is repeated. [RateLimit] tells how long a message may wait for Meta's limits.
func (c *Client) Send(ctx context.Context, to Recipient, m Message, opts ...SendOption) (*Sent, error) {
	at, err := c.turnOf(ctx, to)
	if err != nil {
		return nil, &transportError{op: "send", err: err, ended: true}
	}
	defer c.pace.leave(at)
	o := Outgoing{To: to, Message: m}
	cfg := o.set(opts)
	if c.mayDegrade(cfg, m) {
		return c.sendDown(ctx, &o, cfg)
	}
	return c.sendOne(ctx, &o, cfg, nil)
}

// sendOne sends one message, which may be part of a rung.
func (c *Client) sendOne(ctx context.Context, o *Outgoing, cfg *sendConfig, p *part) (*Sent, error) {
	if cfg == nil || !cfg.skipValidation {
		if err := c.checkOutgoing(ctx, o); err != nil {
			return nil, err
		}
	}
	body, err := EncodeMessage(*o) // refuses a missing recipient or message
	if err != nil {
		return nil, err
	}
	store := c.storeFor(ctx)
	if store == nil {
		return c.postUnrecorded(ctx, o, body)
	}
	s, err := c.newEntry(store, o, p)
	if err != nil {
		return nil, err
	}
	s.pend.Broadcast = broadcastFrom(ctx)
	post := func() (*Sent, error) { return c.postRecorded(ctx, o, p, s) }
	if r := runFrom(ctx); r != nil {
		return r.sendOnce(ctx, s, body, o.Message, post)
	}
	return post()
}

// checkOutgoing checks o as [Outgoing.Check] does. What goes on record has room for less callback data.
func (c *Client) checkOutgoing(ctx context.Context, o *Outgoing) error {
	if c.storeFor(ctx) == nil {
		return validationError(o.Check())
	}
	return validationError(o.checkStored())
}

func (c *Client) postUnrecorded(ctx context.Context, o *Outgoing, body []byte) (*Sent, error) {
	if r := runFrom(ctx); r != nil {
		return r.sendUnrecorded(func() (*Sent, error) { return c.post(ctx, o, body) })
	}
	return c.post(ctx, o, body)
}

func (c *Client) post(ctx context.Context, o *Outgoing, body []byte) (*Sent, error) {
	sent := &Sent{Message: o.Message}
	k := call{op: "send", method: http.MethodPost, url: c.messages, body: body, into: sent, line: c.pace.lineOf(o.To)}
	if o.Marketing != nil {
		k.url = c.graphURL(c.number, "marketing_messages")
	}
	start := time.Now()
	attempts, err := c.do(ctx, &k, (*Client).trySend)
	if c.observer != nil {
		c.observeSend(ctx, start, err)
	}
	if err != nil {
		return nil, err
	}
	sent.Attempts = attempts
	c.learnWaID(o.To, sent)
	return sent, nil
}

// A SendOption changes one [Client.Send].
type SendOption interface{ applySend(*sendConfig) }

type sendConfig struct {
	replyTo         string
	callbackData    string
	identityKeyHash string
	skipValidation  bool
	directSend      *DirectSend
	marketing       *Marketing
	fallback        bool
	fallbacks       []Message
	template        *Template
}

type sendOptionFunc func(*sendConfig)

func (f sendOptionFunc) applySend(c *sendConfig) { f(c) }

// ReplyTo quotes a message.
func ReplyTo(messageID string) SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.replyTo = messageID })
}

// CallbackData is echoed in the status webhooks of the message, at most 512 characters; 480 with a [Store], because the
// send's own id takes the rest.
func CallbackData(data string) SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.callbackData = data })
}

// IdentityKeyHash sends the message only if the user's identity still has this hash. Else the error has code 137000 and
// is [ErrInvalid].
func IdentityKeyHash(hash string) SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.identityKeyHash = hash })
}

// SkipValidation sends the message unchecked: a limit that Meta raised never has to wait for our next release. A
// missing recipient or message is still refused.
func SkipValidation() SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.skipValidation = true })
}

// set applies opts and returns what they say; nil where there are none.
func (o *Outgoing) set(opts []SendOption) *sendConfig {
	if len(opts) == 0 {
		return nil
	}
	cfg := new(sendConfig)
	for _, opt := range opts {
		if opt != nil {
			opt.applySend(cfg)
		}
	}
	o.ReplyTo, o.CallbackData, o.IdentityKeyHash = cfg.replyTo, cfg.callbackData, cfg.identityKeyHash
	o.DirectSend, o.Marketing = cfg.directSend, cfg.marketing
	return cfg
}

// decode reads the answer to a message. Unknown fields are Meta's good right; without an id it is no success.
func (s *Sent) decode(answer wire.Value) bool {
	for _, m := range answer.Get("messages").Elements {
		s.MessageID = m.Get("id").Text()
		s.Status = m.Get("message_status").Text()
		break
	}
	for _, user := range answer.Get("contacts").Elements {
		s.WaID = user.Get("wa_id").Text()
		s.UserID = user.Get("user_id").Text()
		break
	}
	return s.MessageID != ""
}

// MarkRead marks a received message, and those before it, as read. Meta takes it for 30 days (Meta, mark message as
// read, read 2026-03); an unknown id is [ErrInvalid]. It is repeated as a read is: marking twice does no harm.
func (c *Client) MarkRead(ctx context.Context, messageID string) error {
	return c.markRead(ctx, "mark read", messageID, "}")
}

// Typing marks a received message as read and shows the typing indicator until the answer is sent, for at most 25
// seconds (Meta, typing indicators, read 2026-03).
func (c *Client) Typing(ctx context.Context, messageID string) error {
	return c.markRead(ctx, "typing", messageID, `,"typing_indicator":{"type":"text"}}`)
}

func (c *Client) markRead(ctx context.Context, op, messageID, end string) error {
	if messageID == "" {
		return opError(op, errors.New("the message id is empty"))
	}
	body := append([]byte(nil), `{"messaging_product":"whatsapp","status":"read","message_id":`...)
	body = append(wire.AppendString(body, messageID), end...)
	k := call{op: op, method: http.MethodPost, url: c.messages, body: body, idempotent: true, into: new(success)}
	_, err := c.do(ctx, &k, (*Client).try)
	return err
}

// success is an answer that needs no more than {"success":true}. Only an explicit false is a failure.
type success struct{}

func (*success) decode(answer wire.Value) bool {
	if answer.Get("error").Kind() != wire.Absent {
		return false
	}
	v := answer.Get("success")
	return v.Kind() == wire.Absent || v.True()
}
