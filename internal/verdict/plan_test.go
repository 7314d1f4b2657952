package verdict

import (
	"slices"
	"testing"
)

func TestUnpromotable(t *testing.T) {
	stuck := func() *Facts {
		return ended(inPlace(facts(ours(stored(1, StatusPendingInstall), other))), other, 1, false)
	}
	hook := Hook{Name: "seed", Kind: "Job", Events: []string{"post-install"}}
	withHook := func(f *Facts) { f.Records[0].Hooks = []Hook{hook} }
	job := Object{Ref: Ref{Kind: "Job", Name: "seed"}, Exists: true, Complete: true, Created: now}
	for name, c := range map[string]struct {
		change func(*Facts)
		ok     bool
	}{
		"all in place":                     {func(*Facts) {}, true},
		"not pending":                      {func(f *Facts) { f.Records[0].Payload = StatusFailed }, false},
		"undecodable":                      {func(f *Facts) { f.Records[0].DecodeError = "x" }, false},
		"objects not read":                 {func(f *Facts) { f.Observed = false }, false},
		"an object is missing":             {func(f *Facts) { f.Objects[0].Exists = false }, false},
		"an object is being deleted":       {func(f *Facts) { f.Objects[0].Deleting = true }, false},
		"an object is not owned":           {func(f *Facts) { f.Objects[0].Owned = false }, false},
		"T77 an object was edited":         {func(f *Facts) { f.Objects[0].Drift = "spec.replicas" }, false},
		"an object is not ready":           {func(f *Facts) { f.Objects[0].Ready = false }, false},
		"an object could not be read":      {func(f *Facts) { f.Objects[0].Error = "500" }, false},
		"something was left over":          {func(f *Facts) { f.Dropped = []Object{healthy("old")} }, false},
		"something was kept on purpose":    {func(f *Facts) { o := healthy("old"); o.Kept = true; f.Dropped = []Object{o} }, true},
		"what was dropped is not known":    {func(f *Facts) { f.DroppedUnread = "v1 cannot be decoded" }, false},
		"T22 the hook is unproven":         {withHook, false},
		"F3 the hook's Job is gone":        {func(f *Facts) { withHook(f); f.HookJobs = []Object{{Ref: job.Ref}} }, false},
		"T76 the lock says hooks ran":      {func(f *Facts) { withHook(f); f.Lock.Attempt.HooksProven = true }, true},
		"of another run, it says":          {func(f *Facts) { withHook(f); f.Lock.Attempt = Attempt{Run: "x", Revision: 1, HooksProven: true} }, false},
		"the record says the hook ran":     {func(f *Facts) { withHook(f); f.Records[0].Hooks[0].Succeeded = true }, true},
		"its Job is there and complete":    {func(f *Facts) { withHook(f); f.HookJobs = []Object{job} }, true},
		"its Job is older than the record": {func(f *Facts) { withHook(f); j := job; j.Created = now.AddDate(-1, 0, 0); f.HookJobs = []Object{j} }, false},
		"its Job is still running": {func(f *Facts) {
			withHook(f)
			f.Lock.Attempt.HooksProven = true
			j := job
			j.Complete = false
			f.HookJobs = []Object{j}
		}, false},
		"a hook of another event": {func(f *Facts) { withHook(f); f.Records[0].Hooks[0].Events = []string{"pre-delete"} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			if why := Unpromotable(with(stuck(), c.change)); (len(why) == 0) != c.ok {
				t.Errorf("against it: %q", why)
			}
		})
	}
}

func TestPlanDeploy(t *testing.T) {
	pending := stored(1, StatusPendingInstall)
	own := func() *Facts { return ended(inPlace(facts(ours(pending, other))), other, 1, true) }
	broken := func(f *Facts) { f.Objects[0].Ready = false }
	seed := func(f *Facts) {
		f.Records[0].Hooks = []Hook{{Name: "seed", Kind: "Job", Events: []string{"pre-install"}}}
	}
	for name, c := range map[string]struct {
		facts  *Facts
		policy OnStuck
		steps  []Step
		ending Ending
	}{
		"T01 nothing there":                  {facts(), OnStuckAuto, []Step{StepInstall}, ""},
		"T02 deployed":                       {facts(stored(1, StatusDeployed)), OnStuckAuto, []Step{StepUpgrade}, ""},
		"T05 ours, recording failed":         {own(), OnStuckAuto, []Step{StepPromote, StepUpgrade}, ""},
		"T17 ours, unfinished":               {with(own(), broken), OnStuckAuto, []Step{StepUnlock, StepUpgrade}, ""},
		"T17 ours, install hook unproven":    {with(with(own(), broken), seed), OnStuckAuto, []Step{StepUnlock, StepReplace}, ""},
		"T48b foreign, silent":               {inPlace(facts(pending)), OnStuckAuto, []Step{StepUnlock, StepUpgrade}, ""},
		"foreign, told to promote":           {inPlace(facts(pending)), OnStuckPromote, []Step{StepPromote, StepUpgrade}, ""},
		"unfinished, told to promote":        {with(own(), broken), OnStuckPromote, nil, EndInconsistent},
		"told to unlock":                     {own(), OnStuckUnlock, []Step{StepUnlock, StepUpgrade}, ""},
		"told to touch nothing":              {own(), OnStuckFail, nil, EndInconsistent},
		"T51 failed":                         {facts(stored(1, StatusFailed)), OnStuckAuto, []Step{StepUpgrade}, ""},
		"failed, install hook unproven":      {with(facts(stored(1, StatusFailed)), seed), OnStuckAuto, []Step{StepReplace}, ""},
		"failed, but it was deployed before": {with(facts(stored(1, StatusSuperseded), stored(2, StatusFailed)), func(f *Facts) { f.Records[1].Hooks = []Hook{{Events: []string{"pre-install"}}} }), OnStuckAuto, []Step{StepUpgrade}, ""},
		"T52 uninstalled, history kept":      {facts(stored(12, StatusUninstalled)), OnStuckAuto, []Step{StepReplace}, ""},
		"T70 two deployed":                   {facts(stored(1, StatusDeployed), stored(2, StatusDeployed)), OnStuckAuto, []Step{StepDedupe, StepUpgrade}, ""},
		"uninstalling":                       {facts(stored(1, StatusUninstalling)), OnStuckAuto, nil, EndInconsistent},
		"T58 another branch's":               {with(facts(), func(f *Facts) { f.Namespace.Identity = "theirs" }), OnStuckAuto, nil, EndForeign},
		"T56 namespace Terminating":          {with(facts(), func(f *Facts) { f.Namespace.Phase = NamespaceTerminating }), OnStuckAuto, nil, EndTerminating},
		"live":                               {with(own(), func(f *Facts) { f.Lock = Lock{State: LockHeld, Run: other} }), OnStuckAuto, nil, EndLive},
		"nobody can tell":                    {with(own(), func(f *Facts) { f.Lock.Attempt = Attempt{} }), OnStuckAuto, nil, EndUnknownHolder},
		"T68 corrupt":                        {with(own(), func(f *Facts) { f.Records[0].DecodeError = "x" }), OnStuckAuto, nil, EndUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			p := PlanDeploy(c.facts, Diagnose(c.facts, half), Policy{OnStuck: c.policy, AssumeDeadAfter: half})
			check(t, p, c.steps, c.ending)
		})
	}
}

func TestPlanRepair(t *testing.T) {
	pending := stored(1, StatusPendingInstall)
	for name, c := range map[string]struct {
		facts  *Facts
		policy OnStuck
		steps  []Step
		ending Ending
	}{
		"no release":                 {facts(), OnStuckAuto, nil, EndNotFound},
		"healthy":                    {facts(stored(1, StatusDeployed)), OnStuckAuto, nil, ""},
		"failed":                     {facts(stored(1, StatusFailed)), OnStuckAuto, nil, ""},
		"T49 two deployed":           {facts(stored(1, StatusDeployed), stored(2, StatusDeployed)), OnStuckAuto, []Step{StepDedupe}, ""},
		"T23 ours, recording failed": {ended(inPlace(facts(ours(pending, other))), other, 1, true), OnStuckAuto, []Step{StepPromote}, ""},
		"T25 between the two PUTs":   {ended(inPlace(facts(stored(1, StatusDeployed), ours(stored(2, StatusPendingUpgrade), other))), other, 2, true), OnStuckAuto, []Step{StepPromote, StepDedupe}, ""},
		"foreign, unasked":           {inPlace(facts(pending)), OnStuckAuto, nil, EndInconsistent},
		"foreign, asked":             {inPlace(facts(pending)), OnStuckPromote, []Step{StepPromote}, ""},
		"T22 unfinished":             {with(inPlace(facts(pending)), func(f *Facts) { f.Objects[0].Ready = false }), OnStuckAuto, nil, EndInconsistent},
		"unfinished, told to unlock": {with(inPlace(facts(pending)), func(f *Facts) { f.Objects[0].Ready = false }), OnStuckUnlock, []Step{StepUnlock}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := PlanRepair(c.facts, Diagnose(c.facts, half), Policy{OnStuck: c.policy, AssumeDeadAfter: half})
			check(t, p, c.steps, c.ending)
		})
	}
}

func check(t *testing.T, p Plan, steps []Step, ending Ending) {
	t.Helper()
	if !slices.Equal(p.Steps, steps) {
		t.Errorf("steps %v, want %v (refusal: %v)", p.Steps, steps, p.Refusal)
	}
	switch {
	case ending == "" && p.Refusal != nil:
		t.Errorf("refused with %s: %v", p.Refusal.Ending, p.Refusal)
	case ending != "" && (p.Refusal == nil || p.Refusal.Ending != ending):
		t.Errorf("refusal %v, want %s", p.Refusal, ending)
	case p.Refusal != nil && p.Refusal.Next == "":
		t.Error("the refusal does not say what to do next")
	}
}
