package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// withRemains is a release whose hook has made the object migrate.
func withRemains() []facts.Record {
	rec := one()[0]
	rec.Hooks = []facts.Hook{{Name: "migrate", Kind: "Job", Events: []string{"post-install"}, Manifest: "hook: migrate"}}
	return []facts.Record{rec}
}

// remain puts what the hook has made, and a claim of a StatefulSet.
func remain(s *scene) {
	job := healthy("migrate")
	job.Owned, job.HookOf, job.Complete, job.Created = false, "review/web", true, time.Now()
	s.cluster.put(job)
	claim := facts.Claim{Labelled: true, Set: facts.Ref{Kind: "StatefulSet", Namespace: "review", Name: "db"}}
	claim.Ref, claim.Exists, claim.Created = facts.Ref{Kind: "PersistentVolumeClaim", Namespace: "review", Name: "data-db-0"}, true, time.Now()
	s.cluster.claims = []facts.Claim{claim}
}

// inStay is a scene whose namespace Berth did not make.
func inStay(more ...func(*scene)) func(*scene) {
	return all(append([]func(*scene){remain, func(s *scene) { s.cluster.ns.Ours = false }}, more...)...)
}

func deleteAll(s *scene) { s.options.Remains.Hooks, s.options.Remains.Claims = true, true }

// remains holds that so many objects are named as left, and these are there.
func remains(left int, there string, claims int) func(*testing.T, *scene, result.Result) {
	return func(t *testing.T, s *scene, r result.Result) {
		t.Helper()
		if len(r.Remains) != left || s.cluster.there() != there || len(s.cluster.claims) != claims {
			t.Errorf("named are %q; there is %q and %d claims", r.Remains, s.cluster.there(), len(s.cluster.claims))
		}
		if left > 0 {
			hasNote(t, r, "Left behind")
		}
	}
}

func TestTeardownOfWhatOutlivesTheRelease(t *testing.T) {
	denied := &problem.Problem{Reason: problem.PermissionMissing, Tried: "delete it", Next: "Grant delete."}
	perform(t, []play{
		{name: "is named", records: withRemains, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			set: inStay(), says: []string{"is gone, but for 2 objects that its hooks and StatefulSets left; the namespace stays"},
			check: remains(2, "migrate", 1)},
		{name: "is deleted where that is asked for", records: withRemains, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall",
			stored: "-", set: inStay(deleteAll), says: []string{"is gone; the namespace stays"},
			check: func(t *testing.T, s *scene, r result.Result) {
				remains(0, "", 0)(t, s, r)
				hasNote(t, r, "Leftovers removed")
			}},
		{name: "is deleted as the hook's policy says", verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			records: func() []facts.Record {
				records := withRemains()
				records[0].Hooks[0].Temporary, records[0].Hooks[0].Succeeded = true, true
				return records
			}, set: inStay(), check: remains(1, "", 1)},
		{name: "by an old revision's hook alone", verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			records: func() []facts.Record {
				old := withRemains()[0]
				old.LabelStatus, old.PayloadStatus = facts.StatusSuperseded, facts.StatusSuperseded
				return []facts.Record{old, by("before", revision(2, facts.StatusDeployed))}
			}, set: inStay(deleteAll), check: remains(0, "", 0)},
		{name: "goes with the namespace", records: withRemains, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			set: all(remain, deleteAll), says: []string{"is gone, and so is its namespace"},
			check: func(t *testing.T, s *scene, r result.Result) {
				if len(r.Remains) > 0 || s.cluster.times("Remove") > 0 {
					t.Errorf("named are %q, %d removals", r.Remains, s.cluster.times("Remove"))
				}
			}},
		{name: "is named where the namespace stays after all", records: withRemains, verb: verb.Teardown, reason: problem.Foreign,
			asked: "uninstall", stored: "-", set: all(remain, func(s *scene) { s.helm.others = []facts.Neighbour{{Name: "db"}} }),
			check: remains(2, "migrate", 1)},
		{name: "is found again when it cannot be deleted", records: withRemains, verb: verb.Teardown, reason: problem.PermissionMissing,
			asked: "uninstall", stored: "1 uninstalled", says: []string{"The records are kept"},
			set: inStay(deleteAll, func(s *scene) { s.cluster.fail("Remove", 1, denied) })},
		{name: "is named when what a policy says cannot be done", verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall",
			stored: "-", records: func() []facts.Record {
				records := withRemains()
				records[0].Hooks[0].Temporary, records[0].Hooks[0].Succeeded = true, true
				return records
			}, set: inStay(func(s *scene) { s.cluster.fail("Remove", 1, denied) }), check: func(t *testing.T, s *scene, r result.Result) {
				remains(2, "migrate", 1)(t, s, r)
				hasNote(t, r, "Leftovers not removed")
			}},
		{name: "may not be listed, to be deleted", records: withRemains, verb: verb.Teardown, reason: problem.PermissionMissing,
			asked: "uninstall", stored: "1 uninstalled", set: inStay(deleteAll, func(s *scene) { s.cluster.fail("Claims", 1, denied) })},
		{name: "may not be listed", records: withRemains, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			set:   inStay(func(s *scene) { s.cluster.fail("Claims", 1, denied) }),
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Claims not looked for") }},
		{name: "may not be deleted, by the first look", records: withRemains, verb: verb.Teardown, reason: problem.PermissionMissing,
			stored: "1 deployed", set: inStay(deleteAll, func(s *scene) { s.access.denied["delete persistentvolumeclaims"] = true })},
		{name: "and the server does not answer", records: withRemains, verb: verb.Teardown, reason: problem.Unanswered, asked: "uninstall",
			stored: "1 uninstalled", set: inStay(func(s *scene) { s.cluster.fail("Claims", 1, errDown) })},
	})
}

// A deploy has the same inputs as a teardown, and goes on with the data.
func TestDeployDeletesNoData(t *testing.T) {
	perform(t, []play{
		{name: "that finishes a dead uninstall", verb: verb.Deploy, reason: problem.Consistent, asked: "uninstall, install", repair: "uninstall",
			records: func() []facts.Record {
				rec := by("dead", revision(1, facts.StatusUninstalling))
				rec.Hooks = withRemains()[0].Hooks
				return []facts.Record{rec}
			}, set: inStay(deleteAll), stored: "1 deployed", check: func(t *testing.T, s *scene, r result.Result) {
				if len(s.cluster.claims) != 1 || len(r.Remains) > 0 || slices.Contains(s.said, "Delete what its hooks and StatefulSets left") {
					t.Errorf("%d claims, named are %q", len(s.cluster.claims), r.Remains)
				}
			}},
	})
}

// A workload that a hook made to stay is part of what a check looks at.
func TestCheckOfWhatHooksMade(t *testing.T) {
	made := func() []facts.Record {
		rec := one()[0]
		rec.Hooks = []facts.Hook{{Name: "cache", Kind: "Deployment", Events: []string{"pre-install"}, Manifest: "hook: cache", Succeeded: true}}
		return []facts.Record{rec}
	}
	cache := func(ready bool) func(*scene) {
		return func(s *scene) {
			o := healthy("cache")
			o.Owned, o.HookOf, o.Ready, o.Created = false, "review/web", ready, time.Now()
			s.cluster.put(o)
		}
	}
	perform(t, []play{
		{name: "ready", records: made, set: cache(true), verb: verb.Check, reason: problem.Consistent, stored: "1 deployed"},
		{name: "not ready", records: made, set: cache(false), verb: verb.Check, reason: problem.Inconsistent,
			says: []string{"1 of 1 workload of hooks not ready"}, check: func(t *testing.T, _ *scene, r result.Result) {
				if r.Diagnostics == nil {
					t.Error("nothing says why")
				}
			}},
		{name: "gone", records: made, verb: verb.Check, reason: problem.Inconsistent, says: []string{"1 of 1 workload of hooks not ready"}},
	})
}
