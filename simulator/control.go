package simulator

import (
	"encoding/json"
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

func (s *Simulator) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "there is no such call: see API.md")
	})
	return mux
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
