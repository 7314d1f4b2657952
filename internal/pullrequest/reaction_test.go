package pullrequest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/result"
)

func TestReaction(t *testing.T) {
	f := newFake(t, false)
	for _, stage := range []result.Stage{result.StageReady, result.StageFailed} {
		teller := NewReaction(f.options(1), 99)
		begins(t, teller, result.StageDeploying)
		ends(t, teller, stage)
	}
	ends(t, NewReaction(f.options(1), 99), result.StageFailed) // nothing had begun
	if got := f.Reactions(); !slices.Equal(got, []string{"eyes", "+1", "eyes", "-1", "-1"}) {
		t.Errorf("got %q", got)
	}
}

func TestReactionThatFails(t *testing.T) {
	f := newFake(t, false)
	f.Instead(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"message": "::error::x"}`))
		return true
	})
	for want, teller := range map[string]*Teller{
		"it answered 403; give github-token a token with the permission pull-requests: write": NewReaction(f.options(1), 99),
		"no token was given": NewReaction(Options{Getenv: f.env(1)}, 99),
		"only GitHub":        NewReaction(f.options(1), 0),
		"only GitHub has":    NewReaction(newFake(t, true).options(1), 99),
	} {
		teller.Begin(t.Context(), update(result.StageDeploying))
		errs := teller.End(t.Context(), update(result.StageReady))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) || strings.Contains(errs[0].Error(), "::") {
			t.Errorf("%s: %v", want, errs)
		}
	}
}
