package simulator

import (
	"strings"
	"sync"
	"time"
)

// What the log keeps.
const (
	maxLines = 1000
	maxLine  = 4 << 10 // bytes
)

// lineLog keeps the last lines of the bot.
type lineLog struct {
	mu    sync.Mutex
	count int
	lines []logLine
}

type logLine struct {
	ID     int       `json:"id"`
	At     time.Time `json:"at"`
	Stream string    `json:"stream"`
	Text   string    `json:"text"`
}

func (l *lineLog) add(at time.Time, stream, text string) {
	if len(text) > maxLine {
		text = text[:maxLine] + "…"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if len(l.lines) >= maxLines {
		l.lines = append([]logLine(nil), l.lines[len(l.lines)-maxLines/2:]...)
	}
	l.lines = append(l.lines, logLine{l.count, at, stream, strings.ToValidUTF8(text, "\uFFFD")})
}

// after returns the lines whose id is higher.
func (l *lineLog) after(id int) []logLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := len(l.lines)
	for i > 0 && l.lines[i-1].ID > id {
		i--
	}
	return append([]logLine(nil), l.lines[i:]...)
}
