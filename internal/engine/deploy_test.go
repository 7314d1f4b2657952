package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// pendingOf is what a dead run of Berth's left: it said on the lock that it ended.
func pendingOf(status facts.Status) func() []facts.Record {
	return func() []facts.Record {
		return []facts.Record{by("before", revision(1, facts.StatusDeployed)), by("dead", revision(2, status))}
	}
}

// ended says on the lock that the run which left revision 2 has ended.
func ended(proven bool) func(*scene) {
	return func(s *scene) {
		s.locker.found = facts.Lock{State: facts.LockEnded,
			Attempt: facts.Attempt{Run: "dead", Revision: 2, Outcome: "failed", HooksProven: proven}}
	}
}

func all(set ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, f := range set {
			f(s)
		}
	}
}

func TestDeploy(t *testing.T) {
	perform(t, []play{
		{name: "the first one makes the namespace and installs", records: none, verb: verb.Deploy, reason: problem.Consistent,
			set:    func(s *scene) { s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent} },
			stored: "1 deployed", asked: "install", says: []string{"Revision 1 of `web` is deployed"},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("CreateNamespace") != 1 || !s.locker.expect.Absent || !s.locker.expect.Renewable {
					t.Errorf("%d namespaces made, lock %+v", s.cluster.times("CreateNamespace"), s.locker.expect)
				}
				if !slices.Equal(s.chart.renderings, []rendering{{1, false}}) {
					t.Errorf("rendered %v", s.chart.renderings)
				}
				if a := s.locker.held.ended; a == nil || a.Outcome != "deployed" || a.Revision != 1 || !a.HooksProven {
					t.Errorf("the lock says %+v", a)
				}
			}},
		{name: "a second one upgrades", records: one, verb: verb.Deploy, reason: problem.Consistent,
			stored: "1 superseded, 2 deployed", asked: "upgrade",
			check: func(t *testing.T, s *scene, _ result.Result) {
				if !slices.Equal(s.chart.renderings, []rendering{{2, true}}) {
					t.Errorf("rendered %v", s.chart.renderings)
				}
			}},
		{name: "over one that only lacks its record", records: pendingOf(facts.StatusPendingUpgrade), set: ended(true), verb: verb.Deploy,
			reason: problem.Consistent, stored: "1 superseded, 2 superseded, 3 deployed", asked: "upgrade", repair: "promote, dedupe"},
		{name: "over one that is unfinished", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy,
			set:    all(ended(false), func(s *scene) { s.cluster.edit("web", func(o *facts.Object) { o.Ready = false }) }),
			reason: problem.Consistent, stored: "1 superseded, 2 failed, 3 deployed", asked: "upgrade", repair: "unlock",
			check: func(t *testing.T, s *scene, r result.Result) {
				if len(r.Evidence) < 2 || !slices.Equal(s.helm.failed, []string{"# revision 2"}) {
					t.Errorf("evidence %q, failed manifests %q", r.Evidence, s.helm.failed)
				}
			}},
		{name: "sweeps what a failed one left", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade", repair: "sweep",
			records: func() []facts.Record {
				failed := by("before", revision(2, facts.StatusFailed))
				failed.Manifest = "v2: web old"
				return append(one(), failed)
			},
			set:    func(s *scene) { s.cluster.put(healthy("old")) },
			stored: "1 superseded, 2 failed, 3 deployed",
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.there() != "web" {
					t.Errorf("left: %s", s.cluster.there())
				}
				if d := s.helm.at(3).Description; d != "Upgrade complete" {
					t.Errorf("its record says %q", d)
				}
			}},
		{name: "tells what it cannot sweep", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			records: func() []facts.Record {
				failed := by("before", revision(2, facts.StatusFailed))
				failed.Manifest = "v2: web old"
				return append(one(), failed)
			},
			set: func(s *scene) { s.cluster.put(healthy("old")); s.cluster.fail("Remove", 1, errDown) },
			check: func(t *testing.T, s *scene, r result.Result) {
				hasNote(t, r, "Leftovers not removed")
				if d := s.helm.at(3).Description; d != "Upgrade complete"+facts.Unswept {
					t.Errorf("its record says %q, and the next deploy does not look again", d)
				}
			}},
		{name: "sweeps all the same where a record was pruned meanwhile", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			repair: "sweep", records: func() []facts.Record {
				failed := by("before", revision(3, facts.StatusFailed))
				failed.Manifest = "v3: web old"
				old, good := by("before", revision(1, facts.StatusSuperseded)), by("before", revision(2, facts.StatusDeployed))
				return []facts.Record{old, good, failed}
			},
			set: func(s *scene) {
				claim := healthy("old")
				claim.TakesClaims = true // so that it is asked for which data are there
				s.cluster.put(claim)
				s.helm.during = func() { s.helm.remove(s.helm.key(1)) }
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.there() != "web" {
					t.Errorf("left: %s", s.cluster.there())
				}
			}},
		{name: "removes a hook that would block its own", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade", repair: "clean-hooks",
			records: withLeftoverHook, set: leftoverHook},
		{name: "removes one whose delete policy was another when it was made", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			repair: "clean-hooks", set: leftoverHook,
			records: func() []facts.Record {
				records := withLeftoverHook()
				records[0].Hooks[0].Recreated = true
				return records
			}},
		{name: "leaves one to Helm, which deletes it first", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			records: withLeftoverHook, set: all(leftoverHook, func(s *scene) { s.chart.hooks[0].Recreated = true }),
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("Remove") != 0 {
					t.Error("something was removed")
				}
			}},
		{name: "removes one that a release without records left", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			repair: "clean-hooks", set: all(leftoverHook, func(s *scene) {
				s.chart.hooks[0].Events = []string{"pre-install"}
				s.cluster.edit("seed", func(o *facts.Object) { o.HookOf, o.Owned = "review/web", false })
			})},
		{name: "stops at a hook that changed hands", verb: verb.Deploy, reason: problem.RepairFailed,
			records: withLeftoverHook, set: all(leftoverHook, func(s *scene) { s.cluster.conflict = []string{"seed"} }),
			says: []string{"kept: seed"}},
		{name: "relabels, and then looks again", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade", repair: "relabel",
			records: func() []facts.Record {
				rec := one()[0]
				rec.Hidden = true
				return []facts.Record{rec}
			}, stored: "1 superseded, 2 deployed"},
		{name: "quarantines an unreadable last record", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade", repair: "quarantine",
			records: func() []facts.Record {
				rec := by("before", revision(2, facts.StatusDeployed))
				rec.DecodeError = "it is garbage"
				return append(one(), rec)
			}, stored: "1 superseded, 2 deployed"},
		{name: "quarantines what cannot be relabelled", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade", repair: "quarantine",
			records: func() []facts.Record {
				rec := by("before", revision(1, facts.StatusSuperseded))
				rec.Hidden, rec.DecodeError = true, "it is garbage"
				return []facts.Record{rec, by("before", revision(2, facts.StatusDeployed))}
			}, stored: "2 superseded, 3 deployed"},
		{name: "discards an install that made nothing", verb: verb.Deploy, reason: problem.Consistent, asked: "install", repair: "discard",
			records: func() []facts.Record { return []facts.Record{by("dead", revision(1, facts.StatusPendingInstall))} },
			set: func(s *scene) {
				s.locker.found.Attempt = facts.Attempt{Run: "dead", Revision: 1, Outcome: "failed"}
			}, stored: "1 deployed"},
		{name: "finishes a dead uninstall and installs", verb: verb.Deploy, reason: problem.Consistent, asked: "uninstall, install",
			repair:  "uninstall",
			records: func() []facts.Record { return []facts.Record{by("dead", revision(1, facts.StatusUninstalling))} },
			set:     func(s *scene) { s.cluster.put(healthy("web")) }, stored: "1 deployed"},
		{name: "rolls back first when told to", verb: verb.Deploy, reason: problem.Consistent, asked: "rollback 1, upgrade",
			repair:  "unlock, rollback",
			records: pendingOf(facts.StatusPendingUpgrade),
			set: all(ended(false), func(s *scene) {
				s.options.Policy.OnStuck = verdict.OnStuckRollback
				s.cluster.edit("web", func(o *facts.Object) { o.Ready = false })
			}),
			check: func(t *testing.T, s *scene, _ result.Result) {
				if !slices.Equal(s.chart.renderings, []rendering{{4, true}}) {
					t.Errorf("rendered %v", s.chart.renderings)
				}
			}},
		{name: "adopts objects and takes others over", records: none, verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) {
				s.helm.out = result.Outcome{Adopted: []string{"a"}, Taken: []string{"b"}, Unproven: []string{"Job/seed"}}
			},
			repair: "adopt, take-over", check: func(t *testing.T, s *scene, r result.Result) {
				hasNote(t, r, "Hook not proven")
				if s.locker.held.ended.HooksProven {
					t.Error("the lock says that the hooks are proven")
				}
			}},
		{name: "warns of a run that was cut off", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			set: func(s *scene) {
				s.locker.found = facts.Lock{State: facts.LockExpired, Run: "before", Holder: "x",
					Expired: []facts.Expiry{{Run: "before", At: time.Now()}}}
			},
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "A run was cut off") }},
		{name: "goes on without Leases", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			set:   func(s *scene) { s.locker.none = true },
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "No lock") }},
		{name: "tells of a lock that it could not release", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			set:   func(s *scene) { s.locker.held.fail("End", 1, errDown) },
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Lock not released") }},
		{name: "waits for another run's lock, and renders anew", records: none, verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) {
				s.locker.busy = time.Minute
				s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent}
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.chart.times("Refresh") != 1 || len(s.chart.renderings) != 2 {
					t.Errorf("refreshed %d times, rendered %v", s.chart.times("Refresh"), s.chart.renderings)
				}
			}},
	})
}

func TestDeployLooksAtWhatIsUnfinished(t *testing.T) {
	observe := func(n int) func(*scene) {
		return func(s *scene) {
			s.cluster.on("Observe", func(call int) error {
				if call == n {
					return errDown
				}
				return nil
			})
		}
	}
	dropped := func() []facts.Record {
		before := by("before", revision(1, facts.StatusDeployed))
		before.Manifest = "v1: web old"
		return []facts.Record{before, by("dead", revision(2, facts.StatusPendingUpgrade))}
	}
	evidence := func(want string) func(*testing.T, *scene, result.Result) {
		return func(t *testing.T, _ *scene, r result.Result) {
			if !slices.ContainsFunc(r.Evidence, func(e string) bool { return strings.Contains(e, want) }) {
				t.Errorf("no %q in %q", want, r.Evidence)
			}
		}
	}
	perform(t, []play{
		{name: "what the upgrade should have removed blocks the promotion", records: dropped, set: ended(true), verb: verb.Deploy,
			reason: problem.Consistent, asked: "upgrade", repair: "unlock", check: evidence("Deployment/old is left from the revision before")},
		{name: "also after the revision before was superseded", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade", repair: "unlock",
			records: func() []facts.Record {
				all := dropped()
				all[0].LabelStatus, all[0].PayloadStatus = facts.StatusSuperseded, facts.StatusSuperseded
				return all
			}, set: ended(true), check: evidence("Deployment/old is left")},
		{name: "a revision that failed is not the one before", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			repair: "promote, sweep",
			records: func() []facts.Record {
				all := dropped()
				all[0].LabelStatus, all[0].PayloadStatus = facts.StatusFailed, facts.StatusFailed
				return all
			}, set: all(ended(true), func(s *scene) { s.cluster.put(healthy("web"), healthy("old")) })},
		{name: "a revision before that cannot be read blocks it, too", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			repair: "unlock",
			records: func() []facts.Record {
				all := dropped()
				all[0].DecodeError = "it is garbage"
				return all
			}, set: all(ended(true), func(s *scene) { s.cluster.put(healthy("web")) }), check: evidence("cannot be decoded, so what it had")},
		{name: "no answer about its hooks", records: dropped, set: all(ended(true), observe(2)), verb: verb.Deploy, reason: problem.Unanswered},
		{name: "no answer about what was dropped", records: dropped, set: all(ended(true), observe(3)), verb: verb.Deploy,
			reason: problem.Unanswered},
		{name: "the revision before cannot be loaded", records: dropped, verb: verb.Deploy, reason: problem.Unanswered,
			set: all(ended(true), func(s *scene) { s.helm.fail("Load", 2, errDown) })},
		{name: "the manifest of a failed revision cannot be loaded", verb: verb.Deploy, reason: problem.Unanswered,
			records: func() []facts.Record {
				return append(one(), by("before", revision(2, facts.StatusFailed)), by("before", revision(3, facts.StatusFailed)))
			}, set: func(s *scene) { s.helm.fail("Load", 2, errDown) }},
	})
}

func TestDeployTells(t *testing.T) {
	perform(t, []play{
		{name: "of an answer that was lost, once", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			set: func(s *scene) {
				s.helm.during = func() {
					s.helm.writes = append(s.helm.writes, fakeWrite{Write: result.Write{Verb: "create", Key: "v2", Lost: true}})
				}
			},
			check: func(t *testing.T, _ *scene, r result.Result) {
				hasNote(t, r, "An answer was lost")
				if len(r.Notes) != 1 {
					t.Errorf("notes %+v", r.Notes)
				}
			}},
		{name: "which chart it deployed, and its notes", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			set: func(s *scene) { s.helm.out = result.Outcome{Notes: "Thank you."} },
			check: func(t *testing.T, _ *scene, r result.Result) {
				if r.Chart != "web-1.0.0" || r.ChartNote != "Thank you." || len(r.Timeline) == 0 {
					t.Errorf("chart %q, notes %q, timeline %v", r.Chart, r.ChartNote, r.Timeline)
				}
			}},
		{name: "why it failed, also once a rollback has repaired it", records: one, verb: verb.Deploy, reason: problem.DeployFailed,
			asked: "upgrade, rollback 1",
			set: func(s *scene) {
				s.helm.fault, s.options.Policy.OnFailure = "fails", verdict.OnFailureRollback
				s.helm.out = result.Outcome{Diagnostics: &result.Diagnostics{Reason: "no such image"}}
				s.helm.during = func() {
					if len(s.helm.asked) == 1 { // the outcome of this one is made already
						s.helm.out.Diagnostics = nil
					}
				}
			},
			check: func(t *testing.T, _ *scene, r result.Result) {
				if r.Diagnostics == nil || r.Diagnostics.Reason != "no such image" {
					t.Errorf("diagnostics %+v", r.Diagnostics)
				}
			}},
	})
}

func withLeftoverHook() []facts.Record {
	rec := one()[0]
	rec.Created = time.Now().Add(-time.Hour)
	rec.Hooks = []facts.Hook{seedHook}
	return []facts.Record{rec}
}

var seedHook = facts.Hook{Name: "seed", Kind: "Job", Events: []string{"pre-upgrade"}, Manifest: "hook: seed"}

func leftoverHook(s *scene) {
	job := healthy("seed")
	job.Kind, job.Complete, job.Created, job.IsHook = "Job", true, time.Now(), true
	s.cluster.put(job)
	s.chart.hooks = []facts.Hook{seedHook}
}

func TestDeployRefuses(t *testing.T) {
	absent := func(s *scene) { s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent} }
	going := func(s *scene) { s.cluster.ns.Phase = facts.NamespaceTerminating }
	perform(t, []play{
		{name: "a chart that cannot be fetched, first of all", verb: verb.Deploy, reason: problem.ChartInvalid,
			set: func(s *scene) {
				s.chart.fail("Fetch", 1, &problem.Problem{Reason: problem.ChartInvalid, Tried: "fetch the chart", Next: "Correct it."})
				s.cluster.fail("Namespace", 1, errDown)
			}},
		{name: "a server that does not answer", verb: verb.Deploy, reason: problem.Unanswered,
			set: func(s *scene) { s.cluster.fail("Namespace", 1, errDown) }},
		{name: "another branch's namespace", verb: verb.Deploy, reason: problem.Foreign, set: func(s *scene) { s.cluster.ns.Identity = "theirs" },
			says: []string{"another branch"}},
		{name: "a release of another chart, before anything is written", verb: verb.Deploy, reason: problem.Foreign, stored: "1 deployed",
			records: func() []facts.Record {
				rec := by("run-1", revision(1, facts.StatusDeployed))
				rec.ChartName = "web"
				return []facts.Record{rec}
			},
			set: func(s *scene) { s.chart.name = "api" }, says: []string{"api", "web", "renamed-from"},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.chart.times("Render") != 0 || len(s.helm.asked) != 0 {
					t.Errorf("it rendered %d times and asked Helm for %v", s.chart.times("Render"), s.helm.asked)
				}
			}},
		{name: "one that another branch made at the same moment", verb: verb.Deploy, reason: problem.Foreign,
			set: all(absent, func(s *scene) {
				s.cluster.on("CreateNamespace", func(int) error {
					s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceActive, Identity: "theirs"}
					return nil
				})
			})},
		{name: "an absent namespace that it may not make", verb: verb.Deploy, reason: problem.WrongInput,
			set: all(absent, func(s *scene) { s.options.CreateNamespace = false })},
		{name: "a namespace that does not go", verb: verb.Deploy, reason: problem.NamespaceTerminating, set: going},
		{name: "the same, without waiting", verb: verb.Deploy, reason: problem.NamespaceTerminating,
			set: all(going, func(s *scene) { s.options.LockTimeout = 0 }),
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("WaitNamespaceGone") != 0 {
					t.Error("it waited")
				}
			}},
		{name: "a namespace whose end cannot be seen", verb: verb.Deploy, reason: problem.PermissionMissing,
			set: all(going, func(s *scene) {
				s.cluster.fail("WaitNamespaceGone", 1,
					&problem.Problem{Reason: problem.PermissionMissing, Tried: "see that it goes", Next: "Grant get."})
			})},
		{name: "a missing permission, by name, with the RBAC", verb: verb.Deploy, reason: problem.PermissionMissing,
			set:  func(s *scene) { s.access.denied["update secrets"] = true },
			says: []string{"system:serviceaccount:review:deployer may not update secrets in namespace review", "Nothing was made"},
			check: func(t *testing.T, s *scene, r result.Result) {
				waits := slices.DeleteFunc(slices.Clone(s.said), func(line string) bool { return !strings.HasPrefix(line, "Waiting up to") })
				if len(waits) != 1 {
					t.Errorf("told of the wait %q", waits)
				}
				if r.RBAC == "" || len(r.Missing) != 1 || r.Took < s.options.RBACWait {
					t.Errorf("RBAC %q, missing %v, after %s", r.RBAC, r.Missing, r.Took)
				}
			}},
		{name: "a permission that the new namespace does not bring", verb: verb.Deploy, reason: problem.PermissionMissing,
			set:  all(absent, func(s *scene) { s.access.denied["update secrets"] = true }),
			says: []string{"Namespace review was made before this was found"}},
		{name: "no permission to make the namespace", verb: verb.Deploy, reason: problem.PermissionMissing,
			set: all(absent, func(s *scene) { s.access.denied["create namespaces"] = true }),
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("CreateNamespace") != 0 {
					t.Error("it tried to")
				}
			}},
		{name: "no answer about permissions", verb: verb.Deploy, reason: problem.Unanswered,
			set: func(s *scene) { s.access.fail("ReviewUntil", 1, errDown) }},
		{name: "a chart that does not render, before the namespace is made", verb: verb.Deploy, reason: problem.ChartInvalid,
			set: all(absent, func(s *scene) {
				s.chart.fail("Render", 1, &problem.Problem{Reason: problem.ChartInvalid, Tried: "render", Next: "Correct it."})
			}),
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("CreateNamespace") != 0 {
					t.Error("the namespace was made")
				}
			}},
		{name: "a namespace that cannot be made", verb: verb.Deploy, reason: problem.Unanswered,
			set: all(absent, func(s *scene) { s.cluster.fail("CreateNamespace", 1, errDown) })},
		{name: "pruning that it may not do", records: one, verb: verb.Deploy, reason: problem.PermissionMissing,
			set: func(s *scene) { s.options.MaxHistory = 1; s.access.denied["delete secrets"] = true }},
		{name: "a release that Berth did not deploy", verb: verb.Deploy, reason: problem.Foreign,
			records: func() []facts.Record { return []facts.Record{revision(1, facts.StatusDeployed)} },
			set:     func(s *scene) { s.cluster.ns.Ours, s.cluster.ns.Identity = false, "" },
			says:    []string{"nothing shows that Berth deployed it"}},
		{name: "a lock that another run keeps", verb: verb.Deploy, reason: problem.LiveOperation,
			set: func(s *scene) {
				s.locker.fail("Acquire", 1, &problem.Problem{Reason: problem.LiveOperation, Tried: "lock the release", Next: "Wait."})
			}},
		{name: "records that cannot be listed", verb: verb.Deploy, reason: problem.Unanswered,
			set: func(s *scene) { s.helm.fail("Records", 1, errDown) }},
		{name: "a record that cannot be loaded", records: one, verb: verb.Deploy, reason: problem.Unanswered,
			set: func(s *scene) { s.helm.fail("Load", 1, errDown) }},
		{name: "objects that cannot be read", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy, reason: problem.Unanswered,
			set: func(s *scene) { s.cluster.fail("Observe", 1, errDown) }},
		{name: "records that change whenever they are read", records: one, verb: verb.Deploy, reason: problem.LiveOperation,
			set: func(s *scene) {
				for n := range 20 {
					s.helm.fail("Load", n+1,
						&problem.Problem{Reason: problem.LiveOperation, Tried: "read the record", Cause: facts.ErrChanged, Next: "Run again."})
				}
			}},
		{name: "a repair that is denied", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy, reason: problem.RepairFailed,
			stored: "1 deployed, 2 pending-upgrade",
			set:    all(ended(true), func(s *scene) { s.helm.fail("Settle", 1, errors.New("500")) })},
		{name: "another run's pending operation, once the lock-timeout has passed", records: pendingOf(facts.StatusPendingUpgrade),
			verb: verb.Deploy, reason: problem.LivenessUnknown,
			set: func(s *scene) { s.options.LockTimeout = time.Second }, stored: "1 deployed, 2 pending-upgrade"},
		{name: "an operation that the CI says is running", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy,
			reason: problem.LiveOperation,
			set: func(s *scene) {
				s.runs.set(facts.RunRunning)
				s.helm.change(s.helm.key(2), func(rec *facts.Record) { rec.RunURL = "https://ci/1" })
			}, stored: "1 deployed, 2 pending-upgrade"},
	})
}

// stamps holds that the run noted on the namespace that it deploys there, and whether it
// noted that others do; without any, that it noted nothing.
func stamps(shared ...bool) func(*testing.T, *scene, result.Result) {
	return func(t *testing.T, s *scene, _ result.Result) {
		t.Helper()
		if !slices.Equal(s.cluster.shared, shared) {
			t.Errorf("it noted %v, want %v", s.cluster.shared, shared)
		}
	}
}

func mayNotStamp(s *scene) {
	s.cluster.fail("StampNamespace", 1, &problem.Problem{Reason: problem.PermissionMissing, Tried: "note it", Next: "Grant patch."})
}

func TestDeployGoesOn(t *testing.T) {
	perform(t, []play{
		{name: "once the namespace that was going is gone", verb: verb.Deploy, reason: problem.Consistent, asked: "install", stored: "1 deployed",
			set: func(s *scene) {
				s.cluster.ns.Phase = facts.NamespaceTerminating
				s.cluster.on("WaitNamespaceGone", func(int) error {
					s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent}
					return nil
				})
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.chart.times("Refresh") != 1 {
					t.Errorf("refreshed %d times", s.chart.times("Refresh"))
				}
			}},
		{name: "once the permission has arrived", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) {
				s.access.denied["update secrets"] = true
				s.access.on("ReviewUntil", func(n int) error {
					if n == 4 {
						delete(s.access.denied, "update secrets")
					}
					return nil
				})
			}},
		{name: "without an optional permission", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) {
				s.access.denied["update leases"], s.access.optional["update leases"] = true, true
			},
			check: func(t *testing.T, s *scene, r result.Result) {
				hasNote(t, r, "Permission missing, going on without")
				if s.access.times("ReviewUntil") != 1 || s.locker.expect.Renewable {
					t.Errorf("asked %d times, lock %+v", s.access.times("ReviewUntil"), s.locker.expect)
				}
			}},
		{name: "without asking when told so", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) { s.options.Preflight = false; s.access.denied["update secrets"] = true },
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.access.times("ReviewUntil") != 0 {
					t.Error("it asked")
				}
			}},
		{name: "in a namespace that it adopts", records: func() []facts.Record { return []facts.Record{revision(1, facts.StatusDeployed)} },
			verb:   verb.Deploy,
			reason: problem.Consistent, asked: "upgrade",
			set: func(s *scene) {
				s.cluster.ns.Ours, s.cluster.ns.Identity = false, ""
				s.options.Policy.Adopt = verdict.Adoption{Release: true, Namespace: true}
			},
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Namespace adopted") }},
		{name: "in a namespace that it made before", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			check: stamps(false)},
		{name: "in one that it makes", verb: verb.Deploy, reason: problem.Consistent, asked: "install", set: absent, check: stamps()},
		{name: "in one that another branch made", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) { s.cluster.ns.Identity, s.cluster.ns.DeployedBy = "", "theirs" }, check: stamps(true)},
		{name: "in one that is shared already", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) {
				s.cluster.ns.Identity, s.cluster.ns.DeployedBy, s.cluster.ns.Shared = "", "theirs", true
			},
			check: stamps(false)},
		{name: "in one of which nobody knows who deploys there", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) { s.cluster.ns.Identity = "" }, check: stamps(true)},
		{name: "in one that Berth did not make", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) { s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceActive} }, check: stamps()},
		{name: "in one that it may not mark", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			set:   mayNotStamp,
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Namespace not marked") }},
		{name: "not in another branch's that it may not mark", verb: verb.Deploy, reason: problem.PermissionMissing,
			set: all(mayNotStamp, func(s *scene) { s.cluster.ns.Identity, s.cluster.ns.DeployedBy = "", "theirs" })},
		{name: "not in one that is deleted meanwhile", verb: verb.Deploy, reason: problem.NamespaceTerminating,
			set: func(s *scene) { s.cluster.fail("StampNamespace", 1, fmt.Errorf("404: %w", facts.ErrChanged)) }},
		{name: "nor in one that is being deleted by then", verb: verb.Deploy, reason: problem.NamespaceTerminating,
			set: func(s *scene) {
				s.cluster.on("StampNamespace", func(int) error { s.cluster.ns.Phase = facts.NamespaceTerminating; return nil })
			}},
		{name: "nor in one that is gone once its first record is stored", verb: verb.Deploy, reason: problem.NamespaceTerminating,
			asked: "install", set: func(s *scene) { s.cluster.fail("ConfirmNamespace", 1, fmt.Errorf("404: %w", facts.ErrChanged)) }},
		{name: "nor in one that is being deleted then", verb: verb.Deploy, reason: problem.NamespaceTerminating, asked: "install",
			set: func(s *scene) {
				s.cluster.on("ConfirmNamespace", func(int) error { s.cluster.ns.Phase = facts.NamespaceTerminating; return nil })
			}},
		{name: "nor in one that is, where it may not be noted", verb: verb.Deploy, reason: problem.NamespaceTerminating, asked: "install",
			set: func(s *scene) {
				s.cluster.on("ConfirmNamespace", func(int) error {
					s.cluster.ns.Phase = facts.NamespaceTerminating
					return errors.New("403")
				})
			}},
		{name: "in one that it may mark once", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set:   func(s *scene) { s.cluster.fail("ConfirmNamespace", 1, errors.New("403")) },
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Namespace not marked") }},
		{name: "in one where a record was, which is marked once", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			check: func(t *testing.T, s *scene, _ result.Result) {
				if n := s.cluster.times("ConfirmNamespace"); n != 0 {
					t.Errorf("it was marked %d times more", n)
				}
			}},
		{name: "in a namespace of Kubernetes' own, which it does not adopt", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) {
				s.options.App.Namespace, s.options.Policy.Adopt.Release = "default", true
				s.cluster.ns = facts.Namespace{Name: "default", Phase: facts.NamespaceActive}
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("AdoptNamespace")+s.cluster.times("StampNamespace") != 0 {
					t.Error("it was marked")
				}
			}},
		{name: "in one that it may not adopt", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			set: func(s *scene) {
				s.cluster.ns.Ours, s.options.Policy.Adopt = false, verdict.Adoption{Release: true, Namespace: true}
				s.cluster.fail("AdoptNamespace", 1, &problem.Problem{Reason: problem.PermissionMissing, Tried: "adopt", Next: "Grant patch."})
			},
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Namespace not adopted") }},
		{name: "once it is refused, a namespace is not adopted", verb: verb.Deploy, reason: problem.Foreign, stored: "1 deployed",
			records: func() []facts.Record {
				rec := one()[0]
				rec.Identity = "theirs"
				return []facts.Record{rec}
			},
			set: func(s *scene) {
				s.cluster.ns.Ours, s.cluster.ns.Identity = false, ""
				s.options.Policy.Adopt = verdict.Adoption{Release: true, Namespace: true}
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("AdoptNamespace") != 0 {
					t.Error("it was adopted, and the next teardown of any branch deletes it")
				}
			}},
		{name: "nor when the chart does not render", records: one, verb: verb.Deploy, reason: problem.ChartInvalid, stored: "1 deployed",
			set: func(s *scene) {
				s.cluster.ns.Ours, s.options.Policy.Adopt = false, verdict.Adoption{Release: true, Namespace: true}
				s.chart.fail("Render", 1, &problem.Problem{Reason: problem.ChartInvalid, Tried: "render", Next: "Correct it."})
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("AdoptNamespace") != 0 {
					t.Error("it was adopted")
				}
			}},
		{name: "also when adopting gets no answer", verb: verb.Deploy, reason: problem.Consistent, asked: "install",
			set: func(s *scene) {
				s.cluster.ns.Ours, s.options.Policy.Adopt = false, verdict.Adoption{Release: true, Namespace: true}
				s.cluster.fail("AdoptNamespace", 1, errDown)
			},
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Namespace not adopted") }},
		{name: "nor when Helm refuses, as for an object of somebody else's", verb: verb.Deploy, reason: problem.Foreign, asked: "install",
			set: func(s *scene) {
				s.cluster.ns.Ours, s.options.Policy.Adopt = false, verdict.Adoption{Release: true, Namespace: true}
				s.helm.fault, s.helm.err = "nothing stored", &problem.Problem{Reason: problem.Foreign, Tried: "take it", Next: "Leave it."}
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("AdoptNamespace") != 0 {
					t.Error("it was adopted")
				}
			}},
		{name: "nor when adopt names the release alone", verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			records: func() []facts.Record { return []facts.Record{revision(1, facts.StatusDeployed)} },
			set: func(s *scene) {
				s.cluster.ns.Ours, s.cluster.ns.Identity, s.options.Policy.Adopt.Release = false, "", true
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("AdoptNamespace") != 0 {
					t.Error("it was adopted")
				}
			}},
		{name: "nor when somebody marked it to be kept", records: one, verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			set: func(s *scene) {
				s.cluster.ns.Ours, s.cluster.ns.Keep, s.options.Policy.Adopt.Namespace = false, true, true
			},
			check: func(t *testing.T, s *scene, r result.Result) {
				hasNote(t, r, "Namespace not adopted")
				if s.cluster.times("AdoptNamespace") != 0 {
					t.Error("it was adopted")
				}
			}},
		{name: "never the cluster's own", records: one, verb: verb.Deploy, reason: problem.WrongInput, stored: "1 deployed",
			set: func(s *scene) {
				s.options.App.Namespace, s.options.Policy.Adopt.Namespace = "kube-system", true
			}},
		{name: "once another run has ended its operation", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy,
			reason: problem.Consistent, asked: "upgrade",
			set: func(s *scene) {
				go func() {
					time.Sleep(time.Minute)
					s.helm.change(s.helm.key(1), func(rec *facts.Record) {
						rec.LabelStatus, rec.PayloadStatus = facts.StatusSuperseded, facts.StatusSuperseded
					})
					s.helm.change(s.helm.key(2), func(rec *facts.Record) {
						rec.LabelStatus, rec.PayloadStatus = facts.StatusDeployed, facts.StatusDeployed
					})
				}()
			}, stored: "1 superseded, 2 superseded, 3 deployed"},
		{name: "once the CI says that the run has ended", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy,
			reason: problem.Consistent, asked: "upgrade", repair: "promote, dedupe",
			set: func(s *scene) {
				s.runs.set(facts.RunRunning)
				s.helm.change(s.helm.key(2), func(rec *facts.Record) { rec.RunURL = "https://ci/1" })
				go func() {
					time.Sleep(25 * time.Second)
					s.runs.set(facts.RunEnded)
				}()
			},
			check: func(t *testing.T, s *scene, r result.Result) {
				if n := s.runs.times("State"); n != 4 || r.Took > time.Minute {
					t.Errorf("the CI was asked %d times in %s", n, r.Took)
				}
			}},
		{name: "once a silent operation counts as dead", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy,
			reason: problem.Consistent, asked: "upgrade", repair: "promote, dedupe",
			set: func(s *scene) {
				s.helm.change(s.helm.key(2), func(rec *facts.Record) { rec.Stamp.Deadline = time.Now().Add(time.Minute) })
			},
			check: func(t *testing.T, s *scene, r result.Result) {
				waits := slices.DeleteFunc(slices.Clone(s.said), func(line string) bool { return !strings.HasPrefix(line, "Wait") })
				if len(waits) != 2 || r.Took < 2*time.Minute || r.Took > 3*time.Minute {
					t.Errorf("waited %s, told %q", r.Took, waits)
				}
				if n := len(r.Timeline); !slices.ContainsFunc(r.Timeline, func(e result.Event) bool { return e.Took > 2*time.Minute }) {
					t.Errorf("none of the %d steps is the wait", n)
				}
			}},
		{name: "from the start when a record changed before it was repaired", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy,
			reason: problem.Consistent, asked: "upgrade", stored: "1 superseded, 2 superseded, 3 deployed",
			set: all(ended(true), func(s *scene) {
				s.helm.on("Settle", 1, func() error {
					s.helm.change(s.helm.key(1), func(rec *facts.Record) {
						rec.LabelStatus, rec.PayloadStatus = facts.StatusSuperseded, facts.StatusSuperseded
					})
					s.helm.change(s.helm.key(2), func(rec *facts.Record) {
						rec.LabelStatus, rec.PayloadStatus = facts.StatusDeployed, facts.StatusDeployed
					})
					return nil
				})
			})},
		{name: "from the start when a failed revision went before its manifest was read", verb: verb.Deploy, reason: problem.Consistent,
			asked: "upgrade",
			records: func() []facts.Record {
				return append(one(), by("before", revision(2, facts.StatusFailed)), by("before", revision(3, facts.StatusFailed)))
			},
			set: func(s *scene) {
				s.helm.on("Load", 2, func() error {
					s.helm.remove(s.helm.key(2))
					return nil
				})
			}, stored: "1 superseded, 3 failed, 4 deployed"},
		{name: "but not for ever when each repair brings another fault", verb: verb.Deploy, reason: problem.RepairFailed,
			records: func() []facts.Record {
				var all []facts.Record
				for n := range 7 {
					rec := by("before", revision(n+1, facts.StatusDeployed))
					rec.DecodeError = "it is garbage"
					all = append(all, rec)
				}
				return all
			}, repair: "quarantine, quarantine, quarantine, quarantine, quarantine", says: []string{"another fault"}},
	})
}

func TestDeployFails(t *testing.T) {
	failing := func(fault string) func(*scene) { return func(s *scene) { s.helm.fault = fault } }
	onFailure := func(p verdict.OnFailure) func(*scene) {
		return all(failing("fails"), func(s *scene) { s.options.Policy.OnFailure = p })
	}
	perform(t, []play{
		{name: "and Helm records it", records: one, set: failing("fails"), verb: verb.Deploy, reason: problem.DeployFailed, asked: "upgrade",
			stored: "1 deployed, 2 failed",
			says:   []string{"The deploy of `web` failed: ", "no such image", "nothing is stuck"},
			check: func(t *testing.T, s *scene, r result.Result) {
				if s.locker.held.ended.Outcome != "failed" || len(r.Objects) != 1 || r.Looks != 0 {
					t.Errorf("lock %+v, objects %v, checked %d times", s.locker.held.ended, r.Objects, r.Looks)
				}
			}},
		{name: "and Helm leaves it pending", records: one, set: failing("fails and leaves it pending"), verb: verb.Deploy,
			reason: problem.DeployFailed, asked: "upgrade", stored: "1 deployed, 2 failed"},
		{name: "and that cannot be recorded", records: one, verb: verb.Deploy, reason: problem.Unanswered, asked: "upgrade",
			stored: "1 deployed, 2 pending-upgrade",
			set:    all(failing("fails and leaves it pending"), func(s *scene) { s.helm.fail("Settle", 1, errDown) }),
			check: func(t *testing.T, _ *scene, r result.Result) {
				if len(r.Evidence) != 1 {
					t.Errorf("evidence %q", r.Evidence)
				}
			}},
		{name: "and its record cannot be read", records: one, verb: verb.Deploy, reason: problem.Unanswered, asked: "upgrade",
			set: all(failing("fails"), func(s *scene) { s.helm.fail("Records", 2, errDown) })},
		{name: "before it stored anything", records: one, set: failing("nothing stored"), verb: verb.Deploy, reason: problem.ChartInvalid,
			asked: "upgrade", stored: "1 deployed", says: []string{"Nothing was stored"}},
		{name: "before it stored anything, cut by the timeout", records: one, verb: verb.Deploy, reason: problem.Unanswered, asked: "upgrade",
			stored: "1 deployed",
			set:    all(failing("nothing stored"), func(s *scene) { s.helm.out.Cut = true })},
		{name: "before it stored anything, with a cause that is known", records: one, verb: verb.Deploy, reason: problem.Foreign,
			asked: "upgrade",
			set: func(s *scene) {
				s.helm.fault = "nothing stored"
				s.helm.err = &problem.Problem{Reason: problem.Foreign, Tried: "take", Next: "Rename."}
			}},
		{name: "since somebody else deployed in between", records: one, verb: verb.Deploy, reason: problem.LiveOperation, asked: "upgrade",
			says: []string{"Somebody else works on this release"},
			set: all(failing("fails"), func(s *scene) {
				s.helm.during = func() { s.helm.put(by("other", revision(3, facts.StatusPendingUpgrade))) }
			})},
		{name: "for want of a permission, which comes first", records: one, verb: verb.Deploy, reason: problem.PermissionMissing,
			asked: "upgrade", stored: "1 deployed, 2 failed",
			set: func(s *scene) {
				s.helm.fault = "fails"
				s.helm.err = &problem.Problem{Reason: problem.PermissionMissing, Headline: "A permission is missing.", Next: "Grant it"}
			}, says: []string{"The deploy of revision 2 failed because of it.", "nothing is stuck"}},
		{name: "within the timeout", records: one, set: failing("hangs"), verb: verb.Deploy, reason: problem.DeployFailed, asked: "upgrade",
			stored: "1 deployed, 2 failed", says: []string{"the timeout of 5m0s has passed"}},
		{name: "and rolls back when told to", records: one, set: onFailure(verdict.OnFailureRollback), verb: verb.Deploy,
			reason: problem.DeployFailed, asked: "upgrade, rollback 1",
			stored: "1 superseded, 2 failed, 3 deployed", says: []string{"; revision 1 is back, as revision 3"}},
		{name: "and has nothing to roll back to", records: none, set: onFailure(verdict.OnFailureRollback), verb: verb.Deploy,
			reason: problem.DeployFailed, asked: "install",
			stored: "1 failed", says: []string{"no good revision"}},
		{name: "and so does the rollback", records: one, verb: verb.Deploy, reason: problem.DeployFailed, asked: "upgrade, rollback 1",
			set: all(onFailure(verdict.OnFailureRollback), func(s *scene) {
				s.helm.during = func() {
					if len(s.helm.asked) == 1 {
						s.helm.fault = "fails"
					}
				}
			}), says: []string{"that failed as well", "; what on-failure asks for failed as well"}},
		{name: "and the look before the rollback gets no answer", records: one, verb: verb.Deploy, reason: problem.DeployFailed, asked: "upgrade",
			set:  all(onFailure(verdict.OnFailureRollback), func(s *scene) { s.helm.fail("Records", 3, errDown) }),
			says: []string{"that failed as well"}},
		{name: "and uninstalls when told to", records: one, set: onFailure(verdict.OnFailureUninstall), verb: verb.Deploy,
			reason: problem.DeployFailed, asked: "upgrade, uninstall",
			stored: "-", says: []string{"it was taken away"}},
	})
}

func TestDeployIsNotRecorded(t *testing.T) {
	fault := func(f string) func(*scene) { return func(s *scene) { s.helm.fault = f } }
	perform(t, []play{
		{name: "for want of a permission", records: one, set: fault("last write denied"), verb: verb.Deploy, reason: problem.PermissionMissing,
			asked:  "upgrade",
			stored: "1 superseded, 2 pending-upgrade", says: []string{"record of it still says pending-upgrade", "may not update secrets"},
			check: func(t *testing.T, s *scene, r result.Result) {
				if a := s.locker.held.ended; a.Outcome != "deployed" || !a.HooksProven || r.RBAC == "" {
					t.Errorf("the lock says %+v; RBAC %q", a, r.RBAC)
				}
			}},
		{name: "at first, and is made good", records: one, set: fault("last write unanswered"), verb: verb.Deploy, reason: problem.Consistent,
			asked:  "upgrade",
			stored: "1 superseded, 2 deployed", repair: "record"},
		{name: "and making it good fails", records: one, verb: verb.Deploy, reason: problem.Unanswered, asked: "upgrade",
			set:   all(fault("last write unanswered"), func(s *scene) { s.helm.fail("Settle", 1, errDown) }),
			check: reports(2, facts.StatusPendingUpgrade)},
		{name: "and what is stored cannot be read", records: one, verb: verb.Deploy, reason: problem.Unanswered, asked: "upgrade",
			set:   all(fault("last write unanswered"), func(s *scene) { s.helm.fail("Records", 2, errDown) }),
			check: reports(2, facts.StatusPendingUpgrade)},
		{name: "and is made good, which cannot be read", records: one, verb: verb.Deploy, reason: problem.Unanswered, asked: "upgrade",
			repair: "record", set: all(fault("last write unanswered"), func(s *scene) {
				s.helm.on("Settle", 1, func() error {
					s.helm.on("Records", s.helm.calls["Records"]+1, func() error { s.cancel(nil); return errDown })
					return nil
				})
			}), check: reports(2, facts.StatusDeployed)},
		{name: "or fails, and how cannot be read", records: one, verb: verb.Deploy, reason: problem.Unanswered, asked: "upgrade",
			set:   all(fault("fails"), func(s *scene) { s.helm.fail("Records", 2, errDown) }),
			check: reports(2, facts.StatusFailed)},
		{name: "but for the older revision's end", records: one, set: fault("older one stays deployed"), verb: verb.Deploy,
			reason: problem.Consistent, asked: "upgrade",
			stored: "1 superseded, 2 deployed", repair: "dedupe"},
		{name: "and the lock is lost", records: one, verb: verb.Deploy, reason: problem.LiveOperation, asked: "upgrade",
			set: all(fault("last write unanswered"), func(s *scene) {
				s.helm.during = func() { s.locker.held.expire() }
			})},
	})
}
