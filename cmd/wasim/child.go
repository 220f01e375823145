package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wacloud/wacloud/simulator"
)

// stopPatience is how long the bot may take to stop before it is killed.
const stopPatience = 5 * time.Second

// childEnv is the environment of the bot: ours in place of any real credentials.
func childEnv(environ, ours []string) []string {
	var env []string
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(strings.ToUpper(name), "WHATSAPP_") {
			env = append(env, v)
		}
	}
	return append(env, ours...)
}

// A child is the bot, started anew as often as somebody asks for it.
type child struct {
	command  string
	patient  bool // who ends by itself, because it does not compile perhaps, is started again when somebody asks for it
	restarts chan chan struct{}
}

func newChild(command string, patient bool) *child {
	return &child{command, patient, make(chan chan struct{})}
}

// restart returns when the bot has been stopped and is being started again.
func (c *child) restart(ctx context.Context) error {
	stopped := make(chan struct{})
	select {
	case c.restarts <- stopped:
		<-stopped
		return nil
	case <-ctx.Done():
		return errors.New("the bot is not running")
	}
}

// run runs the bot until ctx ends or the bot does.
func (c *child) run(ctx context.Context, env []string, sim *simulator.Simulator, t terminal) error {
	for {
		again, err := c.runOnce(ctx, env, sim, t)
		if !again {
			return err
		}
		sim.Log("stderr", "wasim: starting the bot again")
	}
}

// runOnce runs the bot until it is to be started again, or for the last time.
func (c *child) runOnce(ctx context.Context, env []string, sim *simulator.Simulator, t terminal) (again bool, err error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- runChild(running, c.command, env, sim, t) }()
	var stopped chan struct{}
	select {
	case stopped = <-c.restarts:
		stop()
		<-ended //nolint:errcheck // it was stopped by us
	case err := <-ended:
		if err == nil || !c.patient {
			return false, err
		}
		told := "wasim: " + err.Error() + "; it starts again when a file changes"
		sim.Log("stderr", told)
		fmt.Fprintln(t.err, told)
		select {
		case stopped = <-c.restarts:
		case <-ctx.Done():
			return false, nil
		}
	}
	close(stopped)
	return true, nil
}

// runChild runs the bot until ctx ends, with everything that it starts. Its lines go to the inspector and to the terminal.
// A bot that ends by itself is an error.
func runChild(ctx context.Context, command string, env []string, sim *simulator.Simulator, t terminal) error {
	cmd := shell(ctx, command)
	cmd.Env = env
	cmd.Cancel = func() error { return terminate(cmd) }
	cmd.WaitDelay = stopPatience
	stdout, outLines := lines(sim, "stdout", t.out)
	stderr, errLines := lines(sim, "stderr", t.err)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	kill(cmd) // what it has started and left behind
	_ = errors.Join(stdout.Close(), stderr.Close())
	<-outLines
	<-errLines
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was stopped by us
	}
	if err != nil {
		return fmt.Errorf("the bot ended: %w", err)
	}
	return errors.New("the bot ended")
}

// lines returns a writer whose lines are logged; done is closed when the last one is.
func lines(sim *simulator.Simulator, stream string, echo io.Writer) (w *io.PipeWriter, done <-chan struct{}) {
	r, w := io.Pipe()
	end := make(chan struct{})
	go func() {
		defer close(end)
		in := bufio.NewReaderSize(r, 64<<10)
		for {
			line, _, err := in.ReadLine() // a longer line comes in pieces
			if err != nil {
				return
			}
			sim.Log(stream, string(line))
			fmt.Fprintln(echo, string(line))
		}
	}()
	return w, end
}
