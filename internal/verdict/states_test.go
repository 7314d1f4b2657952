package verdict

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// states is a release in each of the states that can be told apart.
func states() map[State]*facts.Facts {
	pending := ours(stored(1, facts.StatusPendingInstall), other)
	unready := func(f *facts.Facts) { f.Objects[0].Ready = false }
	return map[State]*facts.Facts{
		StateAbsent:          given(),
		StateDeployed:        given(stored(1, facts.StatusDeployed)),
		StateTwoDeployed:     given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed)),
		StateFailed:          given(stored(1, facts.StatusFailed)),
		StateNoneDeployed:    given(stored(1, facts.StatusSuperseded)),
		StateUninstalled:     given(stored(1, facts.StatusUninstalled)),
		StateUninstalling:    given(byBerth(stored(1, facts.StatusUninstalling))),
		StateLive:            with(inPlace(given(pending)), func(f *facts.Facts) { f.Lock = facts.Lock{State: facts.LockHeld, Run: other} }),
		StateLivenessUnknown: inPlace(given(pending)),
		StateRecordingFailed: ended(inPlace(given(pending)), other, 1, true),
		StateAbandoned:       with(ended(inPlace(given(pending)), other, 1, true), unready),
		StateUnreadable:      with(given(stored(1, facts.StatusDeployed)), corrupt),
		StateDisagreeing: with(given(stored(1, facts.StatusDeployed)),
			func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusFailed }),
		StateForeign: with(given(stored(1, facts.StatusDeployed)), func(f *facts.Facts) { f.Namespace.Identity = "theirs" }),
		StateTerminating: with(given(stored(1, facts.StatusDeployed)),
			func(f *facts.Facts) { f.Namespace.Phase = facts.NamespaceTerminating }),
	}
}

// row is what each verb does with a release in one state: its steps, or the
// reason for which it refuses; for check the reason for which it ends early.
type row struct {
	deploy, repair, teardown []StepKind
	refuses                  map[string]problem.ExitReason
	check                    problem.ExitReason
}

var takeDown = []StepKind{StepQuarantineUnreadable, StepTakeDown, StepDiscardQuarantined}

var everyVerb = map[State]row{
	StateAbsent: {deploy: []StepKind{StepInstall}, refuses: map[string]problem.ExitReason{"repair": problem.NotFound},
		check: problem.NotFound},
	StateDeployed:    {deploy: []StepKind{StepUpgrade}, teardown: takeDown},
	StateTwoDeployed: {deploy: []StepKind{StepDedupe, StepUpgrade}, repair: []StepKind{StepDedupe}, teardown: takeDown},
	StateFailed:      {deploy: []StepKind{StepUpgrade, StepSweep}, teardown: takeDown, check: problem.DeployFailed},
	StateNoneDeployed: {deploy: []StepKind{StepUpgrade}, teardown: takeDown,
		refuses: map[string]problem.ExitReason{"repair": problem.Inconsistent}},
	StateUninstalled: {deploy: []StepKind{StepReplace}, teardown: takeDown},
	StateUninstalling: {deploy: []StepKind{StepUninstall, StepInstall}, teardown: takeDown,
		refuses: map[string]problem.ExitReason{"repair": problem.Inconsistent}},
	StateLive:            {refuses: all(problem.LiveOperation)},
	StateLivenessUnknown: {refuses: all(problem.LivenessUnknown)},
	StateRecordingFailed: {deploy: []StepKind{StepPromote, StepUpgrade}, repair: []StepKind{StepPromote}, teardown: takeDown,
		check: problem.Inconsistent},
	StateAbandoned: {deploy: []StepKind{StepUnlock, StepUpgrade, StepSweep}, teardown: takeDown, check: problem.Inconsistent,
		refuses: map[string]problem.ExitReason{"repair": problem.Inconsistent}},
	StateUnreadable: {deploy: []StepKind{StepQuarantine}, repair: []StepKind{StepQuarantine}, teardown: takeDown,
		check: problem.RecordUnreadable},
	StateDisagreeing: {deploy: []StepKind{StepRelabel}, repair: []StepKind{StepRelabel}, teardown: takeDown},
	StateForeign:     {refuses: all(problem.Foreign), check: problem.Foreign},
	StateTerminating: {refuses: all(problem.NamespaceTerminating), check: problem.NamespaceTerminating},
}

func all(reason problem.ExitReason) map[string]problem.ExitReason {
	return map[string]problem.ExitReason{"deploy": reason, "repair": reason, "teardown": reason}
}

func TestEveryVerbInEveryState(t *testing.T) {
	for state, f := range states() {
		d := Diagnose(f, usual)
		if d.State != state {
			t.Errorf("the facts for state %s are diagnosed as %s", state, d.State)
			continue
		}
		want, ok := everyVerb[state]
		if !ok {
			t.Errorf("state %s has no row", state)
		}
		t.Run(string(state)+"/deploy", func(t *testing.T) {
			check(t, PlanDeploy(f, d, onStuck(OnStuckAuto)), want.deploy, want.refuses["deploy"])
		})
		t.Run(string(state)+"/repair", func(t *testing.T) {
			check(t, PlanRepair(f, d, onStuck(OnStuckAuto)), want.repair, want.refuses["repair"])
		})
		t.Run(string(state)+"/teardown", func(t *testing.T) {
			check(t, PlanTeardown(f, d, onStuck(OnStuckAuto), true), want.teardown, want.refuses["teardown"])
		})
		t.Run(string(state)+"/check", func(t *testing.T) {
			p := EndCheck(f, d, Reported{}, Checks(f, Reported{}, usual))
			checkProblem(t, p, want.check)
		})
	}
}

// checkProblem holds a problem against the reason that is wanted, "" for none.
func checkProblem(t *testing.T, p *problem.Problem, reason problem.ExitReason) {
	t.Helper()
	switch {
	case (p == nil) != (reason == ""):
		t.Errorf("problem %v, want %q", p, reason)
	case p != nil && (p.Reason != reason || p.Next == ""):
		t.Errorf("reason %q, next %q, want %q", p.Reason, p.Next, reason)
	}
}

// A state that no verb can do anything about is refused with a reason of its own;
// to refuse another one is a fault of the program.
func TestRefuse(t *testing.T) {
	refused := []State{StateLive, StateLivenessUnknown, StateUnreadable, StateForeign, StateTerminating}
	for state, f := range states() {
		p := Refuse(f, Diagnose(f, usual))
		if got := p.Reason != problem.Internal; got != slices.Contains(refused, state) {
			t.Errorf("%s: %+v", state, p)
		}
	}
}

// Whom Berth did not deploy is deployed over, repaired destructively and taken
// down only with adopt.
func TestStrangersAreLeftAlone(t *testing.T) {
	stranger := func(f *facts.Facts) {
		f.Namespace.Ours, f.Namespace.Identity = false, ""
		for i := range f.Records {
			f.Records[i].Identity = ""
		}
	}
	adopt := onStuck(OnStuckAuto)
	adopt.Adopt.Release = true
	for state, f := range states() {
		with(f, stranger)
		d := Diagnose(f, usual)
		if f.Last() == nil || d.State != state {
			continue
		}
		teardown := func(f *facts.Facts, d Diagnosis, p Policy) Plan { return PlanTeardown(f, d, p, false) }
		for verb, plan := range map[string]func(*facts.Facts, Diagnosis, Policy) Plan{"deploy": PlanDeploy, "teardown": teardown} {
			if p := plan(f, d, onStuck(OnStuckAuto)); p.Refusal == nil {
				t.Errorf("%s of a stranger in state %s does %v", verb, state, kinds(p))
			}
			with, without := plan(f, d, adopt), everyVerb[state].refuses[verb]
			if (with.Refusal != nil) != (without != "") {
				t.Errorf("%s with adopt in state %s: %v", verb, state, with.Refusal)
			}
		}
		p := PlanRepair(f, d, onStuck(OnStuckUninstall))
		if p.Does(StepUninstall, StepQuarantine, StepDiscard, StepRollback) {
			t.Errorf("repair of a stranger in state %s does %v", state, kinds(p))
		}
	}
}

// Whoever advises adopt says what a teardown then takes away.
func TestAdviceToAdopt(t *testing.T) {
	f := with(given(stored(1, facts.StatusDeployed)), func(f *facts.Facts) {
		f.Namespace.Ours, f.Namespace.Identity, f.Records[0].Identity = false, "", ""
	})
	for _, plan := range []Plan{PlanDeploy(f, Diagnose(f, usual), usual), PlanTeardown(f, Diagnose(f, usual), usual, false)} {
		if p := plan.Refusal; p == nil || !strings.Contains(p.Next, "adopt") || !strings.Contains(p.Next, "teardown deletes") {
			t.Errorf("%+v", p)
		}
	}
}

// The cluster's own namespaces are never marked.
func TestRefuseAdoption(t *testing.T) {
	for name, want := range map[string]problem.ExitReason{
		"default": problem.WrongInput, "kube-system": problem.WrongInput, "kube-node-lease": problem.WrongInput,
		"kube-of-mine": problem.WrongInput,
		"review":       "", "default-review": "", "my-kube-system": "",
	} {
		checkProblem(t, RefuseAdoption(name, Policy{Adopt: Adoption{Namespace: true}}), want)
		checkProblem(t, RefuseAdoption(name, Policy{Adopt: Adoption{Release: true}}), "")
	}
}

func TestTeardownProblem(t *testing.T) {
	for name, c := range map[string]struct {
		left TeardownResult
		want problem.ExitReason
	}{
		"all is gone":                         {TeardownResult{NamespaceGone: true}, ""},
		"the namespace stays":                 {TeardownResult{}, ""},
		"unreadable, gone with the namespace": {TeardownResult{NamespaceGone: true, Unreadable: []string{"v1"}}, ""},
		"unreadable, and the namespace stays": {TeardownResult{Unreadable: []string{"v1"}, Kept: []string{"x"}}, problem.RecordUnreadable},
		"kept":                                {TeardownResult{Kept: []string{"x"}}, problem.Foreign},
	} {
		t.Run(name, func(t *testing.T) { checkProblem(t, c.left.Problem(), c.want) })
	}
}

func TestJudgeFailed(t *testing.T) {
	mine, theirs := ours(stored(2, facts.StatusPendingUpgrade), myRun), ours(stored(2, facts.StatusPendingUpgrade), other)
	failed := ours(stored(2, facts.StatusFailed), myRun)
	before := stored(1, facts.StatusDeployed)
	for name, c := range map[string]struct {
		before, last *facts.Record
		want         Stored
	}{
		"nothing at all":      {nil, nil, StoredNothing},
		"nothing new":         {&before, &before, StoredNothing},
		"the first one":       {nil, &mine, StoredPending},
		"pending":             {&before, &mine, StoredPending},
		"failed":              {&before, &failed, StoredEnded},
		"another run's":       {&before, &theirs, StoredByOthers},
		"all records removed": {&before, nil, StoredNothing},
	} {
		if got := JudgeFailed(c.before, c.last, myRun); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestJudgeRecording(t *testing.T) {
	pending, theirs := ours(stored(2, facts.StatusPendingUpgrade), myRun), ours(stored(2, facts.StatusPendingUpgrade), other)
	done, failed := ours(stored(2, facts.StatusDeployed), myRun), ours(stored(2, facts.StatusFailed), myRun)
	for name, c := range map[string]struct {
		last    *facts.Record
		failure problem.ExitReason
		want    Recording
	}{
		"pending":           {&pending, problem.Unanswered, RecordingWritable},
		"pending, denied":   {&pending, problem.PermissionMissing, RecordingLost},
		"deployed":          {&done, problem.Unanswered, RecordingDone},
		"deployed, denied":  {&done, problem.PermissionMissing, RecordingDone},
		"failed":            {&failed, problem.Unanswered, RecordingLost},
		"another run's":     {&theirs, problem.Unanswered, RecordingLost},
		"nothing is stored": {nil, problem.Unanswered, RecordingLost},
	} {
		if got := JudgeRecording(c.last, 2, myRun, c.failure); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := JudgeRecording(&done, 3, myRun, problem.Unanswered); got != RecordingLost {
		t.Errorf("another revision: %s", got)
	}
}

func TestPlanAfterFailure(t *testing.T) {
	f := given(stored(1, facts.StatusDeployed), stored(2, facts.StatusFailed))
	only := given(stored(1, facts.StatusFailed))
	for name, c := range map[string]struct {
		facts  *facts.Facts
		failed int
		policy OnFailure
		want   []StepKind
		target int
	}{
		"keep":                             {f, 2, OnFailureKeep, nil, 0},
		"not said":                         {f, 2, "", nil, 0},
		"rollback":                         {f, 2, OnFailureRollback, []StepKind{StepRollback}, 1},
		"rollback, with nothing before it": {only, 1, OnFailureRollback, nil, 0},
		"uninstall":                        {f, 2, OnFailureUninstall, []StepKind{StepTakeDown}, 0},
	} {
		p := PlanAfterFailure(c.facts, c.failed, Policy{OnFailure: c.policy})
		if !slices.Equal(kinds(p), c.want) || target(p) != c.target {
			t.Errorf("%s: %v to %d", name, kinds(p), target(p))
		}
	}
	since := given(stored(1, facts.StatusDeployed), stored(2, facts.StatusFailed), stored(3, facts.StatusDeployed))
	for _, policy := range []OnFailure{OnFailureRollback, OnFailureUninstall} {
		for _, f := range []*facts.Facts{since, given()} {
			if p := PlanAfterFailure(f, 2, Policy{OnFailure: policy}); p.Refusal == nil || len(p.Steps) > 0 {
				t.Errorf("%s of somebody else's: %+v", policy, p)
			}
		}
	}
}

func TestExpireCheck(t *testing.T) {
	cause := errors.New("the check-timeout of 1m0s has passed")
	for state, want := range map[State]problem.ExitReason{
		StateDeployed: problem.Inconsistent, StateDisagreeing: problem.Inconsistent, StateTwoDeployed: problem.Inconsistent,
		StateLive: problem.LiveOperation, StateLivenessUnknown: problem.Inconsistent,
	} {
		f := states()[state]
		d := Diagnose(f, usual)
		p := ExpireCheck(f, d, Checks(f, Reported{}, usual), 1, cause)
		checkProblem(t, p, want)
		if said := errors.Is(p, cause); said == (state == StateLive || state == StateLivenessUnknown) {
			t.Errorf("%s: the cause is %v", state, p.Cause)
		}
	}
	f := inPlace(given(stored(1, facts.StatusDeployed)))
	p := ExpireCheck(f, Diagnose(f, usual), Checks(f, Reported{}, usual), 3, cause)
	if !strings.Contains(p.Tried, "3 good checks") {
		t.Errorf("good, but not often enough: %+v", p)
	}
}

func TestAwaitOperation(t *testing.T) {
	for state, f := range states() {
		d := Diagnose(f, usual)
		may := state == StateLive || state == StateLivenessUnknown
		if AwaitOperation(f, d, false) != may || AwaitOperation(f, d, true) != may {
			t.Errorf("%s: wait %t, teardown %t", state, AwaitOperation(f, d, false), AwaitOperation(f, d, true))
		}
	}
	f := with(given(stored(1, facts.StatusUninstalling)), func(f *facts.Facts) { f.Lock = facts.Lock{State: facts.LockHeld, Run: other} })
	if d := Diagnose(f, usual); !AwaitOperation(f, d, false) || AwaitOperation(f, d, true) {
		t.Error("a teardown waits for another's uninstall, or a deploy does not")
	}
}

// What nobody is at work on ends a check once it is seen to last.
func TestEndSteady(t *testing.T) {
	deployed := func() *facts.Facts { return inPlace(given(stored(1, facts.StatusDeployed))) }
	for name, c := range map[string]struct {
		f    *facts.Facts
		next string // a word of what is advised; empty: another look is
	}{
		"a field differs": {with(deployed(), func(f *facts.Facts) { f.Objects[0].Differences = []facts.Difference{{Path: "a"}} }), "ignore-drift"},
		"a field differs, another object is not ready": {with(deployed(), func(f *facts.Facts) {
			f.Objects[0].Differences, f.Objects[1].Ready = []facts.Difference{{Path: "a"}}, false
		}), ""},
		"an object is gone":      {with(deployed(), func(f *facts.Facts) { f.Objects[0] = facts.Object{Ref: f.Objects[0].Ref} }), "makes what is missing"},
		"an object goes":         {with(deployed(), func(f *facts.Facts) { f.Objects[0].Deleting = true }), ""},
		"an object is not read":  {with(deployed(), func(f *facts.Facts) { f.Objects[0] = facts.Object{Ref: f.Objects[0].Ref, Error: "denied"} }), ""},
		"the objects not at all": {given(stored(1, facts.StatusUninstalled)), ""},
		"uninstalled":            {with(inPlace(given(stored(1, facts.StatusUninstalled))), gone), "installs it anew"},
		"two deployed":           {inPlace(given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed))), "repair"},
		"a label says otherwise": {with(deployed(), func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusFailed }), "repair"},
		"an operation under way": {with(inPlace(given(stored(1, facts.StatusPendingInstall))), gone), ""},
		"nothing is wrong":       {deployed(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, checks := Diagnose(c.f, usual), Checks(c.f, Reported{}, usual)
			if p := EndSteady(c.f, d, checks, steadyLooks-1); p != nil {
				t.Errorf("too early: %+v", p)
			}
			p := EndSteady(c.f, d, checks, steadyLooks)
			if c.next == "" {
				checkProblem(t, p, "")
				return
			}
			checkProblem(t, p, problem.Inconsistent)
			if p != nil && !strings.Contains(p.Next, c.next) {
				t.Errorf("%q, want %q in it", p.Next, c.next)
			}
		})
	}
}

// gone removes every object.
func gone(f *facts.Facts) {
	for i := range f.Objects {
		f.Objects[i] = facts.Object{Ref: f.Objects[i].Ref}
	}
}
