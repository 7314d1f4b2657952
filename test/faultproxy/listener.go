package faultproxy

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// rebindTimeout is how long up tries to get its port back. A short-lived
// connection of another process may sit on it.
const rebindTimeout = 10 * time.Second

// listener is the side that the tools see. It can go away and come back.
type listener struct {
	address   string // with the port, once there is one
	protocols *http.Protocols
	handler   http.Handler

	mu  sync.Mutex
	now *listening // nil while down
}

// listening is the listener between one up and the next down.
type listening struct {
	http   *http.Server
	cancel context.CancelFunc

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

func (l *listener) up() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now != nil {
		return nil
	}
	certificate, err := identity()
	if err != nil {
		return err
	}
	socket, err := l.listen()
	if err != nil {
		return err
	}
	l.address = socket.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	s := &listening{cancel: cancel, conns: map[net.Conn]struct{}{}}
	s.http = &http.Server{
		Handler:     l.handler,
		Protocols:   l.protocols,
		TLSConfig:   &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(parent context.Context, conn net.Conn) context.Context {
			return context.WithValue(parent, connectionKey{}, &connection{socketOf(conn), ctx})
		},
		ConnState: s.track,
		ErrorLog:  log.New(io.Discard, "", 0), // tools that were killed in a handshake
	}
	l.now = s
	go func() { _ = s.http.ServeTLS(socket, "", "") }()
	return nil
}

// listen takes the port of the first time again.
func (l *listener) listen() (net.Listener, error) {
	over := time.After(rebindTimeout)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		socket, err := net.Listen("tcp", l.address)
		if err == nil {
			return socket, nil
		}
		select {
		case <-over:
			return nil, err
		case <-tick.C:
		}
	}
}

func (l *listener) down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		return
	}
	l.now.close()
	l.now = nil
}

// close closes every connection without TLS's close_notify and HTTP/2's GOAWAY,
// as a server does that was killed.
func (s *listening) close() {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	_ = s.http.Close()
}

// track keeps the open connections. One that was accepted while it
// closes is cut, too.
func (s *listening) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	socket := socketOf(conn)
	switch state {
	case http.StateNew:
		if s.closed {
			_ = socket.Close()
		}
		s.conns[socket] = struct{}{}
	case http.StateClosed:
		delete(s.conns, socket)
	case http.StateActive, http.StateIdle, http.StateHijacked:
	}
}
