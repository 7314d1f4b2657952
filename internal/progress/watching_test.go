package progress

import (
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// An object that was watched for want of a readiness probe says so, in its line and in
// the timeline; others do not.
func TestWatchingIsTold(t *testing.T) {
	watched := satisfied(web)
	watched.Unprobed, watched.Watched = "app, proxy\x1b[2J", 3*time.Second
	plain := func(s string) string { return strings.ReplaceAll(s, "\x1b[2J", "") }
	w := newWait(Ready, start, []facts.Awaited{web, db}, "review", plain)
	w.update(at(4), watched, plain)
	w.update(at(4), satisfied(db), plain)
	const told = "watched for 3.0 s: no readiness probe in app, proxy"
	if got, want := w.objects[0].line(Ready), "Deployment/web: ready after 4.0 s, "+told; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := w.objects[1].line(Ready); got != "StatefulSet/db: ready after 4.0 s" {
		t.Errorf("got %q", got)
	}
	events := w.timeline(at(4))
	if parts := events[0].Parts; len(parts) != 1 || parts[0].What != told || parts[0].At != time.Second || parts[0].Took != 3*time.Second {
		t.Errorf("parts %+v", parts)
	}
	if parts := events[1].Parts; len(parts) != 0 {
		t.Errorf("parts %+v", parts)
	}
}
