package cli

import (
	"context"
	"time"

	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/result"
)

// server implements engine.Server with the connection to the API server.
type server struct{ conn *kube.Conn }

// Now returns this machine's time before the API server's first answer.
func (s server) Now() time.Time {
	if t, ok := s.conn.ServerTime(); ok {
		return t
	}
	return time.Now()
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
