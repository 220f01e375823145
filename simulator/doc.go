// Package simulator is a phone in the browser: it plays Meta's Cloud API for a bot in any language, as strict as Meta, and
// breaks things on purpose when asked to. The bot sends to it instead of graph.facebook.com and gets signed webhooks from
// it; a page shows the chats, an inspector shows every request both ways.
//
//	sim, err := simulator.New(simulator.Options{Webhook: "http://127.0.0.1:8080/webhook"})
//	if err != nil {
//		return err
//	}
//	return http.Serve(listener, sim) // on loopback
//
// [Simulator] is an [http.Handler] with the Graph API under /{version}/, the control API under /_sim/ and the page at /.
// The control API is described in API.md beside this file; the command wasim runs a simulator and drives it.
//
// It is not Meta: it cannot know what Meta will refuse for reasons of its own. It is no place for real credentials: its own
// are random at each start, and a bearer that looks like one of Meta's is refused, neither stored nor logged.
package simulator
