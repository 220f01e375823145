// Package natstest runs a NATS server with JetStream inside the process, for tests and demonstrations.
package natstest

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// A Server is a NATS server in this process.
type Server struct {
	server *server.Server
	dir    string
}

// Start starts a server that keeps its streams in dir and syncs each of them to disk before it answers. It listens on no
// port: connect with [Server.Connect].
func Start(dir string) (*Server, error) {
	s, err := server.NewServer(&server.Options{
		DontListen: true, JetStream: true, StoreDir: dir, SyncAlways: true, NoSigs: true, NoLog: true,
		JetStreamMaxStore: 8 << 30, JetStreamMaxMemory: 64 << 20,
	})
	if err != nil {
		return nil, fmt.Errorf("natstest: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, errors.New("natstest: the server did not start")
	}
	return &Server{s, dir}, nil
}

// Connect returns a connection inside the process.
func (s *Server) Connect() (*nats.Conn, error) {
	return nats.Connect("", nats.InProcessServer(s.server))
}

// Close stops the server. What it keeps in its folder stays.
func (s *Server) Close() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}
