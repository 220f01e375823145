package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// routes is everything that the simulator serves.
func (s *Simulator) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/_sim/", s.controlled(s.control()))
	mux.Handle("GET /{$}", s.page())
	mux.Handle("/", s.engine)
	return mux
}

// controlled lets only those through who have the start-up token.
func (s *Simulator) controlled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.admits(r) {
			refuse(w, http.StatusUnauthorized, "the start-up token is missing: open the address that the simulator printed")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// The largest requests.
const (
	maxRequest = 1 << 20
	maxUpload  = 16 << 20 * 4 / 3 // base64
	maxState   = 64 << 20
)

// control is the API that API.md describes.
func (s *Simulator) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sim/events", s.stream)
	mux.HandleFunc("GET /_sim/state", answer(s.getState))

	mux.HandleFunc("POST /_sim/say", take(maxRequest, s.say))
	mux.HandleFunc("POST /_sim/tap", take(maxRequest, s.tap))
	mux.HandleFunc("POST /_sim/tap-id", take(maxRequest, s.tapID))
	mux.HandleFunc("POST /_sim/react", take(maxRequest, s.react))
	mux.HandleFunc("POST /_sim/location", take(maxRequest, s.location))
	mux.HandleFunc("POST /_sim/contact", take(maxRequest, s.contact))
	mux.HandleFunc("POST /_sim/form", take(maxRequest, s.form))
	mux.HandleFunc("POST /_sim/order", take(maxRequest, s.order))
	mux.HandleFunc("POST /_sim/call-permission", take(maxRequest, s.callPermission))
	mux.HandleFunc("POST /_sim/media", take(maxUpload, s.media))
	mux.HandleFunc("POST /_sim/raw", take(maxRequest, s.raw))
	mux.HandleFunc("POST /_sim/status", take(maxRequest, s.status))
	mux.HandleFunc("POST /_sim/open", take(maxRequest, s.open))
	mux.HandleFunc("POST /_sim/users", take(maxRequest, s.addUser))
	mux.HandleFunc("PATCH /_sim/users/{id}", take(maxRequest, s.changeUser))

	mux.HandleFunc("GET /_sim/faults/kinds", answer(s.faultKinds))
	mux.HandleFunc("POST /_sim/faults", take(maxRequest, s.arm))
	mux.HandleFunc("DELETE /_sim/faults", answer(s.disarm))
	mux.HandleFunc("DELETE /_sim/faults/{id}", answer(s.disarmOne))

	mux.HandleFunc("GET /_sim/entries/{id}", answer(s.entry))
	mux.HandleFunc("GET /_sim/entries/{id}/copy", s.copyEntry)
	mux.HandleFunc("POST /_sim/entries/{id}/redeliver", take(maxRequest, s.redeliver))

	mux.HandleFunc("POST /_sim/restart", take(maxRequest, s.restart))
	mux.HandleFunc("GET /_sim/routes", answer(s.botRoutes))
	mux.HandleFunc("GET /_sim/dead-letters", answer(s.deadLetters))

	mux.HandleFunc("PATCH /_sim/settings", take(maxRequest, s.change))
	mux.HandleFunc("POST /_sim/clock", take(maxRequest, s.advance))
	mux.HandleFunc("POST /_sim/handshake", answer(s.handshake))
	mux.HandleFunc("POST /_sim/restarted", answer(s.restarted))
	mux.HandleFunc("POST /_sim/reset", take(maxRequest, s.reset))
	mux.HandleFunc("GET /_sim/transcript", s.transcript)
	mux.HandleFunc("GET /_sim/save", s.download)
	mux.HandleFunc("POST /_sim/save", take(maxRequest, s.save))
	mux.HandleFunc("POST /_sim/restore", take(maxState, s.restore))
	mux.HandleFunc("GET /_sim/saves", answer(s.saves))
	mux.HandleFunc("GET /_sim/media/{id}", s.file)
	mux.HandleFunc("GET /_sim/link", s.link)

	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "there is no such call: see API.md")
	})
	return mux
}

// failure is an error with the status that it is answered with; any other is a 400.
type failure struct {
	status int
	what   string
}

func (f failure) Error() string { return f.what }

func notFound(what string) error { return failure{http.StatusNotFound, what} }

// answer serves a call without a body.
func answer(do func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := do(r)
		finish(w, v, err)
	}
}

// take serves a call whose body is a T: JSON without unknown fields, at most max bytes.
func take[T any](most int64, do func(r *http.Request, in T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in T
		if err := decode(http.MaxBytesReader(w, r.Body, most), &in); err != nil {
			finish(w, nil, err)
			return
		}
		v, err := do(r, in)
		finish(w, v, err)
	}
}

// decode reads one JSON value; nothing at all is an empty object.
func decode(r io.Reader, v any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return failure{http.StatusRequestEntityTooLarge, "the request is too large"}
	}
	if err != nil {
		return fmt.Errorf("the request does not fit: %w", err)
	}
	if d.More() {
		return errors.New("the request does not fit: there is more than one value")
	}
	return nil
}

func finish(w http.ResponseWriter, v any, err error) {
	if err != nil {
		status := http.StatusBadRequest
		if f, ok := errors.AsType[failure](err); ok {
			status = f.status
		}
		refuse(w, status, err.Error())
		return
	}
	if v == nil {
		v = struct{}{}
	}
	reply(w, http.StatusOK, v)
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, status int, what string) {
	reply(w, status, struct {
		Error string `json:"error"`
	}{what})
}

func reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away has no use for an error
}
