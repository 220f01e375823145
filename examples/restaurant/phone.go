package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
)

// openPhone runs the bot beside a simulator that plays Meta, both on this machine, and prints the address of the phone.
func openPhone(ctx context.Context, addr string, out io.Writer) error {
	botAt, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	phoneAt, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return errors.Join(err, botAt.Close())
	}
	bot, sim, err := newPhone("http://"+botAt.Addr().String(), "http://"+phoneAt.Addr().String())
	if err != nil {
		return errors.Join(err, botAt.Close(), phoneAt.Close())
	}
	fmt.Fprintf(out, "A phone, without WhatsApp. Open\n\n    %s\n\nand write \"oi\". Nothing leaves this machine. Ctrl-C ends.\n", sim.PageURL())
	return serveBoth(ctx, bot, botAt, sim, phoneAt)
}

// newPhone returns the bot and the simulator that play at these addresses, with three users. The bot tells the simulator its
// routes by itself.
func newPhone(botURL, phoneURL string) (*service, *simulator.Simulator, error) {
	sim, err := simulator.New(simulator.Options{
		Webhook: botURL + "/webhook",
		BaseURL: phoneURL,
		Users: []wacloud.User{
			{Name: "Ana", Phone: "5511999990001", ID: "BR.ana0000000001"},
			{Name: "Bia", ID: "BR.bia0000000001", Username: "bia"}, // shows no phone number
			{Name: "Caio", Phone: "5511999990003", ID: "BR.caio000000001"},
		},
	})
	if err != nil {
		return nil, nil, err
	}
	if err := sim.Refuse("Caio", "carousel"); err != nil { // an old phone: the restaurants come in another shape
		return nil, nil, err
	}
	bot, err := newService(sim.Config(), botURL, "")
	return bot, sim, err
}

// serveBoth serves bot and phone until ctx ends or one of them fails.
func serveBoth(ctx context.Context, bot *service, botAt net.Listener, sim *simulator.Simulator, phoneAt net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{Handler: sim, ReadHeaderTimeout: 5 * time.Second}
	var (
		serving  sync.WaitGroup
		phoneErr error
	)
	serving.Go(func() {
		defer cancel()
		phoneErr = server.Serve(phoneAt)
	})
	err := bot.serve(ctx, botAt)
	sim.Close() // the pages' streams end, or Close would wait for them
	_ = server.Close()
	serving.Wait()
	if errors.Is(phoneErr, http.ErrServerClosed) {
		phoneErr = nil
	}
	return errors.Join(err, phoneErr)
}
