package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// held has the namespace be deleted, with an object in it that a finalizer holds.
func held(s *scene) {
	terminating(s)
	s.cluster.stripped = make(chan struct{})
	s.cluster.going = facts.Going{Unread: []string{"ships.example.com may not be listed"}, Blockers: []facts.Blocker{{
		UID: "boat", Version: "1", Resource: "boats",
		Resident: facts.Resident{Ref: facts.Ref{APIVersion: "example.com/v1", Kind: "Boat", Namespace: "review", Name: "a"}},
		Deletion: facts.Deletion{Since: time.Now(), Finalizers: []string{"example.com/hold"}, Writers: []string{"harbour"}}}}}
}

func strips(s *scene) { s.options.Policy.StripFinalizers = []string{"example.com/Boat"} }

// neverStrips holds that no finalizer was taken off.
func neverStrips(t *testing.T, s *scene, _ result.Result) {
	t.Helper()
	if s.cluster.times("Strip") != 0 {
		t.Error("it took finalizers off")
	}
}

// What keeps a namespace from going is told once while it is waited for, and at the end; a
// teardown takes finalizers off where it was told to, and nothing else does.
func TestWhatKeepsANamespace(t *testing.T) {
	blocked := []string{"Boat/a is being deleted since", "example.com/hold holds it, written by harbour",
		"ships.example.com may not be listed"}
	perform(t, []play{
		{name: "is told", records: none, set: held, verb: verb.Teardown, reason: problem.NamespaceTerminating,
			says: append(blocked, "$ berth teardown --strip-finalizers example.com/Boat"),
			check: func(t *testing.T, s *scene, r result.Result) {
				neverStrips(t, s, r)
				if len(r.Evidence) != 2 || !strings.Contains(r.Evidence[0], "Boat/a") {
					t.Errorf("the evidence is %q", r.Evidence)
				}
				waiting := slices.DeleteFunc(slices.Clone(s.said), func(line string) bool { return !strings.HasPrefix(line, "Still waiting") })
				if len(waiting) != 1 || !strings.Contains(waiting[0], "until namespace review is gone: Boat/a") {
					t.Errorf("while it waits, it says %q", waiting)
				}
			}},
		{name: "is told by a deploy, too, which takes nothing off", records: none, set: all(held, strips), verb: verb.Deploy,
			reason: problem.NamespaceTerminating, says: blocked, check: neverStrips},
		{name: "is told by a check", records: none, set: held, verb: verb.Check, reason: problem.NamespaceTerminating, says: blocked},
		{name: "cannot be read", records: none, verb: verb.Teardown, reason: problem.NamespaceTerminating, says: []string{"Remove what blocks it."},
			set: all(held, strips, func(s *scene) { s.cluster.fail("Going", 1, errDown) }), check: neverStrips},
		{name: "goes when its finalizer is taken off", records: none, set: all(held, strips), verb: verb.Teardown, reason: problem.Consistent,
			check: func(t *testing.T, s *scene, r result.Result) {
				hasNote(t, r, "Finalizers taken off")
				if s.cluster.times("Strip") != 1 || r.Took < 10*time.Second || r.Took > 15*time.Second {
					t.Errorf("%d times, after %s", s.cluster.times("Strip"), r.Took)
				}
			}},
		{name: "and may not be patched", records: none, verb: verb.Teardown, reason: problem.PermissionMissing,
			set: all(held, strips, func(s *scene) {
				s.cluster.fail("Strip", 1, &problem.Problem{Reason: problem.PermissionMissing, Tried: "strip", Next: "Grant patch."})
			})},
		{name: "is of a kind that was not named", records: none, verb: verb.Teardown, reason: problem.NamespaceTerminating,
			set: all(held, func(s *scene) { s.options.Policy.StripFinalizers = []string{"example.com/Ship"} }), check: neverStrips},
		{name: "is somebody's who wants it kept", records: none, verb: verb.Teardown, reason: problem.NamespaceTerminating,
			set: all(held, strips, func(s *scene) { s.cluster.going.Blockers[0].KeepWhy = "it is marked" }), check: neverStrips},
	})
}

// A hook that fails keeps the release, unless a teardown was told to go on without it.
func TestHooksThatFail(t *testing.T) {
	diagnostics := &result.Diagnostics{Symptoms: []result.Symptom{{Reason: "it crashes"}}}
	fails := func(skipped bool) func(*scene) {
		return func(s *scene) {
			s.helm.out.FailedHooks = []result.FailedHook{{Name: "Job/bye", Err: errors.New("no such table"), Diagnostics: diagnostics,
				Skipped: skipped}}
			if !skipped {
				s.helm.out.Err = errors.New("no such table")
			}
		}
	}
	skips := func(s *scene) { s.options.SkipFailedHooks = true }
	perform(t, []play{
		{name: "and is told", records: one, verb: verb.Teardown, reason: problem.Inconsistent, asked: "uninstall", set: fails(false),
			says: []string{"$ berth teardown --skip-failed-hooks"}},
		{name: "and is skipped", records: one, verb: verb.Teardown, reason: problem.Consistent, asked: "uninstall", stored: "-",
			set: all(fails(true), skips), check: func(t *testing.T, s *scene, r result.Result) {
				hasNote(t, r, "Hook failed")
				if !s.helm.how.SkipFailedHooks || r.Diagnostics == nil || len(r.Diagnostics.Symptoms) != 1 {
					t.Errorf("asked %+v, found %+v", s.helm.how, r.Diagnostics)
				}
			}},
		{name: "and is not skipped by a deploy", verb: verb.Deploy, reason: problem.Consistent, asked: "uninstall, install", set: skips,
			records: func() []facts.Record { return []facts.Record{by("before", revision(1, facts.StatusUninstalling))} }, repair: "uninstall",
			check: func(t *testing.T, s *scene, _ result.Result) {
				if s.helm.how.SkipFailedHooks {
					t.Error("it skips hooks")
				}
			}},
	})
}
