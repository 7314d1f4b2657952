package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

func unready(s *scene) {
	s.cluster.edit("web", func(o *facts.Object) { o.Ready, o.Reason = false, "0 of 1" })
}

func absent(s *scene) { s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent} }

func terminating(s *scene) { s.cluster.ns.Phase = facts.NamespaceTerminating }

// goes has the namespace be gone once it is waited for.
func goes(s *scene) { s.cluster.on("WaitNamespaceGone", func(int) error { absent(s); return nil }) }

func TestCheck(t *testing.T) {
	perform(t, []play{
		{name: "a consistent release, at the first look",
			records: func() []facts.Record {
				rec := one()[0]
				rec.Chart = "web-1.0.0"
				return []facts.Record{rec}
			}, verb: verb.Check, reason: problem.Consistent,
			says: []string{"Revision 1 of `web` is deployed"},
			check: func(t *testing.T, s *scene, r result.Result) {
				if r.Chart != "web-1.0.0" || r.Looks != 1 || len(r.Checks) == 0 || len(r.Objects) != 1 || s.locker.times("Acquire") != 0 {
					t.Errorf("%d looks, %d checks, objects %v, the lock was acquired %d times", r.Looks, len(r.Checks), r.Objects,
						s.locker.times("Acquire"))
				}
			}},
		{name: "as often in a row as asked for", records: one, verb: verb.Check, reason: problem.Consistent,
			set: func(s *scene) { s.options.Confirm = 3 },
			check: func(t *testing.T, _ *scene, r result.Result) {
				if r.Looks != 3 {
					t.Errorf("%d looks", r.Looks)
				}
			}},
		{name: "good looks that a bad one interrupts count anew", records: one, verb: verb.Check, reason: problem.Consistent,
			set: func(s *scene) {
				s.options.Confirm = 2
				s.cluster.on("Observe", func(n int) error {
					s.cluster.edit("web", func(o *facts.Object) { o.Ready = n != 2 })
					return nil
				})
			},
			check: func(t *testing.T, _ *scene, r result.Result) {
				if r.Looks != 4 {
					t.Errorf("%d looks", r.Looks)
				}
			}},
		{name: "too few good looks in the time", records: one, verb: verb.Check, reason: problem.Inconsistent,
			set: func(s *scene) { s.options.Confirm = 1000 }, says: []string{"see 1000 good checks"}},
		{name: "an object that becomes ready", records: one, verb: verb.Check, reason: problem.Consistent,
			set: all(unready, func(s *scene) {
				go func() {
					time.Sleep(10 * time.Second)
					s.cluster.put(healthy("web"))
				}()
			})},
		{name: "an object that does not", records: one, verb: verb.Check, set: unready, reason: problem.Inconsistent,
			says: []string{"is not what it should be", "check-timeout of 1m0s"},
			check: func(t *testing.T, s *scene, r result.Result) {
				told := slices.DeleteFunc(slices.Clone(s.said), func(line string) bool { return !strings.HasPrefix(line, "Check ") })
				if len(told) != 2 || told[1] != "Check 1: 1 of 1 object not ready" || r.Looks < 10 {
					t.Errorf("after %d looks it told %q", r.Looks, told)
				}
			}},
		{name: "another branch's release, as good as it is", verb: verb.Check, reason: problem.Foreign,
			records: func() []facts.Record {
				rec := one()[0]
				rec.Identity, rec.Origin = "theirs", facts.Origin{Repository: "acme/shop", Branch: "login"}
				return []facts.Record{rec}
			}, says: []string{"was written for", "login"}},
		{name: "no release", records: none, verb: verb.Check, reason: problem.NotFound},
		{name: "no namespace", records: none, verb: verb.Check, set: absent, reason: problem.NotFound},
		{name: "a namespace that is going", records: one, verb: verb.Check, set: terminating, reason: problem.NamespaceTerminating},
		{name: "another branch's namespace", records: one, verb: verb.Check, set: func(s *scene) { s.cluster.ns.Identity = "theirs" },
			reason: problem.Foreign},
		{name: "a failed deploy, at once", records: func() []facts.Record { return append(one(), by("before", revision(2, facts.StatusFailed))) },
			verb: verb.Check, reason: problem.DeployFailed},
		{name: "a record that only was not written", records: pendingOf(facts.StatusPendingUpgrade), set: ended(true), verb: verb.Check,
			reason: problem.Inconsistent, says: []string{"Correct the record in place"}},
		{name: "an abandoned operation", records: pendingOf(facts.StatusPendingUpgrade), set: all(ended(false), unready), verb: verb.Check,
			reason: problem.Inconsistent, says: []string{"which deploys over it"}},
		{name: "an unreadable record", verb: verb.Check, reason: problem.RecordUnreadable,
			records: func() []facts.Record {
				rec := one()[0]
				rec.DecodeError = "it is garbage"
				return []facts.Record{rec}
			}},
		{name: "an operation that is alive", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Check, reason: problem.LiveOperation,
			set: func(s *scene) { s.locker.found = facts.Lock{State: facts.LockHeld, Run: "dead", Holder: "x"} }},
		{name: "an operation that ends while it is looked at", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Check,
			reason: problem.Consistent,
			set: func(s *scene) {
				s.locker.found = facts.Lock{State: facts.LockHeld, Run: "dead", Holder: "x"}
				go func() {
					time.Sleep(5 * time.Second)
					s.helm.change(s.helm.key(1), func(rec *facts.Record) {
						rec.LabelStatus, rec.PayloadStatus = facts.StatusSuperseded, facts.StatusSuperseded
					})
					s.helm.change(s.helm.key(2), func(rec *facts.Record) {
						rec.LabelStatus, rec.PayloadStatus = facts.StatusDeployed, facts.StatusDeployed
					})
				}()
			}},
		{name: "nobody can tell whether it is alive", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Check,
			set:    func(s *scene) { s.options.Flags = "--repository acme/shop --branch 'a b'" },
			reason: problem.Inconsistent, says: []string{"$ berth repair --repository acme/shop --branch 'a b'"}},
		{name: "a lock that cannot be read", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Check, reason: problem.Unanswered,
			set: func(s *scene) { s.locker.fail("Read", 1, errDown) }},
		{name: "a server that is gone", records: one, verb: verb.Check, reason: problem.Unanswered,
			set: func(s *scene) { s.cluster.fail("Observe", 1, errDown) }},
		{name: "a server that comes back", records: one, verb: verb.Check, reason: problem.Consistent,
			set: func(s *scene) {
				s.cluster.on("Observe", func(n int) error {
					if n < 4 {
						return errDown
					}
					return nil
				})
			}},
		{name: "a server that is gone after it was seen", records: one, verb: verb.Check, reason: problem.Unanswered,
			set: all(unready, func(s *scene) { s.cluster.fail("Observe", 3, errDown) })},
		{name: "a permission that is missing is final", records: one, verb: verb.Check, reason: problem.PermissionMissing,
			set: func(s *scene) {
				s.cluster.fail("Observe", 1, &problem.Problem{Reason: problem.PermissionMissing, Tried: "read", Next: "Grant get.",
					Missing: []problem.MissingPermission{{Permission: problem.Permission{Verb: "get", Resource: "deployments",
						Namespace: s.options.App.Namespace}}}})
			},
			check: func(t *testing.T, _ *scene, r result.Result) {
				if r.Looks != 1 || r.RBAC == "" {
					t.Errorf("%d looks, RBAC %q", r.Looks, r.RBAC)
				}
			}},
		{name: "a record that changes while it is read is read anew", records: one, verb: verb.Check, reason: problem.Consistent,
			set: func(s *scene) { s.helm.fail("Load", 1, facts.ErrChanged) }},
	})
}

func TestRepair(t *testing.T) {
	perform(t, []play{
		{name: "a healthy release", records: one, verb: verb.Repair, reason: problem.Consistent, stored: "1 deployed",
			says: []string{"Nothing to repair: revision 1 of `web` in `review` is deployed."}},
		{name: "a failed one", records: func() []facts.Record { return []facts.Record{by("before", revision(1, facts.StatusFailed))} },
			verb: verb.Repair, reason: problem.Consistent,
			says: []string{"Nothing to repair: revision 1 of `web` in `review` is failed."}},
		{name: "a record that was not written", verb: verb.Repair, reason: problem.Consistent, repair: "promote", stored: "1 deployed",
			says:    []string{"No pod was restarted"},
			records: func() []facts.Record { return []facts.Record{by("dead", revision(1, facts.StatusPendingInstall))} },
			set: func(s *scene) {
				s.cluster.put(healthy("web"))
				s.locker.found.Attempt = facts.Attempt{Run: "dead", Revision: 1, Outcome: "deployed", HooksProven: true}
			}},
		{name: "two deployed", records: func() []facts.Record { return append(one(), by("before", revision(2, facts.StatusDeployed))) },
			verb:   verb.Repair,
			reason: problem.Consistent, repair: "dedupe", stored: "1 superseded, 2 deployed",
			says: []string{"Repaired: revision 2 of `web` is the only one deployed"}},
		{name: "an abandoned one is left, with its objects", records: pendingOf(facts.StatusPendingUpgrade), set: all(ended(false), unready),
			verb: verb.Repair, reason: problem.Inconsistent,
			stored: "1 deployed, 2 pending-upgrade", check: func(t *testing.T, _ *scene, r result.Result) {
				if len(r.Objects) != 1 || len(r.Checks) == 0 {
					t.Errorf("objects %v, checks %v", r.Objects, r.Checks)
				}
			}},
		{name: "an abandoned one, unlocked when told to", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Repair,
			reason: problem.Consistent, repair: "unlock", stored: "1 deployed, 2 failed",
			set:  all(ended(false), unready, func(s *scene) { s.options.Policy.OnStuck = verdict.OnStuckUnlock }),
			says: []string{"is failed, and its record says so"}},
		{name: "an abandoned one, rolled back when told to", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Repair,
			reason: problem.Consistent, asked: "rollback 1",
			set:    all(ended(false), unready, func(s *scene) { s.options.Policy.OnStuck = verdict.OnStuckRollback }),
			repair: "unlock, rollback", stored: "1 superseded, 2 failed, 3 deployed", check: func(t *testing.T, _ *scene, r result.Result) {
				if last := r.Notes[len(r.Notes)-1].Message; last != "Revision 1 was applied anew, as revision 3." {
					t.Errorf("the note says %q", last)
				}
			}},
		{name: "an abandoned one, uninstalled when told to", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Repair,
			reason: problem.Consistent, asked: "uninstall",
			set:    all(ended(false), unready, func(s *scene) { s.options.Policy.OnStuck = verdict.OnStuckUninstall }),
			repair: "uninstall", stored: "-", check: func(t *testing.T, _ *scene, r result.Result) {
				if len(r.Checks) == 0 { // the evidence, from before it went
					t.Error("nothing of it is in the result")
				}
			}},
		{name: "a record without its labels", verb: verb.Repair, reason: problem.Consistent, repair: "relabel", stored: "1 deployed",
			records: func() []facts.Record {
				rec := one()[0]
				rec.Hidden = true
				return []facts.Record{rec}
			}, check: func(t *testing.T, _ *scene, r result.Result) {
				if !strings.Contains(r.Notes[0].Message, "it lacked the labels by which Helm finds its records") {
					t.Errorf("notes %+v", r.Notes)
				}
			}},
		{name: "a record with another status in its label", verb: verb.Repair, reason: problem.Consistent, repair: "relabel",
			stored: "1 deployed",
			records: func() []facts.Record {
				rec := one()[0]
				rec.LabelStatus = facts.StatusFailed
				return []facts.Record{rec}
			}, set: func(s *scene) { s.cluster.put(healthy("web")) }, check: func(t *testing.T, _ *scene, r result.Result) {
				if !strings.Contains(r.Notes[0].Message, "its label said failed and its payload deployed") {
					t.Errorf("notes %+v", r.Notes)
				}
			}},
		{name: "a record without its labels that cannot be loaded", verb: verb.Repair, reason: problem.Unanswered,
			records: func() []facts.Record {
				rec := one()[0]
				rec.Hidden = true
				return []facts.Record{rec, by("before", revision(2, facts.StatusDeployed))}
			}, set: func(s *scene) { s.helm.fail("Load", 2, errDown) }},
		{name: "a record whose labels cannot be written", verb: verb.Repair, reason: problem.Unanswered,
			records: func() []facts.Record {
				rec := one()[0]
				rec.Hidden = true
				return []facts.Record{rec}
			}, set: func(s *scene) { s.helm.fail("Relabel", 1, errDown) }},
		{name: "of many, one without its labels that cannot be read", verb: verb.Repair, reason: problem.RecordUnreadable,
			records: func() []facts.Record {
				rec, first := by("before", revision(2, facts.StatusSuperseded)), one()[0]
				rec.Hidden, rec.DecodeError, first.Hidden = true, "it is garbage", true
				return []facts.Record{first, rec, by("before", revision(3, facts.StatusDeployed))}
			}, set: func(s *scene) { s.options.Policy.OfMany = true },
			stored: "1 deployed, 2 superseded, 3 deployed", says: []string{"not done unasked", "berth repair for it alone"}},
		{name: "of many, one that is refused under the lock", verb: verb.Repair, reason: problem.NothingToDo,
			records: pendingOf(facts.StatusPendingUpgrade), stored: "1 deployed, 2 pending-upgrade",
			set: all(ended(false), unready, func(s *scene) {
				s.options.Policy.OfMany, s.options.Policy.OnStuck = true, verdict.OnStuckUninstall
				s.agree = func(context.Context, *facts.Facts) error {
					return &problem.Problem{Reason: problem.NothingToDo, Headline: "Somebody has marked it.", Next: "Look at it."}
				}
			})},
		{name: "the only record is unreadable", verb: verb.Repair, reason: problem.Consistent, repair: "quarantine", stored: "-",
			records: func() []facts.Record {
				rec := one()[0]
				rec.DecodeError = "it is garbage"
				return []facts.Record{rec}
			}},
		{name: "no release", records: none, verb: verb.Repair, reason: problem.NotFound},
		{name: "no namespace", records: none, set: absent, verb: verb.Repair, reason: problem.NotFound},
		{name: "a missing permission", records: one, verb: verb.Repair, reason: problem.PermissionMissing,
			set: func(s *scene) { s.access.denied["update secrets"] = true }},
		{name: "a lock that cannot be had", records: one, verb: verb.Repair, reason: problem.Unanswered,
			set: func(s *scene) { s.locker.fail("Acquire", 1, errDown) }},
		{name: "no answer", records: one, verb: verb.Repair, reason: problem.Unanswered,
			set: func(s *scene) { s.helm.fail("Records", 1, errDown) }},
		{name: "a stranger's, to be removed", verb: verb.Repair, reason: problem.Foreign, stored: "1 pending-install",
			records: func() []facts.Record {
				rec := revision(1, facts.StatusPendingInstall)
				rec.Created, rec.Touched = time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)
				return []facts.Record{rec}
			},
			set: func(s *scene) {
				s.cluster.ns.Ours, s.cluster.ns.Identity = false, ""
				s.options.Policy.OnStuck = verdict.OnStuckUninstall
			}},
	})
}

// namespaceKept holds that the namespace was not deleted, and why.
func namespaceKept(why string) func(*testing.T, *scene, result.Result) {
	return func(t *testing.T, s *scene, r result.Result) {
		t.Helper()
		if s.cluster.times("DeleteNamespace") != 0 || !strings.Contains(strings.Join(r.Kept, "; "), why) {
			t.Errorf("kept %q", r.Kept)
		}
	}
}

// looksAtNothing holds that nobody looked into a namespace that stays anyway.
func looksAtNothing(t *testing.T, s *scene, r result.Result) {
	t.Helper()
	if s.cluster.times("Residents") != 0 || s.helm.calls["Others"] != 0 || s.cluster.times("DeleteNamespace") != 0 || len(r.Kept) > 0 {
		t.Errorf("it looked into the namespace, or deleted it; kept %q", r.Kept)
	}
}

// strangers are objects that a person made.
func strangers(n int) (all []facts.Resident) {
	for i := range n {
		all = append(all, facts.Resident{Ref: facts.Ref{Kind: "ConfigMap", Namespace: "review", Name: fmt.Sprintf("s%d", i)}, Maker: "kubectl"})
	}
	return all
}

// kept is a release with an object that keeps makes one to be kept.
func kept() []facts.Record {
	rec := one()[0]
	rec.Manifest = "v1: web data"
	return []facts.Record{rec}
}

// isMarked marks an object of the release as one that nobody may delete.
func isMarked(s *scene) {
	s.cluster.edit("data", func(o *facts.Object) { o.Kept, o.KeepWhy = true, "it is marked berth.dev/keep" })
	s.helm.spares = map[string]bool{"data": true}
}

func keeps(s *scene) {
	s.cluster.edit("data", func(o *facts.Object) { o.Kept = true })
	s.helm.spares = map[string]bool{"data": true}
}

func TestTeardown(t *testing.T) {
	unreadable := func() []facts.Record {
		rec := by("before", revision(1, facts.StatusSuperseded))
		rec.DecodeError = "it is garbage"
		return []facts.Record{rec, by("before", revision(2, facts.StatusDeployed))}
	}
	stays := func(s *scene) { s.cluster.ns.Ours = false }
	perform(t, []play{
		{name: "a release and its namespace", records: one, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			says: []string{"`web` is gone, and so is its namespace `review`."},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if !s.locker.held.expected || s.locker.held.removed || s.cluster.ns.Phase != facts.NamespaceAbsent {
					t.Errorf("lock %+v, namespace %+v", &s.locker.held, s.cluster.ns)
				}
			}},
		{name: "in a namespace that Berth did not make", records: one, set: stays, verb: verb.Teardown, reason: problem.Consistent,
			asked: "uninstall", stored: "-", says: []string{"the namespace stays"},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if !s.locker.held.removed || s.cluster.times("DeleteNamespace") != 0 {
					t.Error("the lock stays, or the namespace does not")
				}
			}},
		{name: "whose lock cannot be removed", records: one, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall",
			set:   all(stays, func(s *scene) { s.locker.held.fail("Remove", 1, errDown) }),
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Lock not removed") }},
		{name: "without Leases", records: one, set: func(s *scene) { s.locker.none = true }, verb: verb.Teardown, reason: problem.Consistent,
			asked: "uninstall", stored: "-"},
		{name: "twice", records: none, verb: verb.Teardown, reason: problem.Consistent,
			says: []string{"`web` is not there (any more), and its namespace `review` is gone."}},
		{name: "twice, in a namespace that stays", records: none, set: stays, verb: verb.Teardown, reason: problem.Consistent,
			says: []string{"Nothing to take down: release `web` is not there (any more)."}},
		{name: "whose records another driver keeps", records: none, verb: verb.Teardown, reason: problem.Foreign,
			set:  all(stays, func(s *scene) { s.helm.elsewhere = "configmaps" }),
			says: []string{"Nothing was taken down: `web` in `review` has its records in configmaps."}},
		{name: "whose records another driver keeps, in its own namespace", records: none, verb: verb.Teardown, reason: problem.Foreign,
			set:  func(s *scene) { s.helm.elsewhere = "configmaps" },
			says: []string{"Nothing was taken down: `web` in `review` has its records in configmaps."}},
		{name: "whose records may be where nobody may look", records: none, verb: verb.Teardown, reason: problem.Foreign,
			set: func(s *scene) {
				s.helm.elsewhere, s.helm.unlisted = "configmaps", true
				s.locker.found.Attempt = facts.Attempt{Run: "before", Revision: 2, Outcome: "deployed"}
			},
			says: []string{"a run has deployed `web` in `review`, and no record of it is found", "may not list configmaps"}},
		{name: "of which a run has deleted the records, and died", records: none, verb: verb.Teardown, reason: problem.Consistent,
			set: func(s *scene) {
				s.helm.elsewhere, s.helm.unlisted = "configmaps", true
				s.locker.found.Attempt = facts.Attempt{Run: "before", Revision: 2, Outcome: "uninstalled"}
			}},
		{name: "after the namespace went", records: none, set: absent, verb: verb.Teardown, reason: problem.Consistent,
			says: []string{"Nothing to take down"}},
		{name: "whose namespace is going", records: none, verb: verb.Teardown, reason: problem.Consistent,
			says: []string{"Namespace `review`, which was being deleted, is gone"}, set: all(terminating, goes),
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Not looked at") }},
		{name: "whose namespace is going, and its records are there yet", records: one, verb: verb.Teardown, reason: problem.Consistent,
			says: []string{"and so is its namespace"}, set: all(terminating, goes)},
		{name: "the same, and it has an object outside of that", records: one, verb: verb.Teardown, reason: problem.Inconsistent,
			says: []string{"1 object of `web` outside of it is still there", "ClusterRole/web"}, set: all(terminating, goes, func(s *scene) {
				o := s.cluster.live["web"]
				o.Kind, o.Namespace = "ClusterRole", ""
				s.cluster.live["web"] = o
			})},
		{name: "whose namespace does not go", records: none, set: terminating, verb: verb.Teardown, reason: problem.NamespaceTerminating},
		{name: "of another branch", records: one, set: func(s *scene) { s.cluster.ns.Identity = "theirs" }, verb: verb.Teardown,
			reason: problem.Foreign},
		{name: "that somebody works on", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Teardown, reason: problem.LivenessUnknown,
			set: func(s *scene) { s.options.LockTimeout = time.Second }},
		{name: "that somebody uninstalls already", verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			records: func() []facts.Record { return []facts.Record{by("other", revision(1, facts.StatusUninstalling))} },
			set: func(s *scene) {
				s.locker.found = facts.Lock{State: facts.LockExpired, Run: "other", Expired: []facts.Expiry{{Run: "other", At: time.Now()}}}
			}},
		{name: "that was uninstalled with its history kept",
			records: func() []facts.Record { return []facts.Record{by("before", revision(1, facts.StatusUninstalled))} },
			verb:    verb.Teardown, reason: problem.Consistent, stored: "-"},
		{name: "that Berth did not deploy", records: func() []facts.Record { return []facts.Record{revision(1, facts.StatusDeployed)} },
			verb: verb.Teardown, reason: problem.Foreign, stored: "1 deployed",
			set: func(s *scene) { s.cluster.ns.Ours, s.cluster.ns.Identity = false, "" }},
		{name: "beside another release", records: one, verb: verb.Teardown, reason: problem.Foreign, asked: "uninstall", stored: "-",
			set: func(s *scene) { s.helm.others = []facts.Neighbour{{Name: "db"}} },
			check: func(t *testing.T, s *scene, r result.Result) {
				if len(r.Kept) != 1 || s.cluster.times("DeleteNamespace") != 0 {
					t.Errorf("kept %q", r.Kept)
				}
			}},
		{name: "with an object that is somebody else's by now", records: one, verb: verb.Teardown, reason: problem.Foreign, asked: "uninstall",
			set: func(s *scene) { s.helm.out = result.Outcome{Kept: []string{"Deployment/web was kept"}} },
			check: func(t *testing.T, _ *scene, r result.Result) {
				if len(r.Kept) != 2 {
					t.Errorf("kept %q", r.Kept)
				}
			}},
		{name: "with an object that is somebody else's by now, in a namespace that stays", records: one, verb: verb.Teardown,
			reason: problem.Consistent, asked: "uninstall", stored: "-",
			set: all(stays, func(s *scene) { s.helm.out = result.Outcome{Kept: []string{"Deployment/web was kept"}} }),
			check: func(t *testing.T, _ *scene, r result.Result) {
				if hasNote(t, r, "Left in place"); len(r.Kept) != 1 {
					t.Errorf("kept %q", r.Kept)
				}
			}},
		{name: "in a namespace that somebody wants to keep", records: one, verb: verb.Teardown, reason: problem.Foreign, asked: "uninstall",
			stored: "-", set: func(s *scene) { s.cluster.ns.Keep, s.cluster.ns.KeepWhy = true, "it is marked" },
			check: namespaceKept("it is marked")},
		{name: "in a namespace that somebody has put something into", records: one, verb: verb.Teardown, reason: problem.Foreign,
			asked: "uninstall", stored: "-", set: func(s *scene) { s.cluster.residents = strangers(maxListed + 5) },
			check: func(t *testing.T, s *scene, r result.Result) {
				if len(r.Kept) != maxListed+1 || !strings.Contains(r.Kept[maxListed], "and 5 more") {
					t.Errorf("kept %q", r.Kept)
				}
				namespaceKept("ConfigMap/s0: it was made with kubectl")(t, s, r)
			}},
		{name: "the same, when it is told to let it go", records: one, verb: verb.Teardown, reason: problem.Consistent,
			asked: "uninstall", stored: "-", set: func(s *scene) {
				s.cluster.residents, s.options.Policy.DeleteForeign = strangers(1), true
			}},
		{name: "while somebody puts something into the namespace", records: one, verb: verb.Teardown, reason: problem.Foreign,
			asked: "uninstall", stored: "-", set: func(s *scene) {
				s.cluster.on("DeleteNamespace", func(int) error {
					s.cluster.residents = strangers(1)
					return fmt.Errorf("409: %w", facts.ErrChanged)
				})
			},
			check: func(t *testing.T, s *scene, r result.Result) {
				if s.cluster.times("DeleteNamespace") != 1 || s.cluster.times("Residents") != 3 {
					t.Errorf("it looked %d times and tried to delete %d times", s.cluster.times("Residents"), s.cluster.times("DeleteNamespace"))
				}
			}},
		{name: "whose namespace never stays the same", records: one, verb: verb.Teardown, reason: problem.Unanswered, asked: "uninstall",
			set: func(s *scene) { s.cluster.fail("DeleteNamespace", 1, fmt.Errorf("409: %w", facts.ErrChanged)) }},
		{name: "whose namespace goes meanwhile", records: one, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			says: []string{"and so is its namespace"},
			set: func(s *scene) {
				s.cluster.on("Namespace", func(n int) error {
					if n > 1 {
						absent(s)
					}
					return nil
				})
			}},
		{name: "whose namespace may not be read any more", records: one, verb: verb.Teardown, reason: problem.PermissionMissing,
			asked: "uninstall", set: func(s *scene) {
				s.cluster.on("Namespace", func(n int) error {
					if n > 1 {
						s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceHidden}
					}
					return nil
				})
			}},
		{name: "in a namespace where another branch has deployed, too", records: one, verb: verb.Teardown, reason: problem.Consistent,
			asked: "uninstall", stored: "-", says: []string{"the namespace stays"}, set: func(s *scene) { s.cluster.ns.Shared = true },
			check: looksAtNothing},
		{name: "of an app that was never deployed, in another branch's namespace", records: none, verb: verb.Teardown,
			reason: problem.Consistent, says: []string{"Nothing to take down: release `web` is not there (any more)."},
			set:   func(s *scene) { s.cluster.ns.Identity, s.cluster.ns.DeployedBy = "", "theirs" },
			check: looksAtNothing},
		{name: "that leaves something by its policy", records: kept, verb: verb.Teardown, reason: problem.Foreign, asked: "uninstall",
			stored: "1 uninstalled", says: []string{"Deployment/data", "--delete-kept"}, set: keeps,
			check: func(t *testing.T, s *scene, r result.Result) {
				if len(r.Kept) != 1 || s.cluster.times("DeleteNamespace") != 0 {
					t.Errorf("kept %q", r.Kept)
				}
			}},
		{name: "the same, when it is told to let it go", records: kept, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall",
			stored: "-", set: all(keeps, func(s *scene) { s.options.Policy.DeleteKept = true }),
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Deleted although it was to be kept") }},
		{name: "that leaves something by a mark", records: kept, verb: verb.Teardown, reason: problem.Foreign, asked: "uninstall",
			stored: "1 uninstalled", says: []string{"Deployment/data", "it is marked", "--delete-foreign"},
			set: all(isMarked, func(s *scene) { s.options.Policy.DeleteKept = true })},
		{name: "the same, when it is told to let it go", records: kept, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall",
			stored: "-", set: all(isMarked, func(s *scene) { s.options.Policy.DeleteForeign = true }),
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Deleted although it was to be kept") }},
		{name: "that leaves an object for what others have in it", records: kept, verb: verb.Teardown, reason: problem.Foreign,
			asked: "uninstall", stored: "-", set: func(s *scene) {
				s.helm.spares = map[string]bool{"data": true}
				s.cluster.inside = map[string]string{"Deployment": "somebody's Pod/p is in it"}
			},
			check: func(t *testing.T, s *scene, r result.Result) {
				if !strings.Contains(strings.Join(r.Kept, "\n"), "Deployment/data was kept: somebody's Pod/p is in it") ||
					s.cluster.times("DeleteNamespace") != 0 {
					t.Errorf("kept %q", r.Kept)
				}
			}},
		{name: "of a release that is deployed again before its records go", records: one, verb: verb.Teardown,
			reason: problem.LiveOperation, asked: "uninstall", set: func(s *scene) {
				s.helm.on("Purge", 1, func() error { s.helm.put(revision(2, facts.StatusPendingInstall)); return nil })
			},
			check: func(t *testing.T, s *scene, _ result.Result) {
				if got := s.helm.statuses(); !strings.Contains(got, "2 pending-install") || s.cluster.times("DeleteNamespace") != 0 {
					t.Errorf("stored is %s", got)
				}
			}},
		{name: "of a release that is deployed again before its namespace goes", records: one, verb: verb.Teardown,
			reason: problem.Foreign, asked: "uninstall", set: func(s *scene) {
				s.helm.on("Others", 2, func() error { s.helm.put(revision(2, facts.StatusDeployed)); return nil })
			},
			check: func(t *testing.T, s *scene, r result.Result) {
				if !strings.Contains(strings.Join(r.Kept, "\n"), "deployed again meanwhile") || s.cluster.times("DeleteNamespace") != 0 {
					t.Errorf("kept %q", r.Kept)
				}
			}},
		{name: "that leaves something by its policy where the namespace stays", records: kept, verb: verb.Teardown,
			reason: problem.Consistent, asked: "uninstall", stored: "-", set: all(keeps, stays),
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Kept on purpose") }},
		{name: "with a volume", records: one, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			set: func(s *scene) {
				s.cluster.volumes = []facts.Volume{{Claim: "data", Name: "pv-1", Policy: "Delete"}}
				s.cluster.unlisted = []string{"secrets"}
			},
			check: func(t *testing.T, _ *scene, r result.Result) {
				hasNote(t, r, "Volumes that go")
				hasNote(t, r, "Not looked at")
			}},
		{name: "with a volume, where others have theirs in the same namespace", records: one, verb: verb.Teardown,
			reason: problem.Consistent, asked: "uninstall", stored: "-",
			set: all(stays, func(s *scene) {
				s.cluster.volumes = []facts.Volume{
					{Claim: "data", Name: "pv-1", Owner: "review/web", Policy: "Delete"},
					{Claim: "theirs", Name: "pv-2", Owner: "review/api", Policy: "Delete"},
				}
			}),
			check: func(t *testing.T, s *scene, r result.Result) {
				hasNote(t, r, "Volumes that go")
				if s.cluster.volumesOf != "review/web" {
					t.Errorf("the volumes of %q were looked at", s.cluster.volumesOf)
				}
			}},
		{name: "whose namespace cannot be looked at", records: one, verb: verb.Teardown, reason: problem.Unanswered, stored: "1 deployed",
			set: func(s *scene) { s.cluster.fail("Residents", 1, errDown) }},
		{name: "of a kind that is gone", records: one, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall",
			set:   func(s *scene) { s.helm.out = result.Outcome{Missing: []string{"Boat/a"}} },
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Kinds that are gone") }},
		{name: "with an unreadable record, which goes with the namespace", records: unreadable, verb: verb.Teardown, reason: problem.Consistent,
			asked: "uninstall", repair: "quarantine", stored: "-"},
		{name: "with an unreadable record, in a namespace that stays", records: unreadable, set: stays, verb: verb.Teardown,
			reason: problem.RecordUnreadable, asked: "uninstall", repair: "quarantine", stored: "-",
			check: func(t *testing.T, s *scene, _ result.Result) {
				if len(s.helm.quarantined) != 1 {
					t.Errorf("quarantined: %v", s.helm.quarantined)
				}
			}},
		{name: "whose quarantined records go, too", records: one, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall",
			set: all(stays, func(s *scene) { s.helm.quarantined["old"] = facts.Record{} }),
			check: func(t *testing.T, s *scene, _ result.Result) {
				if len(s.helm.quarantined) != 0 {
					t.Errorf("quarantined: %v", s.helm.quarantined)
				}
			}},
		{name: "with an unreadable record that cannot be moved", records: unreadable, verb: verb.Teardown, reason: problem.Unanswered,
			set: func(s *scene) { s.helm.fail("Quarantine", 1, errDown) }},
		{name: "with a record that cannot be loaded", records: unreadable, verb: verb.Teardown, reason: problem.Unanswered,
			set: func(s *scene) { s.helm.fail("Load", 2, errDown) }},
		{name: "with an object that does not go", records: one, verb: verb.Teardown, reason: problem.Inconsistent, asked: "uninstall",
			stored: "1 uninstalled", says: []string{"is still there"},
			set:   func(s *scene) { s.helm.left = map[string]bool{"web": true} },
			check: reports(1, facts.StatusUninstalled)},
		{name: "the same, and nobody can tell what is left", records: one, verb: verb.Teardown, reason: problem.Inconsistent, asked: "uninstall",
			set: func(s *scene) { s.helm.left = map[string]bool{"web": true}; s.cluster.fail("Observe", 1, errDown) }},
		{name: "that Helm refuses to uninstall", records: one, verb: verb.Teardown, reason: problem.PermissionMissing, asked: "uninstall",
			set: func(s *scene) {
				s.helm.out.Err = &problem.Problem{Reason: problem.PermissionMissing, Tried: "uninstall", Next: "Grant delete."}
			}, check: reports(1, facts.StatusUninstalling)},
		{name: "with a hook that fails", records: one, verb: verb.Teardown, reason: problem.Inconsistent, asked: "uninstall",
			says: []string{"The hook Job/bye failed: no such table (exit code 1)", "the next teardown goes on from here"},
			set: func(s *scene) {
				s.helm.out.Err = errors.New("pre-delete hook failed")
				s.helm.out.Diagnostics = &result.Diagnostics{Faults: []result.Fault{{Hook: true, Ref: facts.Ref{Kind: "Job", Name: "bye"},
					Cause: facts.Cause{Kind: facts.CauseJob, Said: "no such table", ExitCode: 1}}}}
			},
			check: func(t *testing.T, _ *scene, r result.Result) {
				if r.Diagnostics == nil {
					t.Error("nothing is told of the hook")
				}
			}},
		{name: "with an object that only an older revision names", verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall",
			stored: "-",
			records: func() []facts.Record {
				old := by("before", revision(1, facts.StatusSuperseded))
				old.Manifest = "v1: web old"
				return []facts.Record{old, by("before", revision(2, facts.StatusDeployed))}
			}, set: stays},
		{name: "the same, where the namespace takes it along", verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			records: func() []facts.Record {
				old := by("before", revision(1, facts.StatusSuperseded))
				old.Manifest = "v1: web old"
				return []facts.Record{old, by("before", revision(2, facts.StatusDeployed))}
			}},
		{name: "whose end cannot be proven", records: one, verb: verb.Teardown, reason: problem.Unanswered, asked: "uninstall",
			stored: "1 uninstalled", set: func(s *scene) { s.cluster.fail("Observe", 1, errDown) }},
		{name: "whose records cannot be removed", records: one, verb: verb.Teardown, reason: problem.Unanswered, asked: "uninstall",
			set: func(s *scene) { s.helm.fail("Purge", 1, errDown) }},
		{name: "whose neighbours cannot be listed", records: one, verb: verb.Teardown, reason: problem.Unanswered, stored: "1 deployed",
			set: func(s *scene) { s.helm.fail("Others", 1, errDown) },
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("DeleteNamespace") != 0 {
					t.Error("the namespace was deleted")
				}
			}},
		{name: "whose namespace cannot be deleted", records: one, verb: verb.Teardown, reason: problem.Unanswered, asked: "uninstall",
			set: func(s *scene) { s.cluster.fail("DeleteNamespace", 1, errDown) }},
		{name: "without the permission to delete records, before anything goes", records: one, verb: verb.Teardown,
			reason: problem.PermissionMissing, stored: "1 deployed",
			set: func(s *scene) { s.access.denied["delete secrets"] = true }},
		{name: "without the permission to delete the namespace", records: one, verb: verb.Teardown, reason: problem.PermissionMissing,
			stored: "1 deployed",
			set:    func(s *scene) { s.access.denied["delete namespaces"] = true }},
		{name: "whose lock cannot be had", records: one, verb: verb.Teardown, reason: problem.Unanswered, stored: "1 deployed",
			set: func(s *scene) { s.locker.fail("Acquire", 1, errDown) }},
		{name: "without an answer", records: one, verb: verb.Teardown, reason: problem.Unanswered, stored: "1 deployed",
			set: func(s *scene) { s.cluster.fail("Namespace", 1, errDown) }},
		{name: "whose records cannot be read", records: one, verb: verb.Teardown, reason: problem.Unanswered, stored: "1 deployed",
			set: func(s *scene) { s.helm.fail("Records", 1, errDown) }},
	})
}

func TestPreflight(t *testing.T) {
	perform(t, []play{
		{name: "all is granted", verb: verb.Preflight, reason: problem.Consistent,
			says: []string{"All that deploying `web` in `review` needs is permitted, beside the chart's own objects."},
			set:  func(s *scene) { s.options.Preflight = false }, // it asks whatever the input says
			check: func(t *testing.T, s *scene, r result.Result) {
				if r.User == "" || r.RBAC != "" || s.access.times("ReviewUntil") != 1 || s.locker.times("Acquire") != 0 {
					t.Errorf("user %q, RBAC %q, asked %d times", r.User, r.RBAC, s.access.times("ReviewUntil"))
				}
			}},
		{name: "for another account", verb: verb.Preflight, reason: problem.Consistent,
			says: []string{"This is what system:serviceaccount:berth:deployer needs to deploy `web` in `review`"},
			set:  func(s *scene) { s.options.For = "system:serviceaccount:berth:deployer" },
			check: func(t *testing.T, s *scene, r result.Result) {
				if r.RBAC == "" || s.access.times("ReviewUntil") != 0 {
					t.Errorf("RBAC %q, asked %d times", r.RBAC, s.access.times("ReviewUntil"))
				}
			}},
		{name: "something is missing", verb: verb.Preflight, reason: problem.PermissionMissing,
			set: func(s *scene) { s.access.denied["delete secrets"] = true }, says: []string{"may not delete secrets"}},
		{name: "no answer", verb: verb.Preflight, reason: problem.Unanswered, set: func(s *scene) { s.cluster.fail("Namespace", 1, errDown) }},
	})
}

// A verb does what its row in internal/verb says, on a release that needs repair.
func TestVerbsKeepToTheirProperties(t *testing.T) {
	for _, p := range verb.Table {
		begin, ok := verbs[p.Verb]
		if ok != p.OnRelease || ok && begin == nil {
			t.Errorf("%s: begun by the engine %t, on a release %t", p.Verb, ok, p.OnRelease)
		}
		if !ok {
			continue
		}
		t.Run(string(p.Verb), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t.Context(), pendingOf(facts.StatusPendingUpgrade)()...)
				ended(true)(s)
				r := s.run(p.Verb)
				writes := len(s.helm.Audit()) > 0 || len(s.helm.asked) > 0
				if locks := s.locker.times("Acquire") > 0; locks != p.Locks || writes != p.Writes {
					t.Errorf("locks %t, writes %t; its row says %t, %t (%s)", locks, writes, p.Locks, p.Writes, r.Headline)
				}
				if proves := r.Looks > 0; proves != p.Proves || s.chart.times("Render") > 0 != p.NeedsChart ||
					s.access.times("ReviewUntil") > 0 != p.AsksAccess {
					t.Errorf("proves %t, renders %d times, asks %d times", proves, s.chart.times("Render"), s.access.times("ReviewUntil"))
				}
			})
		})
	}
}

func TestUnknownVerb(t *testing.T) {
	r := newScene(t.Context()).run("dance")
	if r.Reason != problem.Internal || r.Next == "" {
		t.Errorf("%+v", r.Exit)
	}
}

func TestUnknownStep(t *testing.T) {
	if _, err := (&performer{}).perform(t.Context(), []verdict.Step{{Kind: "dance"}}, nil); err == nil {
		t.Error("it is performed")
	}
}

// Every kind of step that a plan may have is performed by something.
func TestEveryStepIsPerformed(t *testing.T) {
	for _, kind := range verdict.StepKinds {
		if stepFuncs[kind] == nil {
			t.Errorf("nothing performs %s", kind)
		}
	}
	if len(stepFuncs) != len(verdict.StepKinds) {
		t.Errorf("%d kinds, %d functions", len(verdict.StepKinds), len(stepFuncs))
	}
}

func TestInterrupts(t *testing.T) {
	signalled := func(s *scene) { s.helm.during = s.signal }
	perform(t, []play{
		{name: "before anything", records: one, verb: verb.Deploy, reason: problem.Terminated, stored: "1 deployed",
			says: []string{"nothing was under way"},
			set:  func(s *scene) { s.cluster.on("Namespace", func(int) error { s.signal(); return nil }) }},
		{name: "in a deploy", records: one, set: signalled, verb: verb.Deploy, reason: problem.Terminated, asked: "upgrade",
			stored: "1 deployed, 2 failed",
			says:   []string{"Interrupted by SIGTERM.", "revision 2 is recorded as failed", "nothing is stuck"},
			check: func(t *testing.T, s *scene, r result.Result) {
				if s.locker.held.ended.Outcome != "interrupted" || r.Notes[len(r.Notes)-1].Level != result.LevelWarning {
					t.Errorf("lock %+v, notes %v", s.locker.held.ended, r.Notes)
				}
			}},
		{name: "in a deploy that would roll back", records: one, verb: verb.Deploy, reason: problem.Terminated, asked: "upgrade",
			stored: "1 deployed, 2 failed",
			set:    all(signalled, func(s *scene) { s.options.Policy.OnFailure = verdict.OnFailureRollback })},
		{name: "in a deploy whose end cannot be recorded", records: one, verb: verb.Deploy, reason: problem.Terminated, asked: "upgrade",
			stored: "1 deployed, 2 pending-upgrade",
			set:    all(signalled, func(s *scene) { s.helm.fail("Settle", 1, errDown) }), says: []string{"could not be recorded"},
			check: func(t *testing.T, _ *scene, r result.Result) {
				if len(r.Evidence) != 2 {
					t.Errorf("evidence %q", r.Evidence)
				}
			}},
		{name: "in an operation that stored nothing", records: one, verb: verb.Deploy, reason: problem.Terminated, asked: "upgrade",
			stored: "1 deployed", says: []string{"nothing was under way"},
			set: func(s *scene) {
				s.helm.fault = "nothing stored"
				s.helm.on("Records", 2, func() error { s.signal(); return nil })
			}},
		{name: "in a teardown", records: one, set: signalled, verb: verb.Teardown, reason: problem.Terminated, asked: "uninstall",
			stored: "1 uninstalling", says: []string{"could not be recorded"}},
		{name: "in the uninstall that on-failure asks for", records: one, verb: verb.Deploy, reason: problem.Terminated,
			asked:  "upgrade, uninstall",
			stored: "1 deployed, 2 uninstalling", says: []string{"could not be recorded"},
			set: func(s *scene) {
				s.helm.fault, s.options.Policy.OnFailure = "fails", verdict.OnFailureUninstall
				s.helm.during = func() {
					if len(s.helm.asked) == 2 {
						s.signal()
					}
				}
			}},
		{name: "while a record is repaired", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Repair, reason: problem.Terminated,
			says: []string{"could not be recorded"},
			set:  all(ended(true), func(s *scene) { s.helm.on("Settle", 1, func() error { s.signal(); return nil }) })},
		{name: "while it waits for another run", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy, reason: problem.Terminated,
			stored: "1 deployed, 2 pending-upgrade",
			set: func(s *scene) {
				go func() { time.Sleep(time.Minute); s.signal() }()
			}},
		{name: "while it waits for the lock", records: one, verb: verb.Deploy, reason: problem.Terminated,
			set: func(s *scene) {
				s.locker.busy = time.Hour
				go func() { time.Sleep(time.Minute); s.signal() }()
			}},
		{name: "while it checks", records: one, verb: verb.Check, reason: problem.Terminated,
			set: all(unready, func(s *scene) {
				go func() { time.Sleep(10 * time.Second); s.signal() }()
			})},
	})
}

// Only a repair that is asked to breaks a lock, and says whose it was.
func TestBreakLock(t *testing.T) {
	held := func(state facts.LockState) func(*scene) {
		return func(s *scene) {
			s.options.BreakLock = true
			s.locker.found = facts.Lock{State: state, Holder: "https://ci/1"}
		}
	}
	told := func(title, text string) func(*testing.T, *scene, result.Result) {
		return func(t *testing.T, s *scene, r result.Result) {
			found := slices.ContainsFunc(r.Notes, func(n result.Note) bool { return n.Title == title && strings.Contains(n.Message, text) })
			if !s.locker.expect.Break || !found {
				t.Errorf("acquired with %+v, notes %v", s.locker.expect, r.Notes)
			}
		}
	}
	perform(t, []play{
		{name: "one that nobody renews", records: one, set: held(facts.LockExpired), verb: verb.Repair, reason: problem.Consistent,
			stored: "1 deployed", check: told("Lock broken", `"https://ci/1" since a time that is not known`)},
		{name: "one that is free", records: one, set: held(facts.LockEnded), verb: verb.Repair, reason: problem.Consistent,
			stored: "1 deployed", check: told("No lock to break", "Nobody")},
		{name: "in a deploy", records: one, set: held(facts.LockExpired), verb: verb.Deploy, reason: problem.Consistent, asked: "upgrade",
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.locker.expect.Break {
					t.Error("a deploy breaks the lock")
				}
			}},
	})
}

func TestLockIsLost(t *testing.T) {
	during := func(trouble error) func(*scene) {
		return func(s *scene) { s.helm.during = func() { s.locker.held.lose(trouble); time.Sleep(time.Millisecond) } }
	}
	perform(t, []play{
		{name: "in a deploy, to another run", records: one, set: during(nil), verb: verb.Deploy, reason: problem.LiveOperation, asked: "upgrade",
			stored: "1 deployed, 2 pending-upgrade",
			says:   []string{"the lock on the release was lost"}, check: func(t *testing.T, s *scene, _ result.Result) {
				if s.locker.held.ended != nil {
					t.Error("it wrote on the lock that is another's")
				}
			}},
		{name: "in a deploy, for want of answers", records: one, set: during(errDown), verb: verb.Deploy, reason: problem.Unanswered,
			asked: "upgrade", stored: "1 deployed, 2 pending-upgrade"},
		{name: "before a repair", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Repair, reason: problem.LiveOperation,
			stored: "1 deployed, 2 pending-upgrade",
			set: all(ended(true), func(s *scene) {
				s.helm.on("Records", 1, func() error { s.locker.held.expire(); return nil })
			})},
		{name: "while a record is repaired", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Repair, reason: problem.LiveOperation,
			stored: "1 deployed, 2 pending-upgrade",
			set: all(ended(true), func(s *scene) {
				s.helm.on("Settle", 1, func() error { s.locker.held.expire(); return errors.New("cut") })
			})},
		{name: "while it waits", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy, reason: problem.LiveOperation,
			stored: "1 deployed, 2 pending-upgrade",
			set: func(s *scene) {
				go func() { time.Sleep(time.Minute); s.locker.held.lose(nil) }()
			}},
		{name: "in the check", records: one, verb: verb.Deploy, reason: problem.LiveOperation, asked: "upgrade",
			stored: "1 superseded, 2 deployed",
			set: func(s *scene) {
				s.cluster.on("Observe", func(n int) error {
					if n == 1 {
						s.locker.held.lose(nil)
					}
					unready(s)
					return nil
				})
			}},
		{name: "while records are removed, and the error says no more than that it ended", records: one, verb: verb.Teardown,
			reason: problem.LiveOperation, stored: "1 uninstalled", asked: "uninstall", set: func(s *scene) {
				s.helm.on("Purge", 1, func() error {
					s.locker.held.lose(nil)
					time.Sleep(time.Millisecond)
					return errors.New("context canceled")
				})
			}},
		{name: "before a rollback", records: one, verb: verb.Deploy, reason: problem.DeployFailed, asked: "upgrade",
			stored: "1 deployed, 2 failed",
			set: func(s *scene) {
				s.helm.fault, s.options.Policy.OnFailure = "fails", verdict.OnFailureRollback
				s.cluster.on("Observe", func(int) error { s.locker.held.expire(); return nil })
			}},
	})
}
