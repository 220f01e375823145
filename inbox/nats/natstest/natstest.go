// Package natstest runs a NATS server with JetStream inside the process, for tests and demonstrations.
package natstest

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// A Server is a NATS server in this process.
type Server struct {
	server *server.Server
}

// Start starts a server that keeps its streams in dir and syncs each of them to disk before it answers. It listens on no
// port: connect with [Server.Connect].
func Start(dir string) (*Server, error) {
	return start(&server.Options{DontListen: true, StoreDir: dir})
}

// Listen is Start for a server that other processes reach, at an address of this machine, like 127.0.0.1:4222.
func Listen(dir, addr string) (*Server, error) {
	to, err := loopback(addr)
	if err != nil {
		return nil, err
	}
	return start(&server.Options{Host: to.Addr().String(), Port: int(to.Port()), StoreDir: dir})
}

// Join is Listen for one of the servers of a cluster, which find each other at the addresses peers; own is this server's
// among them. It takes a majority of them, some seconds, before streams can be made.
func Join(dir, addr, own string, peers ...string) (*Server, error) {
	to, err := loopback(addr)
	if err != nil {
		return nil, err
	}
	cluster, err := loopback(own)
	if err != nil {
		return nil, err
	}
	opts := &server.Options{Host: to.Addr().String(), Port: int(to.Port()), StoreDir: dir, ServerName: own}
	opts.Cluster = server.ClusterOpts{Name: "natstest", Host: cluster.Addr().String(), Port: int(cluster.Port())}
	for _, peer := range peers {
		if _, err := loopback(peer); err != nil {
			return nil, err
		}
		if peer != own {
			opts.Routes = append(opts.Routes, &url.URL{Scheme: "nats", Host: peer})
		}
	}
	return start(opts)
}

func loopback(addr string) (netip.AddrPort, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil || !to.Addr().IsLoopback() {
		return netip.AddrPort{}, fmt.Errorf("natstest: %q is no loopback address with a port", addr)
	}
	return to, nil
}

func start(opts *server.Options) (*Server, error) {
	opts.JetStream, opts.SyncAlways, opts.NoSigs, opts.NoLog = true, true, true, true
	opts.JetStreamMaxStore, opts.JetStreamMaxMemory = 8<<30, 64<<20
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("natstest: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, errors.New("natstest: the server did not start")
	}
	return &Server{s}, nil
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
