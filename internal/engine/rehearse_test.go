package engine

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/verdict"
)

// A deploy that marks the last record deployed before all else starts from that one, and nothing has failed then. A
// preview goes by the same, and leaves what was gathered as it is.
func TestPreviewsFromWhatIsPromoted(t *testing.T) {
	pending := revision(2, facts.StatusPendingUpgrade)
	pending.Loaded, pending.Manifest = true, "v2: web more"
	first := revision(1, facts.StatusDeployed)
	first.Loaded = true
	f := &facts.Facts{Records: []facts.Record{first, pending}}
	p := &preflight{session: &session{}}
	p.ns, p.gather, p.steps = &namespace{}, &gatherer{}, &performer{operate: &operator{gather: &gatherer{}}}
	deploy, err := p.previewOf(t.Context(), promoted(f), rendering{revision: 3, upgrade: true}, verdict.Plan{})
	if err != nil || deploy.From != pending.Manifest || len(deploy.Failed) != 0 {
		t.Errorf("it starts from %q, over %q: %v", deploy.From, deploy.Failed, err)
	}
	if e := verdict.Expected(promoted(f)); e.Made != pending.Manifest {
		t.Errorf("made %q", e.Made)
	}
	if last := f.Last(); last.PayloadStatus != facts.StatusPendingUpgrade || last.LabelStatus != facts.StatusPendingUpgrade {
		t.Error("the facts were changed")
	}
}
