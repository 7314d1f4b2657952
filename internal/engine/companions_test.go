package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// secretCopy is the copy of a Secret that exists for these releases, or does not without any.
func secretCopy(name string, releases ...string) facts.Companion {
	c := facts.Companion{Ref: facts.Ref{APIVersion: "v1", Kind: "Secret", Namespace: "review", Name: name}, Source: "platform/registry"}
	if len(releases) > 0 {
		c.UID, c.Version, c.Ours, c.Made, c.Releases, c.Same = "1", "1", true, c.Source, releases, true
	}
	return c
}

// quotaOf is a quota that exists for these releases.
func quotaOf(name string, releases ...string) facts.Companion {
	c := secretCopy(name, releases...)
	c.Kind, c.Source, c.Made = "ResourceQuota", "", ""
	return c
}

func copying(wanted ...facts.Companion) func(*scene) {
	return func(s *scene) {
		s.options.Copies, s.beside.wanted = true, wanted
		s.beside.sources = []facts.Source{{Namespace: "platform", Name: "registry", Exists: true, Type: "Opaque"}}
	}
}

// did holds what was done about companions.
func did(want ...string) func(*testing.T, *scene, result.Result) {
	return func(t *testing.T, s *scene, _ result.Result) {
		t.Helper()
		if !slices.Equal(s.beside.did, want) {
			t.Errorf("did %q, want %q", s.beside.did, want)
		}
	}
}

func TestCompanionsOfDeploy(t *testing.T) {
	absent := func(s *scene) { s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent} }
	perform(t, []play{
		{name: "in a new namespace", records: none, verb: verb.Deploy, reason: problem.Consistent, set: all(copying(secretCopy("a")), absent),
			stored: "1 deployed", asked: "install", check: func(t *testing.T, s *scene, r result.Result) {
				did("write a web/me")(t, s, r)
				if len(s.beside.scopes) != 1 || !s.beside.scopes[0].Fresh {
					t.Errorf("looked at %+v", s.beside.scopes)
				}
			}},
		{name: "the source is missing", records: none, verb: verb.Deploy, reason: problem.WrongInput, says: []string{"no such Secret"},
			set: all(copying(secretCopy("a")), absent, func(s *scene) { s.beside.sources[0].Exists = false }), stored: "-",
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.cluster.times("CreateNamespace") > 0 || s.beside.times("Look") > 0 {
					t.Error("something was made, or looked at")
				}
			}},
		{name: "a name that is somebody's, of a stuck release", records: pendingOf(facts.StatusPendingUpgrade), verb: verb.Deploy,
			set:    all(ended(true), copying(func() facts.Companion { c := secretCopy("a", "web/me"); c.Ours = false; return c }())),
			reason: problem.Foreign, stored: "1 deployed, 2 pending-upgrade", says: []string{"Berth did not make it"}, check: did()},
		{name: "changed while it is written", records: one, verb: verb.Deploy, reason: problem.Consistent,
			stored: "1 superseded, 2 deployed", asked: "upgrade",
			set: all(copying(secretCopy("a")), func(s *scene) {
				s.beside.on("write", func(n int) error {
					if n == 1 {
						return fmt.Errorf("write: %w", facts.ErrChanged)
					}
					return nil
				})
			}), check: func(t *testing.T, s *scene, r result.Result) {
				did("write a web/me")(t, s, r)
				if s.beside.times("Sources") != 2 || s.beside.times("Look") != 2 {
					t.Errorf("%d sources, %d looks", s.beside.times("Sources"), s.beside.times("Look"))
				}
			}},
		{name: "changed again and again", records: one, verb: verb.Deploy, reason: problem.Unanswered, stored: "1 deployed",
			set: all(copying(secretCopy("a")), func(s *scene) { s.beside.fail("write", 1, fmt.Errorf("write: %w", facts.ErrChanged)) })},
		{name: "no input, and nothing is noted", records: one, verb: verb.Deploy, reason: problem.Consistent,
			stored: "1 superseded, 2 deployed", asked: "upgrade", check: func(t *testing.T, s *scene, _ result.Result) {
				if s.beside.times("Look") > 0 {
					t.Error("it was looked for")
				}
			}},
		{name: "no input any more", records: one, verb: verb.Deploy, reason: problem.Consistent, stored: "1 superseded, 2 deployed",
			asked: "upgrade", set: func(s *scene) {
				s.cluster.ns.Copies, s.beside.others = true, []facts.Companion{secretCopy("a", "web/me"), secretCopy("b", "api/me", "web/me")}
			}, check: did("remove a", "share b api/me")},
		{name: "no input any more, and the deploy fails", records: one, verb: verb.Deploy, reason: problem.DeployFailed,
			stored: "1 deployed, 2 failed", asked: "upgrade", set: func(s *scene) {
				s.cluster.ns.Copies, s.beside.others, s.helm.fault = true, []facts.Companion{secretCopy("a", "web/me")}, "fails"
			}, check: did()},
		{name: "the chart has it by now, and the deploy fails", records: one, verb: verb.Deploy, reason: problem.DeployFailed,
			stored: "1 deployed, 2 failed", asked: "upgrade", set: func(s *scene) {
				s.cluster.ns.Copies, s.beside.others, s.helm.fault = true, []facts.Companion{secretCopy("a", "web/me")}, "fails"
				s.chart.secret = "a"
			}, check: did("remove a")},
		{name: "no input any more, and it cannot be removed", records: one, verb: verb.Deploy, reason: problem.Consistent,
			stored: "1 superseded, 2 deployed", asked: "upgrade", set: func(s *scene) {
				s.cluster.ns.Copies, s.beside.others = true, []facts.Companion{secretCopy("a", "web/me")}
				s.beside.fail("remove", 1, errDown)
			}, check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Copies not removed") }},
		{name: "no input, where nothing can be noted", records: one, verb: verb.Deploy, reason: problem.Consistent,
			stored: "1 superseded, 2 deployed", asked: "upgrade", set: func(s *scene) {
				s.access.lists, s.cluster.ns.Ours, s.cluster.ns.Labelled = true, false, false
				s.beside.others = []facts.Companion{secretCopy("a", "web/me")}
			}, check: did("remove a")},
		{name: "no input, and no right to look", records: one, verb: verb.Deploy, reason: problem.Consistent,
			stored: "1 superseded, 2 deployed", asked: "upgrade", set: func(s *scene) {
				s.cluster.ns.Copies = true
				s.beside.on("Look", func(n int) error {
					if n == 1 {
						return &problem.Problem{Reason: problem.PermissionMissing, Tried: "look", Next: "Grant it."}
					}
					return nil
				})
			}, check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Not looked for") }},
		{name: "a quota where it does not count", records: one, verb: verb.Deploy, reason: problem.Consistent,
			stored: "1 superseded, 2 deployed", asked: "upgrade",
			set: func(s *scene) { s.options.Quota, s.cluster.ns.Ours, s.cluster.ns.Labelled = true, false, false },
			check: func(t *testing.T, s *scene, r result.Result) {
				hasNote(t, r, "Quota not applied")
				if len(s.beside.scopes) > 0 {
					t.Errorf("looked at %+v", s.beside.scopes)
				}
			}},
		{name: "a quota where it does not count any more", records: one, verb: verb.Deploy, reason: problem.Consistent,
			stored: "1 superseded, 2 deployed", asked: "upgrade", set: func(s *scene) {
				s.options.Quota, s.cluster.ns.Shared, s.cluster.ns.Quota = true, true, true
				s.beside.others = []facts.Companion{quotaOf("q", "web/me"), quotaOf("r", "api/me")}
			}, check: func(t *testing.T, s *scene, r result.Result) {
				did("remove q")(t, s, r)
				hasNote(t, r, "Quota not applied")
				if len(s.beside.scopes) != 1 || s.beside.scopes[0].Quota {
					t.Errorf("looked at %+v", s.beside.scopes)
				}
			}},
		{name: "it fails, and is taken away", records: one, verb: verb.Deploy, reason: problem.DeployFailed, stored: "-",
			asked: "upgrade, uninstall", set: all(copying(secretCopy("a", "web/me")), func(s *scene) {
				s.helm.fault, s.options.Policy.OnFailure = "fails", verdict.OnFailureUninstall
			}), check: did("remove a")},
		{name: "the lock is lost before", records: one, verb: verb.Deploy, reason: problem.LiveOperation, stored: "1 deployed",
			set: all(copying(secretCopy("a")), func(s *scene) {
				s.beside.on("Look", func(int) error { s.locker.held.dead.Store(true); return nil })
			}), check: did()},
	})
}

func TestCompanionsOfTeardown(t *testing.T) {
	fixed := func(s *scene) {
		s.access.lists = true
		s.cluster.ns.Ours, s.cluster.ns.Labelled, s.cluster.ns.Identity = false, false, ""
	}
	copies := func(all ...facts.Companion) func(*scene) { return func(s *scene) { s.beside.others = all } }
	unmarked := secretCopy("c", "web/me")
	unmarked.Ours, unmarked.Releases = false, nil
	perform(t, []play{
		{name: "the namespace goes", records: one, verb: verb.Teardown, reason: problem.Consistent, stored: "-", asked: "uninstall",
			set: copies(secretCopy("a", "web/me")), check: did()},
		{name: "the namespace stays", records: one, verb: verb.Teardown, reason: problem.Consistent, stored: "-", asked: "uninstall",
			set: all(fixed, copies(secretCopy("a", "web/me"), secretCopy("b", "api/me", "web/me"), secretCopy("d", "api/me"), unmarked)),
			check: func(t *testing.T, s *scene, r result.Result) {
				did("remove a", "share b api/me")(t, s, r)
				hasNote(t, r, leftTitle)
			}},
		{name: "its records are kept elsewhere", records: none, verb: verb.Teardown, reason: problem.Foreign, stored: "-",
			set: all(copies(secretCopy("a", "web/me")), func(s *scene) {
				s.cluster.ns.Copies, s.helm.elsewhere = true, "configmaps"
				s.helm.others = []facts.Neighbour{{Name: "web, stored in configmaps"}}
			}), check: did()},
		{name: "a quota where another branch has come", records: one, verb: verb.Teardown, reason: problem.Consistent, stored: "-",
			asked: "uninstall", set: func(s *scene) {
				s.cluster.ns.Shared, s.cluster.ns.Quota = true, true
				s.beside.others = []facts.Companion{quotaOf("q", "web/me"), quotaOf("r", "api/me")}
			}, check: did("remove q")},
		{name: "a quota, and no right to look for any", records: one, verb: verb.Teardown, reason: problem.Consistent, stored: "-",
			asked: "uninstall", set: func(s *scene) {
				s.cluster.ns.Shared, s.cluster.ns.Quota, s.cluster.ns.Copies = true, true, true
				s.beside.others = []facts.Companion{secretCopy("a", "web/me")}
				s.beside.on("Look", func(n int) error {
					if n == 1 {
						return &problem.Problem{Reason: problem.PermissionMissing, Tried: "look", Next: "Grant it."}
					}
					return nil
				})
			}, check: func(t *testing.T, s *scene, r result.Result) {
				did("remove a")(t, s, r)
				hasNote(t, r, notLookedFor)
			}},
		{name: "no record is left of it", records: none, verb: verb.Teardown, reason: problem.Consistent, stored: "-",
			set: all(fixed, copies(secretCopy("a", "web/me"))), check: did("remove a")},
		{name: "no right to look", records: one, verb: verb.Teardown, reason: problem.Consistent, stored: "-", asked: "uninstall",
			set: all(fixed, func(s *scene) {
				s.beside.fail("Look", 1, &problem.Problem{Reason: problem.PermissionMissing, Tried: "look", Next: "Grant it."})
			}), check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Not looked for") }},
		{name: "no input, and Secrets are not what it lists", records: one, verb: verb.Teardown, reason: problem.Consistent, stored: "-",
			asked: "uninstall", set: all(fixed, func(s *scene) { s.access.lists = false }), check: func(t *testing.T, s *scene, _ result.Result) {
				if s.beside.times("Look") > 0 {
					t.Error("it was looked for")
				}
			}},
	})
}

func TestCompanionsOfCheck(t *testing.T) {
	old := secretCopy("a", "web/me")
	old.Same = false
	perform(t, []play{
		{name: "there", records: one, verb: verb.Check, reason: problem.Consistent, set: copying(secretCopy("a", "web/me"))},
		{name: "gone", records: one, verb: verb.Check, reason: problem.Inconsistent, set: copying(secretCopy("a")), says: []string{"is gone"}},
		{name: "out of date", records: one, verb: verb.Check, reason: problem.Consistent, set: copying(old),
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Copy out of date") }},
		{name: "its source is gone", records: one, verb: verb.Check, reason: problem.Consistent,
			set:   all(copying(old), func(s *scene) { s.beside.sources[0].Exists = false }),
			check: func(t *testing.T, _ *scene, r result.Result) { hasNote(t, r, "Source gone") }},
		{name: "out of date, and that may not be read", records: one, verb: verb.Check, reason: problem.Consistent,
			set: all(copying(old), func(s *scene) { s.beside.fail("Sources", 1, errDown) }),
			check: func(t *testing.T, _ *scene, r result.Result) {
				if len(r.Notes) > 0 {
					t.Errorf("%+v", r.Notes)
				}
			}},
	})
}

// Whatever the verb, the copies are read before anything is told that may quote them.
func TestCopiesAreConcealed(t *testing.T) {
	noted := func(s *scene) { s.cluster.ns.Labelled, s.cluster.ns.Copies = true, true }
	ofOthers := func(s *scene) {
		s.access.lists, s.cluster.ns.Ours, s.cluster.ns.Labelled, s.cluster.ns.Identity = true, false, false, ""
	}
	denied := func(s *scene) {
		s.beside.fail("Conceal", 1, &problem.Problem{Reason: problem.PermissionMissing, Tried: "read them"})
	}
	concealed := func(times, notices int) func(*testing.T, *scene, result.Result) {
		return func(t *testing.T, s *scene, r result.Result) {
			t.Helper()
			said := 0
			for _, n := range r.Notes {
				if n.Title == "Copies not read" {
					said++
				}
			}
			if s.beside.times("Conceal") != times || said != notices {
				t.Errorf("read %d times, want %d; %d notices, want %d", s.beside.times("Conceal"), times, said, notices)
			}
		}
	}
	var plays []play
	for v, stored := range map[verb.Verb]string{verb.Deploy: "1 superseded, 2 deployed", verb.Check: "1 deployed", verb.Repair: "1 deployed"} {
		asked := ""
		if v == verb.Deploy {
			asked = "upgrade"
		}
		for name, c := range map[string]struct {
			set            func(*scene)
			times, notices int
		}{
			"noted": {noted, 1, 0}, "noted, and denied": {all(noted, denied), 1, 1}, "none": {func(*scene) {}, 0, 0},
			"may be": {ofOthers, 1, 0}, "may be, and denied": {all(ofOthers, denied), 1, 0},
		} {
			plays = append(plays, play{name: string(v) + " " + name, records: one, verb: v, reason: problem.Consistent, stored: stored, asked: asked,
				set: c.set, check: concealed(c.times, c.notices)})
		}
	}
	perform(t, plays)
}
