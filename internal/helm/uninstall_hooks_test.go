package helm

import (
	"errors"
	"slices"
	"testing"

	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// Of a hook that may not be looked at, or about which nobody answers, it is not known whether it has failed: it may
// be at work, and is not skipped.
func TestUninstallWithHooksOfWhichNothingIsKnown(t *testing.T) {
	for _, reason := range []problem.ExitReason{problem.PermissionMissing, problem.Unanswered} {
		s := newSDK(t)
		s.exists(webMap, ours)
		s.hookFails = &problem.Problem{Reason: reason, Tried: "wait for the hook to end"}
		s.store(1, release.StatusDeployed, webMap, &release.Hook{Name: "seed", Kind: "Job", Manifest: hookFor("pre-delete"),
			Events: []release.HookEvent{release.HookPreDelete}})
		o, op := s.operations()
		out := o.uninstall(op, offered(), facts.Uninstall{SkipFailedHooks: true})
		if len(out.FailedHooks) > 0 || !errors.Is(out.Err, s.hookFails) || slices.Contains(s.calls, "DELETE web") {
			t.Errorf("%s: it ended with %v and %+v: %q", reason, out.Err, out.FailedHooks, s.calls)
		}
	}
}

// A hook that fails ends an uninstall, which has deleted nothing then, or is skipped. What it has
// made stays, although Helm takes it for one that succeeded.
func TestUninstallWithHooksThatFail(t *testing.T) {
	for name, skip := range map[string]bool{"they end it": false, "they are skipped": true} {
		t.Run(name, func(t *testing.T) {
			s := newSDK(t)
			s.exists(webMap, ours)
			s.hookFails = errors.New("no such table")
			s.store(1, release.StatusDeployed, webMap, &release.Hook{Name: "seed", Kind: "Job", Manifest: hookFor("pre-delete"),
				Events:         []release.HookEvent{release.HookPreDelete},
				DeletePolicies: []release.HookDeletePolicy{release.HookBeforeHookCreation, release.HookSucceeded}})
			o, op := s.operations()
			var deleted []facts.Object
			out := o.uninstall(op, offered(), facts.Uninstall{Pods: true, SkipFailedHooks: skip,
				Deleted: func(all []facts.Object) { deleted = all }})
			if len(out.FailedHooks) != 1 || out.FailedHooks[0].Name != "Job/seed" || out.FailedHooks[0].Skipped != skip ||
				!errors.Is(out.FailedHooks[0].Err, s.hookFails) {
				t.Errorf("the hooks that failed: %+v", out.FailedHooks)
			}
			if (out.Err == nil) != skip || slices.Contains(s.calls, "DELETE web") != skip || (len(deleted) == 1) != skip {
				t.Errorf("it ended with %v, deleted %v: %q", out.Err, deleted, s.calls)
			}
			if skip && (deleted[0].Name != "web" || deleted[0].UID == "") {
				t.Errorf("it deleted %+v", deleted)
			}
			if want := map[bool]release.Status{false: release.StatusUninstalling, true: release.StatusUninstalled}[skip]; s.status(1) != want {
				t.Errorf("it is stored as %s", s.status(1))
			}
		})
	}
}
