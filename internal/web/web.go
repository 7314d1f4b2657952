// Package web serves the list of review apps over HTTP: a page, JSON, metrics, and whether all of
// that is up to date. It changes nothing, asks nobody anything, and knows no cluster.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"github.com/berth-dev/berth/internal/report"
)

// View is what is known at one moment.
type View struct {
	report.Survey
	Version uint64 // another one after each change of the apps
	Trouble string // why it is not live, or not whole; one line
}

// Server serves what Look returns.
type Server struct {
	Look func() View
	// Clock returns this machine's time.
	Clock func() time.Time

	page, json cached
	numbers    numbers
}

// What one client may take, and how many there may be.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 15 * time.Second // that many who ask nothing would else keep out whoever probes
	headerBytes   = 16 << 10
	connections   = 256
	graceTime     = 5 * time.Second
)

// Serve answers until ctx ends, and then lets those finish who are being answered.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(netutil.LimitListener(listener, connections)) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTime)
	defer cancel()
	if err := server.Shutdown(grace); errors.Is(err, context.DeadlineExceeded) {
		_ = server.Close() // of those who take too long
	}
	return nil
}

// Handler answers GET and HEAD of four paths.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.document(&s.page, "text/html; charset=utf-8", report.FleetPage))
	mux.HandleFunc("GET /fleet.json", s.document(&s.json, "application/json", report.FleetJSON))
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /healthz", s.health)
	policy := report.FleetPolicy() + "; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			w.Header().Set(name, value)
		}
		mux.ServeHTTP(w, r)
	})
}

// document answers with the apps in one form.
func (s *Server) document(c *cached, kind string, render func(report.Fleet) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		view := s.Look()
		if !view.Whole {
			unavailable(w, view.Trouble)
			return
		}
		d, err := c.of(view, s.Clock(), render)
		if err != nil {
			http.Error(w, "It could not be written; please report this as a bug.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", kind)
		d.write(w, r)
	}
}

func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(s.numbers.of(s.Look().Survey, s.Clock())) // the client has gone
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	view := s.Look()
	if !view.Whole || !view.Live {
		unavailable(w, view.Trouble)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n") // the client has gone
}

func unavailable(w http.ResponseWriter, why string) {
	http.Error(w, why, http.StatusServiceUnavailable)
}
