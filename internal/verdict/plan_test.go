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

// nothing takes away what is in place.
func nothing(f *Facts) { f.Objects[0].Exists, f.Objects[1].Exists = false, false }

func TestPlanDeploy(t *testing.T) {
	pending := stored(1, StatusPendingInstall)
	own := func() *Facts { return ended(inPlace(facts(ours(pending, other))), other, 1, true) }
	broken := func(f *Facts) { f.Objects[0].Ready = false }
	leftoverHook := func(f *Facts) {
		f.Records[0].Hooks = []Hook{{Name: "seed", Kind: "Job", Events: []string{"pre-upgrade"}}}
		f.HookJobs = []Object{{Ref: Ref{Kind: "Job", Name: "seed"}, Exists: true, Complete: true, Created: now}}
	}
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
		"T17 ours, unfinished":               {with(own(), broken), OnStuckAuto, []Step{StepUnlock, StepUpgrade, StepSweep}, ""},
		"T17 ours, install hook unproven":    {with(with(own(), broken), seed), OnStuckAuto, []Step{StepUnlock, StepReplace, StepSweep}, ""},
		"T48b foreign, silent":               {inPlace(facts(pending)), OnStuckAuto, []Step{StepUnlock, StepUpgrade, StepSweep}, ""},
		"foreign, told to promote":           {inPlace(facts(pending)), OnStuckPromote, []Step{StepPromote, StepUpgrade}, ""},
		"unfinished, told to promote":        {with(own(), broken), OnStuckPromote, nil, EndInconsistent},
		"told to unlock":                     {own(), OnStuckUnlock, []Step{StepUnlock, StepUpgrade, StepSweep}, ""},
		"told to touch nothing":              {own(), OnStuckFail, nil, EndInconsistent},
		"T51 failed":                         {facts(stored(1, StatusFailed)), OnStuckAuto, []Step{StepUpgrade, StepSweep}, ""},
		"failed, install hook unproven":      {with(facts(stored(1, StatusFailed)), seed), OnStuckAuto, []Step{StepReplace, StepSweep}, ""},
		"failed, but it was deployed before": {with(facts(stored(1, StatusSuperseded), stored(2, StatusFailed)), func(f *Facts) { f.Records[1].Hooks = []Hook{{Events: []string{"pre-install"}}} }), OnStuckAuto, []Step{StepUpgrade, StepSweep}, ""},
		"T52 uninstalled, history kept":      {facts(stored(12, StatusUninstalled)), OnStuckAuto, []Step{StepReplace}, ""},
		"T70 two deployed":                   {facts(stored(1, StatusDeployed), stored(2, StatusDeployed)), OnStuckAuto, []Step{StepDedupe, StepUpgrade}, ""},
		"T53 uninstalling":                   {facts(byBerth(stored(1, StatusUninstalling))), OnStuckAuto, []Step{StepUninstall, StepInstall}, ""},
		"uninstalling, to be left alone":     {facts(byBerth(stored(1, StatusUninstalling))), OnStuckFail, nil, EndInconsistent},
		"T18 C5 it made nothing":             {with(own(), nothing), OnStuckAuto, []Step{StepDiscard, StepInstall}, ""},
		"T24 an upgrade's leftovers":         {with(ended(inPlace(facts(stored(1, StatusDeployed), ours(stored(2, StatusPendingUpgrade), other))), other, 2, false), broken), OnStuckAuto, []Step{StepUnlock, StepUpgrade, StepSweep}, ""},
		"T26 B4 killed in a rollback":        {with(ended(inPlace(facts(stored(1, StatusDeployed), ours(stored(2, StatusPendingRollback), other))), other, 2, false), broken), OnStuckAuto, []Step{StepUnlock, StepUpgrade, StepSweep}, ""},
		"R5 told to roll back":               {with(ended(inPlace(facts(stored(1, StatusDeployed), ours(stored(2, StatusPendingUpgrade), other))), other, 2, false), broken), OnStuckRollback, []Step{StepUnlock, StepRollback, StepUpgrade, StepSweep}, ""},
		"R5 nothing to roll back to":         {with(own(), broken), OnStuckRollback, nil, EndInconsistent},
		"R7 told to uninstall":               {with(own(), broken), OnStuckUninstall, []Step{StepUninstall, StepInstall}, ""},
		"T61 F2 a leftover hook":             {with(facts(stored(1, StatusDeployed)), leftoverHook), OnStuckAuto, []Step{StepCleanHooks, StepUpgrade}, ""},
		"T61 one that still runs":            {with(facts(stored(1, StatusDeployed)), func(f *Facts) { leftoverHook(f); f.HookJobs[0].Complete = false }), OnStuckAuto, []Step{StepUpgrade}, ""},
		"T61 one that Helm recreates":        {with(facts(stored(1, StatusDeployed)), func(f *Facts) { leftoverHook(f); f.Records[0].Hooks[0].Recreated = true }), OnStuckAuto, []Step{StepUpgrade}, ""},
		"T61 one older than the release":     {with(facts(stored(1, StatusDeployed)), func(f *Facts) { leftoverHook(f); f.HookJobs[0].Created = now.AddDate(-1, 0, 0) }), OnStuckAuto, []Step{StepUpgrade}, ""},
		"T72 H4 a record that Helm misses":   {with(facts(stored(1, StatusDeployed)), func(f *Facts) { f.Records[0].Hidden = true }), OnStuckAuto, []Step{StepRelabel}, ""},
		"T71 H3 the label is wrong":          {with(facts(stored(1, StatusDeployed)), func(f *Facts) { f.Records[0].Label = StatusFailed }), OnStuckAuto, []Step{StepRelabel}, ""},
		"T71 to be left alone":               {with(facts(stored(1, StatusDeployed)), func(f *Facts) { f.Records[0].Label = StatusFailed }), OnStuckFail, nil, EndInconsistent},
		"a status from the future":           {facts(stored(1, "resting")), OnStuckAuto, nil, EndUnreadable},
		"T58 another branch's":               {with(facts(), func(f *Facts) { f.Namespace.Identity = "theirs" }), OnStuckAuto, nil, EndForeign},
		"T56 namespace Terminating":          {with(facts(), func(f *Facts) { f.Namespace.Phase = NamespaceTerminating }), OnStuckAuto, nil, EndTerminating},
		"live":                               {with(own(), func(f *Facts) { f.Lock = Lock{State: LockHeld, Run: other} }), OnStuckAuto, nil, EndLive},
		"nobody can tell":                    {with(own(), func(f *Facts) { f.Lock.Attempt = Attempt{} }), OnStuckAuto, nil, EndUnknownHolder},
		"T68 G2 corrupt":                     {with(own(), corrupt), OnStuckAuto, []Step{StepQuarantine}, ""},
		"T68 to be left alone":               {with(own(), corrupt), OnStuckFail, nil, EndUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			p := PlanDeploy(c.facts, Diagnose(c.facts, usual), onStuck(c.policy))
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
		"no release":                    {facts(), OnStuckAuto, nil, EndNotFound},
		"healthy":                       {facts(stored(1, StatusDeployed)), OnStuckAuto, nil, ""},
		"failed":                        {facts(stored(1, StatusFailed)), OnStuckAuto, nil, ""},
		"T49 two deployed":              {facts(stored(1, StatusDeployed), stored(2, StatusDeployed)), OnStuckAuto, []Step{StepDedupe}, ""},
		"T23 ours, recording failed":    {ended(inPlace(facts(ours(pending, other))), other, 1, true), OnStuckAuto, []Step{StepPromote}, ""},
		"T25 between the two PUTs":      {ended(inPlace(facts(stored(1, StatusDeployed), ours(stored(2, StatusPendingUpgrade), other))), other, 2, true), OnStuckAuto, []Step{StepPromote, StepDedupe}, ""},
		"foreign, unasked":              {inPlace(facts(pending)), OnStuckAuto, nil, EndInconsistent},
		"foreign, asked":                {inPlace(facts(pending)), OnStuckPromote, []Step{StepPromote}, ""},
		"T22 unfinished":                {with(inPlace(facts(pending)), func(f *Facts) { f.Objects[0].Ready = false }), OnStuckAuto, nil, EndInconsistent},
		"T26 R3 an unfinished rollback": {with(inPlace(facts(stored(1, StatusDeployed), stored(2, StatusPendingRollback))), func(f *Facts) { f.Objects[0].Ready = false }), OnStuckRollback, []Step{StepUnlock, StepRollback}, ""},
		"R6 it made nothing":            {with(inPlace(facts(pending)), nothing), OnStuckAuto, []Step{StepDiscard}, ""},
		"R7 told to uninstall":          {inPlace(facts(pending)), OnStuckUninstall, []Step{StepUninstall}, ""},
		"uninstalling":                  {facts(byBerth(stored(1, StatusUninstalling))), OnStuckAuto, nil, EndInconsistent},
		"T68 G2 corrupt":                {with(facts(pending), corrupt), OnStuckAuto, []Step{StepQuarantine}, ""},
		"T72 hidden from Helm":          {with(facts(stored(1, StatusDeployed)), func(f *Facts) { f.Records[0].Hidden = true }), OnStuckAuto, []Step{StepRelabel}, ""},
		"unfinished, told to unlock":    {with(inPlace(facts(pending)), func(f *Facts) { f.Objects[0].Ready = false }), OnStuckUnlock, []Step{StepUnlock}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := PlanRepair(c.facts, Diagnose(c.facts, usual), onStuck(c.policy))
			check(t, p, c.steps, c.ending)
		})
	}
}

func onStuck(o OnStuck) Policy {
	p := usual
	p.OnStuck = o
	return p
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

func TestRollbackTarget(t *testing.T) {
	for name, c := range map[string]struct {
		facts *Facts
		want  int
	}{
		"the deployed one":                   {facts(stored(1, StatusSuperseded), stored(2, StatusDeployed), stored(3, StatusPendingUpgrade)), 2},
		"T25 none says deployed":             {facts(stored(1, StatusSuperseded), stored(2, StatusSuperseded), stored(3, StatusPendingUpgrade)), 2},
		"failed ones are no good":            {facts(stored(1, StatusSuperseded), stored(2, StatusFailed), stored(3, StatusPendingUpgrade)), 1},
		"R3 what a rollback was to apply":    {facts(stored(1, StatusDeployed), stored(2, StatusPendingRollback)), 2},
		"one that cannot be decoded is none": {with(facts(stored(1, StatusDeployed), stored(2, StatusPendingUpgrade)), func(f *Facts) { f.Records[0].DecodeError = "x" }), 0},
		"nothing good":                       {facts(stored(1, StatusPendingInstall)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rollbackTarget(c.facts); got != c.want {
				t.Errorf("revision %d, want %d", got, c.want)
			}
		})
	}
}

func TestLeftovers(t *testing.T) {
	gone, theirs, kept, going := healthy("gone"), healthy("theirs"), healthy("kept"), healthy("going")
	gone.Exists, theirs.Owned, kept.Kept, going.Deleting = false, false, true, true
	web := healthy("web")
	web.APIVersion = "apps/v1beta1"
	dead := []Object{healthy("old"), healthy("old"), web, gone, theirs, kept, going}
	got := Leftovers(dead, []Object{healthy("web"), healthy("db")})
	if len(got) != 1 || got[0].Name != "old" {
		t.Errorf("left over are %v", got)
	}
}

func TestDeadRevisions(t *testing.T) {
	f := facts(stored(1, StatusFailed), stored(2, StatusSuperseded), stored(3, StatusFailed), stored(4, StatusPendingUpgrade))
	dead := DeadRevisions(f)
	if len(dead) != 2 || dead[0].Revision != 4 || dead[1].Revision != 3 {
		t.Errorf("dead are %v", dead)
	}
	f.Lock.State = LockExpired
	if dead = DeadRevisions(f); len(dead) != 3 || dead[2].Revision != 1 {
		t.Errorf("T75: after a run that may not have swept, dead are %v", dead)
	}
}
