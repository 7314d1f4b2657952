package helm

import (
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// Where many are taken down, a hook that would be made outside of the release's namespace ends the uninstall
// before anything is written or run, and where one alone is, it is run as Helm does.
func TestUninstallWithHooksElsewhere(t *testing.T) {
	const job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: seed, namespace: NS, annotations: {helm.sh/hook: pre-delete}}\n"
	const role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: seed, annotations: {helm.sh/hook: post-delete}}\n"
	here, there := strings.ReplaceAll(job, "NS", "review"), strings.ReplaceAll(job, "NS", "sweeper")
	for name, c := range map[string]struct {
		manifest string
		event    release.HookEvent
		within   bool
		refused  string
	}{
		"in its own":                  {here, release.HookPreDelete, true, ""},
		"in another one":              {there, release.HookPreDelete, true, "the hook Job/seed is in namespace sweeper"},
		"in none":                     {role, release.HookPostDelete, true, "the hook ClusterRole/seed is in no namespace"},
		"one of two in another one":   {here + "---\n" + there, release.HookPreDelete, true, "is in namespace sweeper"},
		"in another one, not to run":  {there, release.HookPreUpgrade, true, ""},
		"in another one, of one only": {there, release.HookPreDelete, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSDK(t)
			s.exists(webMap, ours)
			s.store(1, release.StatusDeployed, webMap, &release.Hook{Name: "seed", Kind: "Job", Manifest: c.manifest,
				Events: []release.HookEvent{c.event}})
			o, op := s.operations()
			out := o.uninstall(op, offered(), facts.Uninstall{HooksWithin: c.within})
			if c.refused == "" {
				if out.Err != nil {
					t.Fatal(out.Err)
				}
				return
			}
			p := problem.Of(out.Err)
			if p.Reason != problem.Foreign || !strings.Contains(p.Cause.Error(), c.refused) {
				t.Errorf("it ended with %+v", p)
			}
			wrote := func(call string) bool { return !strings.HasPrefix(call, "build") && !strings.HasPrefix(call, "GET") }
			if slices.ContainsFunc(s.calls, wrote) || s.status(1) != release.StatusDeployed {
				t.Errorf("it is %s after %q", s.status(1), s.calls)
			}
		})
	}
}

// Where many are repaired, a revision of which something would be made outside of the release's namespace is not
// rolled back to, and nothing is written or run.
func TestRollbackWithObjectsElsewhere(t *testing.T) {
	const hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: seed, namespace: sweeper, annotations: {helm.sh/hook: EVENT}}\n"
	const role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: seed}\n"
	for name, c := range map[string]struct {
		objects string
		event   release.HookEvent
		within  bool
		refused string
	}{
		"in its own":                     {webMap, release.HookPostDelete, true, ""},
		"a hook in another one":          {webMap, release.HookPreRollback, true, "the hook Job/seed is in namespace sweeper"},
		"an object in none":              {webMap + role, release.HookPostDelete, true, "the object ClusterRole/seed is in no namespace"},
		"a hook in another one, of one":  {webMap, release.HookPreRollback, false, ""},
		"an object in none, of one only": {webMap + role, release.HookPostDelete, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSDK(t)
			s.exists(webMap, ours)
			s.store(1, release.StatusSuperseded, c.objects, &release.Hook{Name: "seed", Kind: "Job",
				Manifest: strings.ReplaceAll(hook, "EVENT", string(c.event)), Events: []release.HookEvent{c.event}})
			s.store(2, release.StatusPendingUpgrade, webMap)
			o, op := s.operations()
			out := o.rollback(op, facts.Rollback{To: 1, Within: c.within})
			if c.refused == "" {
				if p := problem.Of(out.Err); p != nil && p.Reason == problem.Foreign {
					t.Fatal(out.Err)
				}
				return
			}
			p := problem.Of(out.Err)
			if p.Reason != problem.Foreign || !strings.Contains(p.Cause.Error(), c.refused) {
				t.Errorf("it ended with %+v", p)
			}
			wrote := func(call string) bool { return !strings.HasPrefix(call, "build") && !strings.HasPrefix(call, "GET") }
			if slices.ContainsFunc(s.calls, wrote) || s.status(2) != release.StatusPendingUpgrade {
				t.Errorf("it is %s after %q", s.status(2), s.calls)
			}
		})
	}
}

// Helm reads the revision anew after it was looked at, and somebody may have written to it since.
func TestRollbackToWhatWasWrittenSince(t *testing.T) {
	const role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: seed}\n"
	s := newSDK(t)
	for within, want := range map[bool]bool{true: true, false: false} {
		c := &rollbackClient{client: s.client, current: webMap, within: within}
		if _, err := c.Build(strings.NewReader(webMap+role), false); (err != nil) != want {
			t.Errorf("within %t: %v", within, err)
		}
		if _, err := c.Build(strings.NewReader(webMap), false); err != nil {
			t.Errorf("what is there: %v", err)
		}
	}
}
