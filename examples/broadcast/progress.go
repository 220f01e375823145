package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/cheggaaa/pb/v3"
	"github.com/mattn/go-isatty"

	"github.com/wacloud/wacloud"
)

// A progress shows how far a broadcast is: a bar on a terminal, else a line every second.
type progress struct {
	out   io.Writer
	total int
	bar   *pb.ProgressBar // nil for lines
	last  time.Time       // of a line
}

// What stands behind the bar has a fixed width, so that the bar keeps its own.
const (
	barLook   = `{{percent . "%3.0f%%"}} {{bar . " " "█" "█" "░" " " | green}} {{string . "status"}}`
	barWidth  = 100
	barStatus = 42
)

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: total, last: time.Now()}
	if isTerminal(out) {
		p.bar = pb.New(total).SetTemplateString(barLook).SetWriter(out).SetMaxWidth(barWidth).
			SetRefreshRate(100 * time.Millisecond).Start()
	}
	return p
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && (isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()))
}

// show is called by the broadcast, ten times a second at most.
func (p *progress) show(r wacloud.BroadcastReport) {
	if p.bar != nil {
		p.bar.Set("status", fmt.Sprintf("%-*s", barStatus, p.status(r))).SetCurrent(int64(r.Total()))
		return
	}
	if r.Total() == p.total || time.Since(p.last) >= time.Second {
		p.last = time.Now()
		fmt.Fprintln(p.out, p.status(r))
	}
}

// status is "305 of 600  71/s  4s left  12 refused". A first second tells nothing about the rate.
func (p *progress) status(r wacloud.BroadcastReport) string {
	done := r.Total()
	s := fmt.Sprintf("%*d of %d", len(strconv.Itoa(p.total)), done, p.total)
	if r.Elapsed >= time.Second {
		s += fmt.Sprintf("  %3.0f/s", r.PerSecond())
		if done < p.total {
			left := r.Elapsed.Seconds() / float64(done) * float64(p.total-done)
			s += fmt.Sprintf("  %v left", time.Duration(left+1)*time.Second)
		}
	}
	if r.Refused > 0 {
		s += fmt.Sprintf("  %d refused", r.Refused)
	}
	return s
}

func (p *progress) end() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
