package result

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

func TestStored(t *testing.T) {
	create := Write{Verb: "create", Revision: 2, Status: facts.StatusPendingUpgrade}
	update := Write{Verb: "update", Revision: 2, Status: facts.StatusDeployed}
	failing := func(w Write, unknown bool) Write {
		w.Error, w.Unknown = "no", unknown
		return w
	}
	for name, c := range map[string]struct {
		writes   []Write
		revision int
		status   facts.Status
	}{
		"none":                   {nil, 1, facts.StatusDeployed},
		"a revision is begun":    {[]Write{create}, 2, facts.StatusPendingUpgrade},
		"and ended":              {[]Write{create, update}, 2, facts.StatusDeployed},
		"its end is refused":     {[]Write{create, failing(update, false)}, 2, facts.StatusPendingUpgrade},
		"its end gets no answer": {[]Write{create, failing(update, true)}, 2, facts.StatusUnknown},
		"it is told at last":     {[]Write{create, failing(update, true), update}, 2, facts.StatusDeployed},
		"its begin is refused":   {[]Write{failing(create, false)}, 1, facts.StatusDeployed},
		"an older one is changed": {[]Write{create, {Verb: "update", Revision: 1, Status: facts.StatusSuperseded}}, 2,
			facts.StatusPendingUpgrade},
		"an older one goes":   {[]Write{create, {Verb: "delete", Revision: 1, Status: facts.StatusFailed}}, 2, facts.StatusPendingUpgrade},
		"a copy that is none": {[]Write{{Verb: "create", Revision: 1}}, 1, facts.StatusDeployed},
		"it is taken down": {[]Write{{Verb: "update", Revision: 1, Status: facts.StatusUninstalling},
			{Verb: "update", Revision: 1, Status: facts.StatusUninstalled}}, 1, facts.StatusUninstalled},
	} {
		if revision, status := Stored(c.writes, 1, facts.StatusDeployed); revision != c.revision || status != c.status {
			t.Errorf("%s: revision %d %s, want %d %s", name, revision, status, c.revision, c.status)
		}
	}
}
