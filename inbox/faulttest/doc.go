// Package faulttest holds the tests that break things: bots that are real processes take signed webhooks over HTTP and are
// killed, stopped, starved of disk and cut from their database, and one checker compares what was acknowledged with what
// was handled. Nobody imports it.
//
// The program in bot is the bot, the client and the NATS server. The tests build it without the race detector. They run in
// a short form; WACLOUD_SOAK=1 (make soak) runs the long one and writes its table to docs/guarantees.md.
package faulttest
