package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// rehearse sends to made-up people, or those of the file, through a Graph server inside the process. Nothing leaves the machine.
func (j *job) rehearse(ctx context.Context, out io.Writer) (report *wacloud.BroadcastReport, err error) {
	store, closeStore, err := openRehearsal(j.db)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	err = wacloudtest.Run(nil, func(tb wacloudtest.TB) error {
		graph := wacloudtest.NewServer(tb)
		list, err := j.rehearsalList(graph)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "A rehearsal: no credentials are set, so nothing leaves this machine.")
		j.id = cmp.Or(j.id, "rehearsal")
		report, err = j.send(ctx, graph.Config(), store, list, out)
		return err
	})
	return report, err
}

// rehearsalList is the list of the rehearsal, with trouble here and there.
func (j *job) rehearsalList(graph *wacloudtest.Server) (*list, error) {
	template := wacloud.NewTemplate(cmp.Or(j.template, "spring_sale"), j.language)
	if j.csv != "" {
		return openList(j.csv, template)
	}
	return &list{template: template, total: j.people, open: func() (io.ReadCloser, error) {
		return io.NopCloser(&people{graph: graph, left: j.people}), nil
	}}, nil
}

// people writes a file of made-up people while it is read, and lets Meta refuse some of those who are sent to meanwhile.
type people struct {
	graph *wacloudtest.Server
	left  int
	n     int
	row   strings.Reader
}

// Read implements [io.Reader], a row at a time, so that the trouble is not all in the beginning.
func (p *people) Read(b []byte) (int, error) {
	if p.row.Len() == 0 {
		if p.left == 0 {
			return 0, io.EOF
		}
		p.left--
		p.n++
		p.trouble()
		p.row.Reset(fmt.Sprintf("+55 11 9%04d-%04d,%s\n", p.n/7, p.n, firstNames[p.n%len(firstNames)]))
	}
	return p.row.Read(b)
}

func (p *people) trouble() {
	switch {
	case p.n%300 == 200:
		p.graph.FailWith(wacloudtest.Fault{Code: 130429, RetryAfter: time.Second}, 1) // too fast: the bar waits
	case p.n%250 == 100:
		p.graph.FailWith(wacloudtest.Fault{CutAfter: true}, 1)
	case p.n%23 == 7:
		p.graph.Fail(131049, 1)
	case p.n%61 == 20:
		p.graph.Fail(131026, 1)
	case p.n%97 == 40:
		p.graph.Fail(131050, 1)
	}
}

var firstNames = []string{"Ana", "Bruno", "Carla", "Davi", "Elisa", "Fábio", "Gabriela", "Heitor", "Iara", "João"}
