// Package wacloud talks to WhatsApp's official Cloud API: it sends messages with buttons, lists and carousels, and hands
// what users tap to typed callbacks.
//
// # A first program
//
// A bot has credentials from the environment, a [Router] with its callbacks, and a [Webhook] with an [Inbox]:
//
//	cfg, err := wacloud.ConfigFromEnv() // credentials come from the environment, never from code
//	if err != nil {
//		log.Fatal(err)
//	}
//
//	// One definition writes the id on the button and reads it back in the callback.
//	type removeItem struct {
//		N int `id:"n"`
//	}
//	cartRemove := wacloud.NewRoute[removeItem]("cart:remove:{n}")
//
//	r := wacloud.NewRouter()
//	r.Text(func(ctx context.Context, e *wacloud.Event) error {
//		_, err := e.Respond(ctx, wacloud.NewButtons("Como prefere receber o pedido?",
//			wacloud.Button{ID: "delivery", Title: "🛵 Entrega"},
//			wacloud.Button{ID: "pickup", Title: "🏠 Retirada"},
//			cartRemove.Button("Remover item 3", removeItem{N: 3}),
//		))
//		return err
//	})
//
// The rest of it is in the package example.
//
// # Sending
//
// A [Client] sends from one business phone number. Each kind of [Message] is a plain struct: write a literal, or use the
// constructor that takes its required parts and methods such as [Buttons.WithFooter] for the others. Both leave the
// values they are given alone.
//
// [Client.Send] checks the message first. All problems come at once in a [*ValidationError], each with its path in the
// request, what was found, the limit and a hint; [Check] also gives warnings. [SkipValidation] and [Raw] are for the day
// on which Meta allows more than this release knows.
//
// Recipients are [Phone], [WaID], [UserID] and [GroupID]. Answer an event with [Event.Respond], which picks the right one.
//
// # Errors and retries
//
// Branch with [errors.Is] on what a caller can do next: [ErrInvalid], [ErrAuth], [ErrRateLimited], [ErrWindowClosed],
// [ErrUndeliverable], [ErrTemplate], [ErrBlocked], [ErrUnavailable]. The [*APIError] holds the whole answer.
//
// A message is sent again only when it provably was not accepted: the request never left, it was throttled, or Meta said
// that nothing was done. When nobody knows, the error is an [*AmbiguousSendError] and the library leaves it at that.
// [SafeToRetry] tells the two apart for a caller with a loop of its own.
//
// # Webhooks
//
// A [Webhook] checks the signature, parses the body with [ParseWebhook], stores the events in its [Inbox] and answers 200
// after that. [Webhook.Run] then hands them to the handler: one at a time for each [Event.Key], which is one user of one
// business number, oldest first, users in parallel. What failed is tried again after 1, 4, 15 and 60 seconds, then becomes
// a dead letter; [Permanent] and [RetryAfter] change that for one error, [RunConfig] for all.
//
// After an error or a crash a handler runs again. With a [Store] it does not send again what it has sent; without one, an
// event whose handler has sent something is not handled again.
//
// [MemoryInbox] loses what it holds when the process dies. It is for tests, demonstrations, and bots that may lose an
// event. The modules inbox/sqlite, inbox/postgres and inbox/nats keep it.
//
// Nothing that Meta sends is dropped. An [Event] of an unknown kind, or an [InboundMessage] of an unknown type, keeps its
// JSON in Raw; a broken element never hides its neighbours.
//
// # Routing
//
// A tap is a [Reply] wherever it came from: a reply button, a list row, a carousel card, a template. [Router.Reply] takes
// it by a pattern of its id, such as "restaurant:{id}"; a [Route] adds types and writes the ids as well. An id that no
// route takes, a button of last year for example, goes to [Router.NotFound]. Ids that must not be forged or must expire
// are signed by an [IDSigner]; [Once] keeps a double tap from counting twice.
//
// Routes are for more than taps. [Expect] sends the user's next text to one, so that a handler can ask for a name and
// return; [Route.Track] writes one into a message, whose statuses then go to [OnStatus].
//
// # Testing
//
// Package wacloudtest plays the Graph API and the phones of the users over real HTTP, or in memory for
// [testing/synctest]. A single handler needs no server: bind an event with [Client.Bind] and call [Router.Handle].
//
// # Facts of Meta's
//
// Comments name the page of Meta's documentation that a fact comes from and when it was read. What could not be checked
// against the live API is listed in docs/decisions.md.
package wacloud
