package engine

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
)

// With preflight: full, a run ends with every gap at once, and before its first write: of Berth's own
// needs and of the chart's, in a namespace that is there, and outside of one that is not.
func TestAskAhead(t *testing.T) {
	for name, c := range map[string]struct {
		verb    verb.Verb
		denied  []string
		absent  bool // the namespace
		missing string
		made    bool // the namespace was
	}{
		"nothing is missing": {verb: verb.Deploy},
		"of the chart": {verb: verb.Deploy, denied: []string{"create services", "create jobs"},
			missing: "create services, create jobs"},
		"of both": {verb: verb.Deploy, denied: []string{"update secrets", "create services"},
			missing: "update secrets, create services"},
		"of Berth":   {verb: verb.Deploy, denied: []string{"update secrets"}, missing: "update secrets"},
		"no watch":   {verb: verb.Deploy, denied: []string{"watch jobs"}},
		"a teardown": {verb: verb.Teardown, denied: []string{"create services"}, missing: "create services"},
		"a teardown, of both": {verb: verb.Teardown, denied: []string{"delete secrets", "create jobs"},
			missing: "delete secrets, create jobs"},
		"absent, nothing": {verb: verb.Deploy, absent: true, made: true},
		"absent, outside": {verb: verb.Deploy, absent: true, denied: []string{"create storageclasses"},
			missing: "create storageclasses"},
		"absent, outside and in it": {verb: verb.Deploy, absent: true, denied: []string{"create storageclasses", "create jobs"},
			missing: "create storageclasses, create jobs"},
		"absent, may not be made": {verb: verb.Deploy, absent: true, denied: []string{"create namespaces"},
			missing: "create namespaces"},
		"absent, in it": {verb: verb.Deploy, absent: true, denied: []string{"create jobs", "update secrets"},
			missing: "update secrets, create jobs", made: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t.Context(), by("before", revision(1, facts.StatusDeployed)))
				if c.absent {
					s = newScene(t.Context())
					s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent}
				}
				s.options.Full, s.options.RBACWait, s.needs.all = true, 0, ofChart()
				s.access.optional["watch jobs"] = true
				for _, d := range c.denied {
					s.access.denied[d] = true
				}
				r := s.run(c.verb)
				var missing []string
				for _, m := range r.Missing {
					missing = append(missing, m.Verb+" "+m.Resource)
				}
				if got := strings.Join(missing, ", "); got != c.missing || (r.Reason == problem.PermissionMissing) != (c.missing != "") {
					t.Errorf("missing %q, want %q: %s", got, c.missing, r.Headline)
				}
				if made := s.cluster.times("CreateNamespace") > 0; made != c.made {
					t.Errorf("the namespace was made: %t", made)
				}
				if wrote := len(s.helm.Audit()) > 0 || s.locker.times("Acquire") > 0; wrote != (c.missing == "") {
					t.Errorf("it has written: %t", wrote)
				}
			})
		})
	}
}

// Without it, the default asks nothing more.
func TestStorageAsksNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t.Context())
		s.needs.all, s.access.denied["create services"] = ofChart(), true
		if s.run(verb.Deploy); s.access.times("ReviewNeeds") > 0 {
			t.Errorf("asked %d times", s.access.times("ReviewNeeds"))
		}
	})
}
