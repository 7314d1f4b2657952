package cli

import (
	"context"
	"time"

	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/result"
)

// server implements engine.Server with the connection to the API server.
type server struct{ conn *kube.Conn }

// Now returns this machine's time before the API server's second answer.
func (s server) Now() time.Time {
	if t, ok := s.conn.ServerTime(); ok {
		return t
	}
	return time.Now()
}

// Latest takes this machine's time for as good as the API server's: one of several
// servers may have a clock that is behind, and this run may speak to that one alone.
func (s server) Latest() time.Time {
	now := time.Now()
	if t, ok := s.conn.LatestServerTime(); ok && t.After(now) {
		return t
	}
	return now
}

// User gives up after a while and returns "", since it serves messages only.
func (s server) User(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	user, err := s.conn.Whoami(ctx)
	if err != nil {
		return ""
	}
	return user
}

func (s server) Traffic() []result.Requests { return s.conn.Traffic() }
