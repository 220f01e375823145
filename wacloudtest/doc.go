// Package wacloudtest tests bots without WhatsApp: it plays the Graph API and the phones of the users.
//
// A [Server] checks what the bot sends as strictly as the library does and answers with Meta's error envelope. A [User]
// writes, taps and waits for answers; each of their actions reaches the bot as a signed webhook of the exact shape that
// Meta sends:
//
//	func TestOrder(t *testing.T) {
//		srv := wacloudtest.NewServer(t)
//		srv.Serve(newRouter()) // webhook, inbox and handlers, stopped with the test
//		ana := srv.User("Ana")
//
//		ana.Say("oi")
//		wacloudtest.Expect[wacloud.Buttons](ana).Tap("Retirada")
//		shops := wacloudtest.Expect[wacloud.List](ana)
//		shops.Tap("Centro")
//	}
//
// With [InMemory] nothing opens a socket, so that the test may run in a [testing/synctest] bubble. [Run] is for programs that are
// no tests.
//
// The builders ([Text], [ButtonReply], [CarouselTap], [Status], …) make webhook bodies on their own, for a webhook that is
// not ours or for one handler without a server: see [Event], [Post] and [Sign].
package wacloudtest
