package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// session tells other wasim commands where a simulator runs. The file is the user's alone: it holds the start-up token.
type session struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`
}

func sessionPath(t terminal) string {
	if path := t.getenv("WASIM_SESSION"); path != "" {
		return path
	}
	return cachePath(t, "session.json")
}

func writeSession(path string, s session) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("session file: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "session-*") // made with 0600
	if err != nil {
		return fmt.Errorf("session file: %w", err)
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("session file: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}

// removeSession removes the file unless another simulator has written it since.
func removeSession(path string) {
	if s, err := readSession(path); err == nil && s.PID == os.Getpid() {
		_ = os.Remove(path) // a stale file only makes a verb fail with a clear error
	}
}

func readSession(path string) (s session, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, errors.New("no simulator is running: start one with wasim, or set WASIM_URL and WASIM_TOKEN")
	}
	if err != nil {
		return s, fmt.Errorf("session file: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil || s.URL == "" {
		return s, errors.New("session file: it is not one of wasim's")
	}
	return s, nil
}

// findSession takes the variables first, then the file.
func findSession(t terminal) (session, error) {
	if url := t.getenv("WASIM_URL"); url != "" {
		return session{URL: url, Token: t.getenv("WASIM_TOKEN")}, nil
	}
	return readSession(sessionPath(t))
}
