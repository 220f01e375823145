package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/wacloud/wacloud"
)

// A list is the recipients, read row by row as their messages go out: it may be larger than memory.
type list struct {
	template wacloud.Template
	total    int
	open     func() (io.ReadCloser, error)
	err      error // that ended the sequence early
}

// openList counts the rows, so that there is a whole to be a part of.
func openList(path string, template wacloud.Template) (*list, error) {
	l := &list{template: template, open: func() (io.ReadCloser, error) { return os.Open(path) }}
	for range l.messages {
		l.total++
	}
	if l.err == nil && l.total == 0 {
		l.err = errors.New("nobody is in it")
	}
	if l.err != nil {
		return nil, fmt.Errorf("%s: %w", path, l.err)
	}
	return l, nil
}

// messages is the sequence for BroadcastEach. A row that is no phone number is sent as it is: it counts as refused, and
// stops nobody else.
func (l *list) messages(yield func(wacloud.Recipient, wacloud.Template) bool) {
	l.err = nil
	file, err := l.open()
	if err != nil {
		l.err = err
		return
	}
	defer file.Close()
	rows := csv.NewReader(file)
	rows.TrimLeadingSpace = true
	for first := true; ; first = false {
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			l.err = err
			return
		case first && isHeader(row):
			continue
		}
		if !yield(wacloud.Phone(row[0]), l.template.WithTexts(row[1:]...)) {
			return
		}
	}
}

// isHeader reports whether the row names the columns: no digit is in its first field.
func isHeader(row []string) bool {
	for _, c := range row[0] {
		if '0' <= c && c <= '9' {
			return false
		}
	}
	return true
}

// results writes what became of each recipient. A nil file writes nothing.
type results struct {
	file *os.File
	csv  *csv.Writer
}

func openResults(path string) (*results, error) {
	if path == "" {
		return &results{}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // phone numbers are nobody else's business
	if err != nil {
		return nil, err
	}
	r := &results{file, csv.NewWriter(file)}
	return r, r.csv.Write([]string{"recipient", "outcome", "code", "message"})
}

func (r *results) write(result wacloud.BroadcastResult) {
	if r.file == nil {
		return
	}
	to, _ := result.To.MarshalText() // empty for a row that is no phone number
	code, id := "", ""
	if result.Code != 0 {
		code = strconv.Itoa(result.Code)
	}
	if result.Sent != nil {
		id = result.Sent.MessageID
	}
	_ = r.csv.Write([]string{string(to), result.Outcome.String(), code, id}) // close has the error
}

func (r *results) close() error {
	if r.file == nil {
		return nil
	}
	r.csv.Flush()
	return errors.Join(r.csv.Error(), r.file.Close())
}
