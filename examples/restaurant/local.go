package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// patience is how long a local bot may take over one answer.
const patience = 10 * time.Second

// A town is the bot and, around it, what would otherwise be Meta: a Graph server and a phone, all on loopback.
type town struct {
	graph *wacloudtest.Server
	phone *wacloudtest.User
	bot   *service
	url   string // of the bot
	seen  int    // messages of the bot that were read
}

// inTown runs visit with a bot that talks to a local Graph server, and returns its error or the test kit's complaint.
func inTown(ctx context.Context, without string, visit func(ctx context.Context, t *town) error) error {
	return wacloudtest.Run(nil, func(tb wacloudtest.TB) error {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		graph := wacloudtest.NewServer(tb)
		t := &town{graph: graph, url: "http://" + listener.Addr().String()}
		if t.bot, err = newService(graph.Config(), t.url, without); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(ctx)
		stopped := make(chan error, 1)
		go func() { stopped <- t.bot.serve(ctx, listener) }()
		tb.Cleanup(func() {
			cancel()
			if err := <-stopped; err != nil {
				tb.Errorf("the bot stopped: %v", err)
			}
		})
		graph.ConnectURL(t.url + "/webhook")
		t.phone = graph.User("Ana")
		return visit(ctx, t)
	})
}

// news waits until the bot has handled all that it got, and returns the messages that it sent since the last call.
func (t *town) news(ctx context.Context) ([]wacloud.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		stats, err := t.bot.inbox.Stats(ctx)
		if err != nil {
			return nil, err
		}
		if stats.Depth == 0 {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("the bot is still busy after %v", patience)
		}
	}
	sent := t.graph.Sent()
	fresh := sent[t.seen:]
	t.seen = len(sent)
	messages := make([]wacloud.Message, 0, len(fresh))
	for _, o := range fresh {
		messages = append(messages, o.Message)
	}
	return messages, nil
}
