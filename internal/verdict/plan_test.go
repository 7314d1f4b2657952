package verdict

import (
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

func TestPromotionBlockers(t *testing.T) {
	stuck := func() *facts.Facts {
		return ended(inPlace(given(ours(stored(1, facts.StatusPendingInstall), other))), other, 1, false)
	}
	hook := facts.Hook{Name: "seed", Kind: "Job", Events: []string{"post-install"}}
	withHook := func(f *facts.Facts) { f.Records[0].Hooks = []facts.Hook{hook} }
	job := facts.Object{Ref: facts.Ref{Kind: "Job", Name: "seed"}, Exists: true, Complete: true, IsHook: true, Created: now}
	for name, c := range map[string]struct {
		change func(*facts.Facts)
		ok     bool
	}{
		"all in place":                  {func(*facts.Facts) {}, true},
		"not pending":                   {func(f *facts.Facts) { f.Records[0].PayloadStatus = facts.StatusFailed }, false},
		"undecodable":                   {func(f *facts.Facts) { f.Records[0].DecodeError = "x" }, false},
		"objects not read":              {func(f *facts.Facts) { f.Observed = false }, false},
		"an object is missing":          {func(f *facts.Facts) { f.Objects[0].Exists = false }, false},
		"an object is being deleted":    {func(f *facts.Facts) { f.Objects[0].Deleting = true }, false},
		"an object is not owned":        {func(f *facts.Facts) { f.Objects[0].Owned = false }, false},
		"T77 an object was edited":      {func(f *facts.Facts) { f.Objects[0].Differences = []facts.Difference{{Path: "spec.replicas"}} }, false},
		"an object is not ready":        {func(f *facts.Facts) { f.Objects[0].Ready = false }, false},
		"an object could not be read":   {func(f *facts.Facts) { f.Objects[0].Error = "500" }, false},
		"something was left over":       {func(f *facts.Facts) { f.Dropped = []facts.Object{healthy("old")} }, false},
		"something was kept on purpose": {func(f *facts.Facts) { o := healthy("old"); o.Kept = true; f.Dropped = []facts.Object{o} }, true},
		"what was dropped is not known": {func(f *facts.Facts) { f.DroppedUnread = "v1 cannot be decoded" }, false},
		"T22 the hook is unproven":      {withHook, false},
		"F3 the hook's Job is gone":     {func(f *facts.Facts) { withHook(f); f.HookJobs = []facts.Object{{Ref: job.Ref}} }, false},
		"T76 the lock says hooks ran":   {func(f *facts.Facts) { withHook(f); f.Lock.Attempt.HooksProven = true }, true},
		"of another run, it says": {func(f *facts.Facts) {
			withHook(f)
			f.Lock.Attempt = facts.Attempt{Run: "x", Revision: 1, HooksProven: true}
		}, false},
		"the record says the hook ran":  {func(f *facts.Facts) { withHook(f); f.Records[0].Hooks[0].Succeeded = true }, true},
		"its Job is there and complete": {func(f *facts.Facts) { withHook(f); f.HookJobs = []facts.Object{job} }, true},
		"a Job of its name is complete": {func(f *facts.Facts) {
			withHook(f)
			j := job
			j.IsHook = false
			f.HookJobs = []facts.Object{j}
		}, false},
		"another release's Job is complete": {func(f *facts.Facts) {
			withHook(f)
			j := job
			j.HookOf = "other/web"
			f.HookJobs = []facts.Object{j}
		}, false},
		"its Job is older than the record": {func(f *facts.Facts) {
			withHook(f)
			j := job
			j.Created = now.AddDate(-1, 0, 0)
			f.HookJobs = []facts.Object{j}
		}, false},
		"its Job is still running": {func(f *facts.Facts) {
			withHook(f)
			f.Lock.Attempt.HooksProven = true
			j := job
			j.Complete = false
			f.HookJobs = []facts.Object{j}
		}, false},
		"a hook of another event": {func(f *facts.Facts) { withHook(f); f.Records[0].Hooks[0].Events = []string{"pre-delete"} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			if why := promotionBlockers(with(stuck(), c.change), usual); (len(why) == 0) != c.ok {
				t.Errorf("against it: %q", why)
			}
		})
	}
}

// nothing takes away what is in place.
func nothing(f *facts.Facts) { f.Objects[0].Exists, f.Objects[1].Exists = false, false }

func TestPlanDeploy(t *testing.T) {
	pending := stored(1, facts.StatusPendingInstall)
	own := func() *facts.Facts { return ended(inPlace(given(ours(pending, other))), other, 1, true) }
	broken := func(f *facts.Facts) { f.Objects[0].Ready = false }
	seed := func(f *facts.Facts) {
		f.Records[0].Hooks = []facts.Hook{{Name: "seed", Kind: "Job", Events: []string{"pre-install"}}}
	}
	for name, c := range map[string]struct {
		facts  *facts.Facts
		policy OnStuck
		steps  []StepKind
		ending problem.ExitReason
	}{
		"T01 nothing there":               {given(), OnStuckAuto, []StepKind{StepInstall}, ""},
		"T02 deployed":                    {given(stored(1, facts.StatusDeployed)), OnStuckAuto, []StepKind{StepUpgrade}, ""},
		"T05 ours, recording failed":      {own(), OnStuckAuto, []StepKind{StepPromote, StepUpgrade}, ""},
		"T17 ours, unfinished":            {with(own(), broken), OnStuckAuto, []StepKind{StepUnlock, StepUpgrade, StepSweep}, ""},
		"T17 ours, install hook unproven": {with(with(own(), broken), seed), OnStuckAuto, []StepKind{StepUnlock, StepReplace, StepSweep}, ""},
		"T48b foreign, silent":            {inPlace(given(pending)), OnStuckAuto, []StepKind{StepUnlock, StepUpgrade, StepSweep}, ""},
		"foreign, told to promote":        {inPlace(given(pending)), OnStuckPromote, []StepKind{StepPromote, StepUpgrade}, ""},
		"unfinished, told to promote":     {with(own(), broken), OnStuckPromote, nil, problem.Inconsistent},
		"told to unlock":                  {own(), OnStuckUnlock, []StepKind{StepUnlock, StepUpgrade, StepSweep}, ""},
		"told to touch nothing":           {own(), OnStuckFail, nil, problem.Inconsistent},
		"T51 failed":                      {given(stored(1, facts.StatusFailed)), OnStuckAuto, []StepKind{StepUpgrade, StepSweep}, ""},
		"failed, install hook unproven": {with(given(stored(1, facts.StatusFailed)), seed), OnStuckAuto, []StepKind{StepReplace, StepSweep},
			""},
		"failed, but it was deployed before": {with(given(stored(1, facts.StatusSuperseded), stored(2, facts.StatusFailed)),
			func(f *facts.Facts) { f.Records[1].Hooks = []facts.Hook{{Events: []string{"pre-install"}}} }), OnStuckAuto, []StepKind{StepUpgrade,
			StepSweep}, ""},
		"T52 uninstalled, history kept": {given(stored(12, facts.StatusUninstalled)), OnStuckAuto, []StepKind{StepReplace}, ""},
		"deployed under an uninstalled one": {given(stored(1, facts.StatusDeployed), stored(2, facts.StatusUninstalled)), OnStuckAuto,
			[]StepKind{StepDedupe, StepReplace, StepSweep}, ""},
		"two deployed under a failed one": {given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed), stored(3, facts.StatusFailed)),
			OnStuckAuto, []StepKind{StepDedupe, StepUpgrade, StepSweep}, ""},
		"two deployed under a dead one": {with(ended(inPlace(given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed),
			ours(stored(3, facts.StatusPendingUpgrade), other))), other, 3, true), func(f *facts.Facts) { f.Objects[0].Ready = false }),
			OnStuckAuto, []StepKind{StepUnlock, StepDedupe, StepUpgrade, StepSweep}, ""},
		"T70 two deployed": {given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed)), OnStuckAuto,
			[]StepKind{StepDedupe, StepUpgrade}, ""},
		"T53 uninstalling": {given(byBerth(stored(1, facts.StatusUninstalling))), OnStuckAuto,
			[]StepKind{StepUninstall, StepInstall}, ""},
		"uninstalling, to be left alone": {given(byBerth(stored(1, facts.StatusUninstalling))), OnStuckFail, nil, problem.Inconsistent},
		"T18 C5 it made nothing":         {with(own(), nothing), OnStuckAuto, []StepKind{StepDiscard, StepInstall}, ""},
		"T24 an upgrade's leftovers": {with(ended(inPlace(given(stored(1, facts.StatusDeployed),
			ours(stored(2, facts.StatusPendingUpgrade),
				other))), other, 2, false), broken), OnStuckAuto, []StepKind{StepUnlock, StepUpgrade, StepSweep}, ""},
		"T26 B4 killed in a rollback": {with(ended(inPlace(given(stored(1, facts.StatusDeployed),
			ours(stored(2, facts.StatusPendingRollback),
				other))), other, 2, false), broken), OnStuckAuto, []StepKind{StepUnlock, StepUpgrade, StepSweep}, ""},
		"R5 told to roll back": {with(ended(inPlace(given(stored(1, facts.StatusDeployed),
			ours(stored(2, facts.StatusPendingUpgrade),
				other))), other, 2, false), broken), OnStuckRollback, []StepKind{StepUnlock, StepRollback, StepUpgrade, StepSweep}, ""},
		"R5 nothing to roll back to": {with(own(), broken), OnStuckRollback, nil, problem.Inconsistent},
		"R7 told to uninstall":       {with(own(), broken), OnStuckUninstall, []StepKind{StepUninstall, StepInstall}, ""},
		"T72 H4 a record that Helm misses": {with(given(stored(1, facts.StatusDeployed)), func(f *facts.Facts) { f.Records[0].Hidden = true }),
			OnStuckAuto, []StepKind{StepRelabel}, ""},
		"T71 H3 the label is wrong": {with(given(stored(1, facts.StatusDeployed)),
			func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusFailed }), OnStuckAuto, []StepKind{StepRelabel}, ""},
		"T71 to be left alone": {with(given(stored(1, facts.StatusDeployed)),
			func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusFailed }), OnStuckFail, nil, problem.Inconsistent},
		"a status from the future": {given(stored(1, "resting")), OnStuckAuto, nil, problem.RecordUnreadable},
		"T58 another branch's": {with(given(), func(f *facts.Facts) { f.Namespace.Identity = "theirs" }), OnStuckAuto, nil,
			problem.Foreign},
		"T56 namespace Terminating": {with(given(), func(f *facts.Facts) { f.Namespace.Phase = facts.NamespaceTerminating }),
			OnStuckAuto, nil, problem.NamespaceTerminating},
		"live": {with(own(), func(f *facts.Facts) { f.Lock = facts.Lock{State: facts.LockHeld, Run: other} }),
			OnStuckAuto, nil, problem.LiveOperation},
		"nobody can tell": {with(own(), func(f *facts.Facts) { f.Lock.Attempt = facts.Attempt{} }), OnStuckAuto, nil,
			problem.LivenessUnknown},
		"T68 G2 corrupt":       {with(own(), corrupt), OnStuckAuto, []StepKind{StepQuarantine}, ""},
		"T68 to be left alone": {with(own(), corrupt), OnStuckFail, nil, problem.RecordUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			p := PlanDeploy(c.facts, Diagnose(c.facts, usual), onStuck(c.policy))
			check(t, p, c.steps, c.ending)
		})
	}
}

func TestPlanRepair(t *testing.T) {
	pending := stored(1, facts.StatusPendingInstall)
	for name, c := range map[string]struct {
		facts  *facts.Facts
		policy OnStuck
		steps  []StepKind
		ending problem.ExitReason
	}{
		"no release": {given(), OnStuckAuto, nil, problem.NotFound},
		"healthy":    {given(stored(1, facts.StatusDeployed)), OnStuckAuto, nil, ""},
		"failed":     {given(stored(1, facts.StatusFailed)), OnStuckAuto, nil, ""},
		"deployed under an uninstalled one": {given(stored(1, facts.StatusDeployed), stored(2, facts.StatusUninstalled)), OnStuckAuto,
			[]StepKind{StepDedupe}, ""},
		"none deployed":        {given(stored(1, facts.StatusSuperseded)), OnStuckAuto, nil, problem.Inconsistent},
		"none deployed, asked": {given(stored(1, facts.StatusSuperseded)), OnStuckRollback, []StepKind{StepRollback}, ""},
		"T49 two deployed": {given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed)), OnStuckAuto,
			[]StepKind{StepDedupe}, ""},
		"T23 ours, recording failed": {ended(inPlace(given(ours(pending, other))), other, 1, true), OnStuckAuto, []StepKind{StepPromote}, ""},
		"T25 between the two PUTs": {ended(inPlace(given(stored(1, facts.StatusDeployed),
			ours(stored(2, facts.StatusPendingUpgrade), other))), other, 2, true), OnStuckAuto, []StepKind{StepPromote, StepDedupe}, ""},
		"foreign, unasked": {inPlace(given(pending)), OnStuckAuto, nil, problem.Inconsistent},
		"foreign, asked":   {inPlace(given(pending)), OnStuckPromote, []StepKind{StepPromote}, ""},
		"T22 unfinished": {with(inPlace(given(pending)), func(f *facts.Facts) { f.Objects[0].Ready = false }), OnStuckAuto, nil,
			problem.Inconsistent},
		"T26 R3 an unfinished rollback": {with(inPlace(given(stored(1, facts.StatusDeployed), stored(2, facts.StatusPendingRollback))),
			func(f *facts.Facts) { f.Objects[0].Ready = false }), OnStuckRollback, []StepKind{StepUnlock, StepRollback}, ""},
		"R6 it made nothing":   {with(inPlace(given(pending)), nothing), OnStuckAuto, []StepKind{StepDiscard}, ""},
		"R7 told to uninstall": {inPlace(given(pending)), OnStuckUninstall, []StepKind{StepUninstall}, ""},
		"uninstalling":         {given(byBerth(stored(1, facts.StatusUninstalling))), OnStuckAuto, nil, problem.Inconsistent},
		"T68 G2 corrupt":       {with(given(pending), corrupt), OnStuckAuto, []StepKind{StepQuarantine}, ""},
		"T72 hidden from Helm": {with(given(stored(1, facts.StatusDeployed)), func(f *facts.Facts) { f.Records[0].Hidden = true }),
			OnStuckAuto, []StepKind{StepRelabel}, ""},
		"unfinished, told to unlock": {with(inPlace(given(pending)), func(f *facts.Facts) { f.Objects[0].Ready = false }), OnStuckUnlock,
			[]StepKind{StepUnlock}, ""},
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

func check(t *testing.T, p Plan, steps []StepKind, ending problem.ExitReason) {
	t.Helper()
	if got := kinds(p); !slices.Equal(got, steps) {
		t.Errorf("steps %v, want %v (refusal: %v)", got, steps, p.Refusal)
	}
	switch {
	case ending == "" && p.Refusal != nil:
		t.Errorf("refused with %s: %v", p.Refusal.Reason, p.Refusal)
	case ending != "" && (p.Refusal == nil || p.Refusal.Reason != ending):
		t.Errorf("refusal %v, want %s", p.Refusal, ending)
	case p.Refusal != nil && p.Refusal.Next == "":
		t.Error("the refusal does not say what to do next")
	}
}

// Where many are repaired, auto deletes no record and moves none away; what is named is done.
func TestPlanRepairOfMany(t *testing.T) {
	empty := with(inPlace(given(stored(1, facts.StatusPendingInstall))), nothing)
	unreadable := with(given(stored(1, facts.StatusDeployed)), func(f *facts.Facts) { f.Records[0].DecodeError = "x" })
	for name, f := range map[string]*facts.Facts{"made nothing": empty, "unreadable": unreadable} {
		many := onStuck(OnStuckAuto)
		alone := PlanRepair(f, Diagnose(f, usual), many)
		many.OfMany = true
		if p := PlanRepair(f, Diagnose(f, usual), many); len(alone.Steps) != 1 || len(p.Steps) != 0 || p.Refusal == nil ||
			!strings.Contains(p.Refusal.Error(), "not done unasked") {
			t.Errorf("%s: alone %v, of many %v, %v", name, kinds(alone), kinds(p), p.Refusal)
		}
	}
	many := onStuck(OnStuckUnlock)
	many.OfMany = true
	if p := PlanRepair(empty, Diagnose(empty, usual), many); !slices.Equal(kinds(p), []StepKind{StepUnlock}) {
		t.Errorf("what is named: %v, %v", kinds(p), p.Refusal)
	}
}

func kinds(p Plan) []StepKind {
	var all []StepKind
	for _, s := range p.Steps {
		all = append(all, s.Kind)
	}
	return all
}

func TestRollbackTarget(t *testing.T) {
	for name, c := range map[string]struct {
		facts *facts.Facts
		want  int
	}{
		"the deployed one": {given(stored(1, facts.StatusSuperseded), stored(2, facts.StatusDeployed),
			stored(3, facts.StatusPendingUpgrade)), 2},
		"T25 none says deployed": {given(stored(1, facts.StatusSuperseded), stored(2, facts.StatusSuperseded),
			stored(3, facts.StatusPendingUpgrade)), 2},
		"failed ones are no good": {given(stored(1, facts.StatusSuperseded), stored(2, facts.StatusFailed),
			stored(3, facts.StatusPendingUpgrade)), 1},
		"R3 what a rollback was to apply": {given(stored(1, facts.StatusDeployed), stored(2, facts.StatusPendingRollback)), 2},
		"one that cannot be decoded is none": {with(given(stored(1, facts.StatusDeployed), stored(2, facts.StatusPendingUpgrade)),
			func(f *facts.Facts) { f.Records[0].DecodeError = "x" }), 0},
		"nothing good": {given(stored(1, facts.StatusPendingInstall)), 0},
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
	dead := []facts.Object{healthy("old"), healthy("old"), web, gone, theirs, kept, going}
	got := Leftovers(dead, []facts.Object{healthy("web"), healthy("db")})
	if len(got) != 1 || got[0].Name != "old" {
		t.Errorf("left over are %v", got)
	}
	if others := LeftoversOfOthers(dead, []facts.Object{healthy("web")}); len(others) != 1 || others[0].Name != "theirs" {
		t.Errorf("left to others are %v", others)
	}
}

// Nothing makes anew what the chart has as a hook by now, but what runs to an end.
func TestWithoutHooks(t *testing.T) {
	of := func(apiVersion, kind, name string) facts.Object {
		return facts.Object{Ref: facts.Ref{APIVersion: apiVersion, Kind: kind, Namespace: "ns", Name: name}}
	}
	claim, job, secret := of("v1", "PersistentVolumeClaim", "data"), of("batch/v1", "Job", "migrate"), of("v1", "Secret", "data")
	going, kept := WithoutHooks([]facts.Object{claim, job, secret}, []facts.HookObject{{Object: claim}, {Object: job}})
	if len(going) != 2 || going[0].Kind != "Job" || going[1].Kind != "Secret" || len(kept) != 1 ||
		!strings.HasPrefix(kept[0], "PersistentVolumeClaim/data was kept") {
		t.Errorf("going %v, kept %q", going, kept)
	}
}

// What would take along an object of the release that goes on is no leftover.
func TestWithoutNeeded(t *testing.T) {
	of := func(apiVersion, kind, namespace, name string) facts.Object {
		return facts.Object{Ref: facts.Ref{APIVersion: apiVersion, Kind: kind, Namespace: namespace, Name: name}}
	}
	boats := of("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "boats.example.org")
	boats.Defines = "Boat"
	untold, extra := boats, of("v1", "Namespace", "", "extra")
	untold.Defines = ""
	for name, c := range map[string]struct {
		left        facts.Object
		has         facts.Object
		definitions []string
		stays       bool
	}{
		"a definition, and its kind":               {boats, of("example.org/v2", "Boat", "ns", "own"), nil, true},
		"a definition, and a kind of its group":    {boats, of("example.org/v1", "Ship", "ns", "own"), nil, false},
		"one that tells no kind":                   {untold, of("example.org/v1", "Ship", "ns", "own"), nil, true},
		"a definition, and another group's kind":   {boats, of("other.org/v1", "Boat", "ns", "own"), nil, false},
		"a definition, and a built-in kind":        {boats, of("v1", "Boat", "ns", "own"), nil, false},
		"a definition that is in the crds folder":  {boats, healthy("web"), []string{"boats.example.org"}, true},
		"another one is in the crds folder":        {boats, healthy("web"), []string{"ships.example.org"}, false},
		"a namespace, and what is in it":           {extra, of("v1", "ConfigMap", "extra", "own"), nil, true},
		"a namespace, and what is in another":      {extra, of("v1", "ConfigMap", "ns", "extra"), nil, false},
		"what takes nothing along, of a like name": {of("v1", "ConfigMap", "ns", "extra"), of("v1", "Secret", "extra", "own"), nil, false},
	} {
		going, kept := WithoutNeeded([]facts.Object{c.left}, []facts.Object{c.has}, c.definitions)
		if (len(kept) == 1) != c.stays || len(going)+len(kept) != 1 {
			t.Errorf("%s: going %v, kept %q", name, going, kept)
		}
	}
}

func TestHeldBy(t *testing.T) {
	in := func(change func(*facts.Object)) facts.Object {
		o := healthy("data")
		o.Namespace = "extra"
		change(&o)
		return o
	}
	namespace := facts.Object{Ref: facts.Ref{Kind: "Namespace", Name: "extra"}}
	for name, c := range map[string]struct {
		in   facts.Object
		held bool
	}{
		"to be kept":      {in(func(o *facts.Object) { o.Kept = true }), true},
		"somebody else's": {in(func(o *facts.Object) { o.Owned = false }), true},
		"the release's":   {in(func(*facts.Object) {}), false},
		"gone":            {in(func(o *facts.Object) { o.Kept, o.Exists = true, false }), false},
		"in another one":  {in(func(o *facts.Object) { o.Kept, o.Namespace = true, "ns" }), false},
	} {
		if why := HeldBy(namespace, []facts.Object{c.in}); (why != "") != c.held {
			t.Errorf("%s: %q", name, why)
		}
	}
	if why := HeldBy(healthy("web"), []facts.Object{in(func(o *facts.Object) { o.Kept = true })}); why != "" {
		t.Errorf("a Deployment is held: %s", why)
	}
}

// So do a definition and a volume.
func TestHeldByItsKindOrClaim(t *testing.T) {
	boats := facts.Object{Ref: facts.Ref{Kind: "CustomResourceDefinition", Name: "boats.example.org"}, Defines: "Boat"}
	disk := facts.Object{Ref: facts.Ref{Kind: "PersistentVolume", Name: "disk"}}
	boat := facts.Object{Ref: facts.Ref{APIVersion: "example.org/v1", Kind: "Boat", Name: "a"}, Exists: true, Owned: true, Kept: true}
	claim := facts.Object{Ref: facts.Ref{APIVersion: "v1", Kind: "PersistentVolumeClaim", Name: "a"}, Exists: true, Owned: true, Kept: true,
		Volume: "disk"}
	goes, gone := claim, boat
	goes.Kept, gone.Exists = false, false
	for name, c := range map[string]struct {
		of, by facts.Object
		held   bool
	}{
		"of its kind":       {boats, boat, true},
		"gone":              {boats, gone, false},
		"of another kind":   {boats, claim, false},
		"its claim":         {disk, claim, true},
		"a claim that goes": {disk, goes, false},
		"no claim":          {disk, boat, false},
	} {
		if why := HeldBy(c.of, []facts.Object{c.by}); (why != "") != c.held {
			t.Errorf("%s: %q", name, why)
		}
	}
}

// An uninstall leaves what its revision does not have, of all that were deployed since the last deploy
// that swept.
func TestDeadRevisionsBelowAnUninstall(t *testing.T) {
	f := given(stored(1, facts.StatusSuperseded), ours(stored(2, facts.StatusSuperseded), "r"), stored(3, facts.StatusFailed),
		stored(4, facts.StatusUninstalled))
	f.Records[1].Description = "Upgrade complete"
	if dead := RevisionsToSweep(f); len(dead) != 2 || dead[0].Revision != 3 || dead[1].Revision != 2 {
		t.Errorf("dead are %v", dead)
	}
	f.Records = append(f.Records, ours(stored(5, facts.StatusDeployed), "r"))
	f.Records[4].Description = "Install complete"
	if dead := RevisionsToSweep(f); len(dead) != 0 {
		t.Errorf("after a deploy that swept, dead are %v", dead)
	}
}

func TestDeadRevisions(t *testing.T) {
	f := given(stored(1, facts.StatusFailed), ours(stored(2, facts.StatusSuperseded), "r"), stored(3, facts.StatusFailed),
		stored(4, facts.StatusPendingUpgrade))
	f.Records[1].Description = "Upgrade complete"
	dead := RevisionsToSweep(f)
	if len(dead) != 2 || dead[0].Revision != 4 || dead[1].Revision != 3 {
		t.Errorf("dead are %v", dead)
	}
	f.Lock.State = facts.LockExpired
	if dead = RevisionsToSweep(f); len(dead) != 3 || dead[2].Revision != 1 {
		t.Errorf("T75: after a run that may not have swept, dead are %v", dead)
	}
	f.Lock.State = facts.LockEnded
	for what, change := range map[string]func(*facts.Record){
		"a rollback":          func(r *facts.Record) { r.Description = "Rollback to 1" },
		"a sweep that failed": func(r *facts.Record) { r.Description += facts.Unswept },
		"a promotion":         func(r *facts.Record) { r.Description = "promoted by Berth: all of it was in place" },
		"Helm's upgrade":      func(r *facts.Record) { r.Stamp = facts.Stamp{} },
		"what is not read":    func(r *facts.Record) { r.Content = facts.Content{} },
	} {
		good := f.Records[1]
		change(&f.Records[1])
		if dead = RevisionsToSweep(f); len(dead) != 3 {
			t.Errorf("after %s, which sweeps nothing, dead are %v", what, dead)
		}
		f.Records[1] = good
	}
}

// A teardown leaves what was deployed for another pull request since, unless that is closed.
func TestTeardownLeavesWhatIsAnothers(t *testing.T) {
	for _, ended := range []bool{false, true} {
		f := given(byBerth(stored(1, facts.StatusDeployed)))
		f.Records[0].Identity, f.Records[0].Origin.PullRequest, f.Origin.PullRequest, f.OtherEnded = me, 8, 7, ended
		p := PlanTeardown(f, Diagnose(f, usual), usual, true)
		stays := p.Refusal != nil && p.Refusal.Reason == problem.NothingToDo
		if stays == ended || stays == (len(p.Steps) > 0) || InUse(f) != stays {
			t.Errorf("ended %v: steps %v, refusal %v", ended, kinds(p), p.Refusal)
		}
	}
}

// A run that is repeated leaves what was deployed for a later event than its own.
func TestTeardownLeavesWhatCameSince(t *testing.T) {
	for name, c := range map[string]struct {
		later           []facts.Lateness
		stranger, stays bool
	}{
		"deployed before":              {[]facts.Lateness{facts.NotLater}, false, false},
		"deployed since":               {[]facts.Lateness{facts.NotLater, facts.ForLaterEvent}, false, true},
		"to another environment since": {[]facts.Lateness{facts.NotLater, facts.InLaterEnvironment}, false, true},
		"by hand since":                {[]facts.Lateness{facts.ForLaterEvent, facts.NotLater}, false, false},
		"without Berth since":          {[]facts.Lateness{facts.ForLaterEvent}, true, true},
	} {
		f := given()
		for i, later := range c.later {
			rec := byBerth(stored(i+1, facts.StatusDeployed))
			rec.Identity, rec.Later, rec.RunURL = me, later, "https://ci.example/106"
			f.Records = append(f.Records, rec)
		}
		if c.stranger {
			f.Records = append(f.Records, byBerth(stored(9, facts.StatusDeployed)))
			f.Records[1].Identity = ""
		}
		p := PlanTeardown(f, Diagnose(f, usual), usual, true)
		if stays := p.Refusal != nil && p.Refusal.Reason == problem.NothingToDo; stays != c.stays || stays == (len(p.Steps) > 0) {
			t.Errorf("%s: steps %v, refusal %v", name, kinds(p), p.Refusal)
		}
	}
}

// A pull request that is closed leaves what another one of its branch has deployed since.
func TestTeardownLeavesAnotherPullRequests(t *testing.T) {
	for name, c := range map[string]struct {
		own      int   // the run's
		deployed []int // the records'; 0: for none
		stays    bool
	}{
		"its own":                 {7, []int{7}, false},
		"another one's since":     {7, []int{7, 8}, true},
		"its own again":           {7, []int{7, 8, 7}, false},
		"deployed for the branch": {7, []int{0}, false},
		"for the branch since":    {7, []int{8, 0}, false},
		"the branch is deleted":   {0, []int{8}, false},
		"without Berth since":     {7, []int{8, -1}, true},
	} {
		f := given()
		for i, number := range c.deployed {
			rec := byBerth(stored(i+1, facts.StatusDeployed))
			rec.Identity, rec.Origin.PullRequest = me, number
			if number < 0 {
				rec.Identity, rec.Origin.PullRequest = "", 0
			}
			f.Records = append(f.Records, rec)
		}
		f.Origin.PullRequest = c.own
		p := PlanTeardown(f, Diagnose(f, usual), usual, true)
		if stays := p.Refusal != nil && p.Refusal.Reason == problem.NothingToDo; stays != c.stays || stays == (len(p.Steps) > 0) {
			t.Errorf("%s: steps %v, refusal %v", name, kinds(p), p.Refusal)
		}
	}
}

// A release that is named by its own name may be anybody's: it is mended where the user
// says how, or takes it for Berth's.
func TestPlanRepairByName(t *testing.T) {
	twice := func(mark func(facts.Record) facts.Record) *facts.Facts {
		f := given(mark(stored(1, facts.StatusDeployed)), mark(stored(2, facts.StatusDeployed)))
		f.Namespace = facts.Namespace{Name: "review", Phase: facts.NamespaceActive}
		f.Identity, f.Origin = WhoseIs(f)
		return f
	}
	unmarked := func(r facts.Record) facts.Record { r.Identity = ""; return r }
	marked := func(r facts.Record) facts.Record { r.Identity = "theirs"; return r }
	for name, c := range map[string]struct {
		facts  *facts.Facts
		policy Policy
		steps  []StepKind
		ending problem.ExitReason
	}{
		"nobody's":                     {twice(unmarked), Policy{OnStuck: OnStuckAuto, ByName: true}, nil, problem.Foreign},
		"nobody's, adopted":            {twice(unmarked), Policy{OnStuck: OnStuckAuto, ByName: true, Adopt: Adoption{Release: true}}, []StepKind{StepDedupe}, ""},
		"nobody's, and on-stuck says":  {twice(unmarked), Policy{OnStuck: OnStuckRollback, ByName: true}, []StepKind{StepDedupe}, ""},
		"nobody's, of a branch's name": {twice(unmarked), Policy{OnStuck: OnStuckRollback}, nil, problem.Foreign},
		"some branch's":                {twice(marked), Policy{OnStuck: OnStuckAuto, ByName: true}, []StepKind{StepDedupe}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, PlanRepair(c.facts, Diagnose(c.facts, c.policy), c.policy), c.steps, c.ending)
		})
	}
}
