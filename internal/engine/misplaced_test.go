package engine

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// copied are records of which this revision was copied from another namespace.
func copied(revision int, records ...facts.Record) func() []facts.Record {
	return func() []facts.Record {
		for i := range records {
			if rec := &records[i]; rec.Revision == revision {
				rec.Misplaced = `it holds revision 1 of release "web" in namespace "prod"`
				rec.DecodeError = rec.Misplaced
			}
		}
		return records
	}
}

// A record that was copied from elsewhere is named, and nothing is done by it, with
// adopt too.
func TestMisplacedRecords(t *testing.T) {
	adopting := func(s *scene) { s.options.Policy.Adopt = verdict.Adoption{Release: true, Namespace: true} }
	onStuck := func(o verdict.OnStuck) func(*scene) { return func(s *scene) { s.options.Policy.OnStuck = o } }
	says := []string{"does not belong to this release", "sh.helm.release.v1.web.v1", `namespace "prod"`, "kubectl delete"}
	two := []facts.Record{revision(1, facts.StatusSuperseded), revision(2, facts.StatusDeployed)}
	var plays []play
	for _, v := range []verb.Verb{verb.Check, verb.Deploy, verb.Repair, verb.Teardown} {
		for name, set := range map[string]func(*scene){"": func(*scene) {}, ", adopting": adopting,
			", to be uninstalled": onStuck(verdict.OnStuckUninstall)} {
			plays = append(plays, play{name: string(v) + " of the last" + name, verb: v, set: set, reason: problem.Foreign, says: says,
				records: copied(1, revision(1, facts.StatusDeployed)), stored: "1 deployed",
				check: func(t *testing.T, s *scene, _ result.Result) {
					if s.cluster.times("Observe") > 0 || s.cluster.times("AdoptNamespace") > 0 {
						t.Error("it looks at another release's objects")
					}
				}})
		}
	}
	perform(t, append(plays,
		play{name: "teardown of an earlier one", verb: verb.Teardown, reason: problem.Foreign, says: says,
			records: copied(1, two...), stored: "1 superseded, 2 deployed"},
		play{name: "a rollback to one", verb: verb.Repair, reason: problem.Foreign, says: says, set: onStuck(verdict.OnStuckRollback),
			records: copied(1, revision(1, facts.StatusDeployed), revision(2, facts.StatusPendingUpgrade)), stored: "1 deployed, 2 pending-upgrade"},
		play{name: "an upgrade from one", verb: verb.Deploy, reason: problem.Foreign, says: says,
			records: copied(1, revision(1, facts.StatusDeployed), revision(2, facts.StatusFailed)), stored: "1 deployed, 2 failed"},
		play{name: "an uninstall after a failure", verb: verb.Deploy, reason: problem.DeployFailed, asked: "upgrade",
			set: func(s *scene) {
				s.helm.fault, s.options.Policy.OnFailure = "fails", verdict.OnFailureUninstall
			},
			records: copied(1, by("before", two[0]), by("before", two[1])), stored: "1 superseded, 2 deployed, 3 failed",
			says: []string{"what on-failure asks for failed as well"}},
	))
}
