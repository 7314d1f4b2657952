package cli

import (
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/ownership"
)

func TestStamps(t *testing.T) {
	began := func() time.Time { return time.Date(2026, 11, 30, 13, 0, 0, 5, time.FixedZone("", 3600)) }
	one := target{App: app.App{URL: "https://a.example.com", Source: app.Source{SHA: "abc", PullRequest: 7, RunURL: "https://ci/1"}},
		began: began, ttl: 36 * time.Hour, main: true}
	for key, want := range map[string]string{
		ownership.AnnotationLastDeployed:  "2026-11-30T12:00:00Z",
		ownership.AnnotationExpires:       "2026-12-02T00:00:00Z",
		ownership.AnnotationDefaultBranch: "true",
		ownership.AnnotationCommit:        "abc",
		ownership.AnnotationURL:           "https://a.example.com",
		ownership.AnnotationPullRequest:   "7",
		ownership.AnnotationRunURL:        "https://ci/1",
	} {
		if got := one.stamps()[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	// What a deploy does not have takes away what the one before had.
	none := target{began: began}
	for _, key := range []string{ownership.AnnotationExpires, ownership.AnnotationDefaultBranch, ownership.AnnotationCommit,
		ownership.AnnotationURL,
		ownership.AnnotationPullRequest, ownership.AnnotationRunURL} {
		if got, there := none.stamps()[key]; !there || got != "" {
			t.Errorf("%s: %q, %t", key, got, there)
		}
	}
	if got := none.onDeploys(); len(got) != 1 || got[ownership.AnnotationLastDeployed] == "" {
		t.Errorf("on a record: %v", got)
	}
	if got := (target{began: began, App: app.App{URL: "https://\xff"}}).stamps()[ownership.AnnotationURL]; got != "https://\uFFFD" {
		t.Errorf("text that Kubernetes refuses: %q", got)
	}
}
