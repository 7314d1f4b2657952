package verdict

import (
	"slices"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// What counts is the policy of the hook that is about to be created.
func TestBlockedBy(t *testing.T) {
	hook := func(event string, recreated bool) facts.Hook {
		return facts.Hook{Events: []string{event}, Recreated: recreated}
	}
	for name, c := range map[string]struct {
		hook facts.Hook
		next StepKind
		want bool
	}{
		"an install's, at an install":             {hook("pre-install", false), StepInstall, true},
		"an install's, at one over a failed one":  {hook("post-install", false), StepReplace, true},
		"an install's, at an upgrade":             {hook("pre-install", false), StepUpgrade, false},
		"an upgrade's":                            {hook("post-upgrade", false), StepUpgrade, true},
		"an upgrade's, deleted before by Helm":    {hook("post-upgrade", true), StepUpgrade, false},
		"a rollback's":                            {hook("pre-rollback", false), StepRollback, true},
		"a rollback's, at an upgrade":             {hook("pre-rollback", false), StepUpgrade, false},
		"one that runs when the release is gone":  {hook("post-delete", false), StepUpgrade, false},
		"one of the tests, which nobody runs now": {hook("test", false), StepInstall, false},
	} {
		if got := len(BlockedBy([]facts.Hook{c.hook}, c.next)) == 1; got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestLeftoverHooks(t *testing.T) {
	seed := facts.Hook{Name: "seed", Kind: "Job", Events: []string{"pre-upgrade"}}
	done := facts.Object{Ref: facts.Ref{Kind: "Job", Namespace: "review-1", Name: "seed"}, Exists: true, Complete: true, Created: now,
		IsHook: true}
	made := func(kind string) func(*facts.Object) {
		return func(o *facts.Object) { o.Kind, o.HookOf, o.Complete = kind, ownHooks, false }
	}
	for name, c := range map[string]struct {
		edit      func(*facts.Object)
		facts     func(*facts.Facts)
		temporary bool // its delete policy has hook-succeeded
		since     bool // and had not when the object was made
		failed    bool // a later revision, which has failed, has the hook with that policy
		elsewhere bool // the hook of the record makes its object in another namespace
		want      bool
	}{
		"F2 marked as the release's": {edit: func(o *facts.Object) { o.HookOf = ownHooks }, want: true},
		"marked, and no record is left": {edit: func(o *facts.Object) { o.HookOf = ownHooks },
			facts: func(f *facts.Facts) { f.Records = nil }, want: true},
		"marked, and the last record has no such hook": {edit: func(o *facts.Object) { o.HookOf = ownHooks },
			facts: func(f *facts.Facts) { f.Records[0].Hooks = nil }, want: true},
		"marked as another's":                            {edit: func(o *facts.Object) { o.HookOf = "review-1/db" }},
		"another release's by Helm's own mark":           {edit: func(o *facts.Object) { o.HookOf, o.Owner = ownHooks, "review-1/db" }},
		"unmarked, as Helm made it":                      {want: true},
		"unmarked, and no record is left":                {facts: func(f *facts.Facts) { f.Records = nil }},
		"unmarked, and the last record has no such hook": {facts: func(f *facts.Facts) { f.Records[0].Hooks = nil }},
		"unmarked, and older than the release":           {edit: func(o *facts.Object) { o.Created = now.AddDate(-1, 0, 0) }},
		"unmarked, and no hook made it":                  {edit: func(o *facts.Object) { o.IsHook = false }},
		"one that still runs":                            {edit: func(o *facts.Object) { o.HookOf, o.Complete = ownHooks, false }},
		"one that is being deleted":                      {edit: func(o *facts.Object) { o.HookOf, o.Deleting = ownHooks, true }},
		"one to be kept, as its policy says":             {edit: func(o *facts.Object) { o.HookOf, o.Kept = ownHooks, true }},
		"one to be kept, as a mark says":                 {edit: func(o *facts.Object) { o.HookOf, o.KeepWhy = ownHooks, "marked" }},
		"a claim, which holds data":                      {edit: made("PersistentVolumeClaim")},
		"a Secret, which may be generated":               {edit: made("Secret")},
		"a Deployment that a hook leaves running":        {edit: made("Deployment")},
		"one that Helm would have deleted at its end":    {edit: made("ConfigMap"), temporary: true, want: true},
		"one that Helm would delete from now on":         {edit: made("Secret"), temporary: true, since: true},
		"one that a later revision has failed on":        {edit: made("Secret"), temporary: true, since: true, failed: true},
		"one of that name in another namespace":          {edit: made("Secret"), temporary: true, elsewhere: true},
		"a namespace that Helm would have deleted":       {edit: made("Namespace"), temporary: true},
		"one that is not there":                          {edit: func(o *facts.Object) { *o = facts.Object{Ref: o.Ref} }},
	} {
		f, o := given(stored(1, facts.StatusDeployed)), done
		if c.edit != nil {
			c.edit(&o)
		}
		hook := seed
		hook.Kind, hook.Temporary = o.Kind, c.temporary
		was := hook
		if was.Temporary = c.temporary && !c.since; c.elsewhere {
			was.Namespace = "other"
		}
		f.Records[0].Hooks = []facts.Hook{was}
		if c.failed {
			later := stored(2, facts.StatusFailed)
			later.Created, later.Hooks = o.Created.Add(time.Minute), []facts.Hook{hook}
			f.Records = append(f.Records, later)
		}
		if c.facts != nil {
			c.facts(f)
		}
		if got := len(LeftoverHooks(f, []facts.HookObject{{Hook: hook, Object: o}})) == 1; got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestMakesWorkload(t *testing.T) {
	for name, c := range map[string]struct {
		hook facts.Hook
		want bool
	}{
		"a Deployment before an install": {facts.Hook{Kind: "Deployment", Events: []string{"pre-install"}}, true},
		"a StatefulSet after an upgrade": {facts.Hook{Kind: "StatefulSet", Events: []string{"post-upgrade"}, Recreated: true}, true},
		"one that goes once it is made":  {facts.Hook{Kind: "Deployment", Events: []string{"pre-install"}, Temporary: true}, false},
		"a Job":                          {facts.Hook{Kind: "Job", Events: []string{"pre-install"}}, false},
		"one of the uninstall":           {facts.Hook{Kind: "Deployment", Events: []string{"pre-delete"}}, false},
		"one of the tests":               {facts.Hook{Kind: "Deployment", Events: []string{"test"}}, false},
	} {
		if got := MakesWorkload(c.hook); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestCheckOfWhatHooksMade(t *testing.T) {
	ran, before := true, false // whether the hook ran in the last revision, or in an earlier one
	unready := func(o *facts.Object) { o.Ready, o.Reason = false, "0 of 1 pods" }
	gone := func(o *facts.Object) { *o = facts.Object{Ref: o.Ref} }
	for name, c := range map[string]struct {
		ran    bool
		edit   func(*facts.Object)
		finds  string // what the check finds; "": nothing
		absent bool   // there is no such check
	}{
		"ready":                      {ran, nil, "", false},
		"not ready":                  {ran, unready, "is not ready: 0 of 1 pods", false},
		"not ready, and need not be": {ran, func(o *facts.Object) { o.Ready, o.Ignored = false, true }, "", false},
		"being deleted":              {ran, func(o *facts.Object) { o.Deleting = true }, "is being deleted", false},
		"gone":                       {ran, gone, "does not exist, though a hook of this revision made it", false},
		"another's by now": {ran, func(o *facts.Object) { o.HookOf = "review-1/db" }, "belongs to release review-1/db",
			false},
		"unmarked, of this revision":      {ran, func(o *facts.Object) { o.HookOf = ""; unready(o) }, "is not ready: 0 of 1 pods", false},
		"unmarked, and older":             {ran, func(o *facts.Object) { o.HookOf, o.Created = "", now.AddDate(-1, 0, 0) }, "", true},
		"of an earlier revision":          {before, unready, "is not ready: 0 of 1 pods", false},
		"of an earlier revision, gone":    {before, gone, "", true},
		"of an earlier, another's by now": {before, func(o *facts.Object) { o.HookOf = "review-1/db" }, "", true},
	} {
		f := inPlace(given(stored(1, facts.StatusDeployed)))
		o := facts.Object{Ref: facts.Ref{Kind: "Deployment", Namespace: "review-1", Name: "cache"}, Exists: true, Ready: true, HookOf: ownHooks,
			Created: now.Add(-time.Minute)}
		if c.edit != nil {
			c.edit(&o)
		}
		f.Workloads = []facts.HookObject{{Hook: facts.Hook{Succeeded: c.ran}, Object: o}}
		checks := Checks(f, Reported{}, usual)
		i := slices.IndexFunc(checks, func(one result.Check) bool { return one.Name == checkNameHooks })
		if (i < 0) != c.absent {
			t.Errorf("%s: checks %+v", name, checks)
			continue
		}
		if i < 0 {
			continue
		}
		var want []string
		if c.finds != "" {
			want = []string{"Deployment/cache: " + c.finds}
		}
		if got := checks[i]; !slices.Equal(got.Findings, want) || got.OK != (c.finds == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Nothing has waited for what hooks made, so that it is given the rest of the timeout.
func TestAwaitsWhatHooksMade(t *testing.T) {
	f := inPlace(given(stored(1, facts.StatusDeployed)))
	o := facts.Object{Ref: facts.Ref{Kind: "Deployment", Namespace: "review-1", Name: "cache"}, Exists: true, HookOf: ownHooks, Created: now}
	awaits := func() bool {
		f.Workloads = []facts.HookObject{{Hook: facts.Hook{Succeeded: true}, Object: o}}
		return AwaitsControllers(f, Checks(f, Reported{}, usual))
	}
	if !awaits() {
		t.Error("what a hook made is not awaited")
	}
	if o.Failed = true; awaits() {
		t.Error("what has failed is awaited")
	}
	if o = (facts.Object{Ref: o.Ref}); awaits() {
		t.Error("what is not there is awaited")
	}
}
