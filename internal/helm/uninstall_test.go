package helm

import (
	"slices"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
	helmtime "helm.sh/helm/v3/pkg/time"
)

func TestSkipFinishedHooks(t *testing.T) {
	began := helmtime.Now()
	hook := func(phase release.HookPhase, at helmtime.Time, events ...release.HookEvent) *release.Hook {
		return &release.Hook{Events: events, LastRun: release.HookExecution{StartedAt: at, Phase: phase}}
	}
	before, after := began.Add(-time.Minute), began.Add(time.Second)
	done := func() *release.Hook {
		return hook(release.HookPhaseSucceeded, after, release.HookPreDelete, release.HookPreInstall)
	}
	for name, c := range map[string]struct {
		status release.Status
		hooks  []*release.Hook
		want   bool
	}{
		"all ran": {release.StatusUninstalling, []*release.Hook{done(), nil, hook("", before, release.HookPostDelete)},
			true},
		"one failed": {release.StatusUninstalling,
			[]*release.Hook{done(), hook(release.HookPhaseFailed, after, release.HookPreDelete)}, false},
		"one was running": {release.StatusUninstalling,
			[]*release.Hook{done(), hook(release.HookPhaseRunning, after, release.HookPreDelete)}, false},
		"it ran for the install": {release.StatusUninstalling,
			[]*release.Hook{hook(release.HookPhaseSucceeded, before, release.HookPreDelete)}, false},
		"no uninstall was begun":       {release.StatusDeployed, []*release.Hook{done()}, false},
		"there is none before deletes": {release.StatusUninstalling, []*release.Hook{hook("", before, release.HookPostDelete)}, false},
	} {
		rel := &release.Release{Info: &release.Info{Status: c.status, Deleted: began}, Hooks: c.hooks}
		if got := skipFinishedHooks(rel); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
		if events := c.hooks[0].Events; slices.Contains(events, release.HookPreDelete) != (!c.want && events[0] == release.HookPreDelete) {
			t.Errorf("%s: the first hook's events are %v", name, events)
		}
	}
}
