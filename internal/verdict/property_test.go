package verdict

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

var seedFlag = flag.Uint64("seed", 0, "replay a run of the property test")

// TestPlansKeepTheirPromises tries the decisions on random facts: whatever
// lies on the cluster, nothing is promoted that is not proven, and nothing is
// touched that may be alive or is another's.
func TestPlansKeepTheirPromises(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	r := rand.New(rand.NewPCG(seed, 0))
	policies := []OnStuck{OnStuckAuto, OnStuckPromote, OnStuckUnlock, OnStuckRollback, OnStuckUninstall, OnStuckFail}
	for range 200_000 {
		f := randomFacts(r)
		p := Policy{
			OnStuck:         pick(r, policies...),
			Adopt:           Adoption{Release: coin(r), Namespace: coin(r)},
			AssumeDeadAfter: pick(r, 0, time.Minute, half),
			Grace:           pick(r, time.Second, time.Minute),
		}
		d := Diagnose(f, p)
		for verb, plan := range map[string]Plan{"deploy": PlanDeploy(f, d, p), "repair": PlanRepair(f, d, p)} {
			if broken := promiseBroken(f, d, p, plan); broken != "" {
				t.Fatalf("seed %d: %s plans %v (refusal %v) in state %s with %+v: %s\nfacts: %+v", seed, verb, plan.Steps, plan.Refusal, d.State, p,
					broken, f)
			}
		}
		if broken := teardownBroken(f, p, PlanTeardown(f, d, p, coin(r))); broken != "" {
			t.Fatalf("seed %d: teardown in state %s with %+v: %s\nfacts: %+v", seed, d.State, p, broken, f)
		}
		if broken := strangersTouched(f); broken != "" {
			t.Fatalf("seed %d: %s\nfacts: %+v", seed, broken, f)
		}
		if broken := secondRun(f, p); broken != "" {
			t.Fatalf("seed %d: %+v: %s\nfacts: %+v", seed, p, broken, f)
		}
	}
}

// promiseBroken names the promise that a plan does not keep.
func promiseBroken(f *facts.Facts, d Diagnosis, p Policy, plan Plan) string {
	does := plan.Does
	last := f.Last()
	unfinished := last != nil && last.EffectiveStatus().Unfinished()
	life := Dead
	if unfinished {
		life, _ = JudgeLiveness(f, p)
	}
	foreign := f.Namespace.Identity != "" && f.Namespace.Identity != me || ofAnother(f)
	switch {
	case plan.Refusal != nil && len(plan.Steps) > 0:
		return "it refuses and acts"
	case plan.Refusal != nil && (plan.Refusal.Next == "" || plan.Refusal.Reason == problem.Internal):
		return "the refusal is no help"
	case len(plan.Steps) > 0 && unfinished && life != Dead:
		return "it acts on an operation that is not dead"
	case len(plan.Steps) > 0 && foreign:
		return "it acts on what is another branch's"
	case len(plan.Steps) > 0 && len(Misplaced(f)) > 0:
		return "it acts on another release's record"
	case len(plan.Steps) > 0 && last != nil && !isMarked(f) && !p.Adopt.Release && !chosen(plan, p):
		return "it acts on what nothing shows to be Berth's"
	case len(plan.Steps) > 0 && f.Namespace.Phase == facts.NamespaceTerminating:
		return "it acts in a namespace that is going"
	case does(StepPromote) && len(promotionBlockers(f, p)) > 0:
		return "it promotes what is not proven"
	case does(StepPromote) && last.Stamp.Zero() && p.OnStuck != OnStuckPromote:
		return "it promotes somebody else's operation unasked"
	case unfinished && p.OnStuck == OnStuckFail && len(plan.Steps) > 0:
		return "it acts though told to touch nothing"
	case does(StepUninstall) && p.OnStuck != OnStuckUninstall && d.State != StateUninstalling:
		return "it takes a release away unasked"
	case does(StepDiscard) && slices.ContainsFunc(f.Objects, func(o facts.Object) bool { return o.Exists }):
		return "it forgets about objects that exist"
	case does(StepQuarantine) && (last.DecodeError == "" || !plan.GatherAgain || len(plan.Steps) > 1):
		return "it moves away a record that can be read, or goes on without another look"
	case does(StepRollback) && (target(plan) == 0 || target(plan) > last.Revision):
		return "it rolls back to nothing"
	case does(StepUpgrade) && !everDeployed(f) && installHooksUnproven(f) && !does(StepPromote):
		return "it upgrades over an install whose hooks never ran"
	}
	for i, s := range plan.Steps {
		if slices.Contains(kinds(plan)[:i], s.Kind) {
			return "it does a step twice"
		}
	}
	return ""
}

// ofAnother returns whether the newest record that names a branch names another one.
func ofAnother(f *facts.Facts) bool {
	for _, r := range slices.Backward(f.Records) {
		if r.Identity != "" {
			return r.Identity != me
		}
	}
	return false
}

// teardownBroken names the promise that a teardown's plan does not keep.
func teardownBroken(f *facts.Facts, p Policy, plan Plan) string {
	last := f.Last()
	life := Dead
	if last != nil && last.EffectiveStatus().Unfinished() {
		life, _ = JudgeLiveness(f, p)
	}
	switch acts := len(plan.Steps) > 0; {
	case acts == (plan.Refusal != nil) && last != nil:
		return "it neither acts nor refuses, or does both"
	case !acts:
		return ""
	case len(Misplaced(f)) > 0:
		return "it acts on another release's record"
	case life == Live:
		return "it acts on an operation that is alive"
	case life == Unknown && last.EffectiveStatus() != facts.StatusUninstalling:
		return "it acts on an operation that may be alive"
	case f.Namespace.Identity != "" && f.Namespace.Identity != me || ofAnother(f):
		return "it takes down what is another branch's"
	case !isMarked(f) && !p.Adopt.Release:
		return "it takes down what nothing shows to be Berth's"
	}
	return ""
}

// isMarked returns whether the namespace or a record shows that the release is this branch's.
func isMarked(f *facts.Facts) bool {
	return TenancyOf(f.Namespace, me) == TenancyOwn || slices.ContainsFunc(f.Records, func(r facts.Record) bool { return r.Identity == me })
}

// target is the revision that a plan rolls back to.
func target(p Plan) int {
	for _, s := range p.Steps {
		if s.Kind == StepRollback {
			return s.Target
		}
	}
	return 0
}

func everDeployed(f *facts.Facts) bool {
	return slices.ContainsFunc(f.Records,
		func(r facts.Record) bool {
			return r.LabelStatus == facts.StatusDeployed || r.LabelStatus == facts.StatusSuperseded
		})
}

// strangersTouched names an object that would be removed though it is not ours.
func strangersTouched(f *facts.Facts) string {
	for _, o := range Leftovers(f.Dropped, f.Objects) {
		if !o.Owned || o.Kept || slices.ContainsFunc(f.Objects, func(n facts.Object) bool { return n.Ref == o.Ref }) {
			return "it sweeps " + o.String()
		}
	}
	var seen []facts.HookObject
	for _, o := range slices.Concat(f.HookJobs, f.Dropped) {
		seen = append(seen, facts.HookObject{Hook: facts.Hook{Name: o.Name, Kind: o.Kind, Events: []string{"pre-upgrade"}}, Object: o})
	}
	for _, o := range LeftoverHooks(f, seen) {
		named := f.Last() != nil && slices.ContainsFunc(f.Last().Hooks, func(h facts.Hook) bool { return h.Kind == o.Kind && h.Name == o.Name })
		if !o.Owned && o.HookOf != ownHooks && (!named || !o.IsHook) || o.HookOf != "" && o.HookOf != ownHooks || hookRuns(o) || o.Kept {
			return "it removes " + o.String() + " as if it were a dead hook of the release"
		}
	}
	if len(f.Records) > 0 {
		for _, r := range RemainsOf(f, seen, nil, RemainPolicy{Hooks: true, Claims: true}, false) {
			ours := r.Object.Owned || r.Object.HookOf == ownHooks
			if r.Disposal == DisposalDelete && (!ours || r.Object.HookOf != "" && r.Object.HookOf != ownHooks || r.Object.Kept) {
				return "a teardown deletes " + r.Object.String() + ", which is not shown to be the release's"
			}
		}
	}
	return ""
}

// secondRun repairs, and then deploys, the facts as the engine would, and says if
// a second repair would do anything more, or a second deploy more than upgrade.
func secondRun(f *facts.Facts, p Policy) string {
	if !repeat(f, p, PlanRepair) {
		return ""
	}
	if again := PlanRepair(f, Diagnose(f, p), p); len(again.Steps) > 0 || again.Refusal != nil && f.Last() != nil {
		return fmt.Sprintf("a second repair does more than nothing: %v %v", again.Steps, again.Refusal)
	}
	if !repeat(f, p, PlanDeploy) {
		return ""
	}
	f.Lock.State = facts.LockEnded
	if again := PlanDeploy(f, Diagnose(f, p), p); !slices.Equal(kinds(again), []StepKind{StepUpgrade}) {
		return fmt.Sprintf("a second deploy does more than upgrade: %v %v", again.Steps, again.Refusal)
	}
	return ""
}

// repeat plans and performs until no plan asks for another look, and says
// whether it came to an end without a refusal.
func repeat(f *facts.Facts, p Policy, decide func(*facts.Facts, Diagnosis, Policy) Plan) bool {
	for range 10 {
		plan := decide(f, Diagnose(f, p), p)
		if plan.Refusal != nil {
			return false
		}
		for _, s := range plan.Steps {
			apply(f, s.Kind)
		}
		if !plan.GatherAgain {
			return true
		}
	}
	panic("it asks for another look for ever")
}

// apply does to the facts what a step does to the cluster.
func apply(f *facts.Facts, s StepKind) {
	last := f.Last()
	switch s {
	case StepPromote:
		last.LabelStatus, last.PayloadStatus = facts.StatusDeployed, facts.StatusDeployed
	case StepUnlock:
		last.LabelStatus, last.PayloadStatus = facts.StatusFailed, facts.StatusFailed
	case StepDedupe:
		for _, r := range Superfluous(f) {
			r.LabelStatus, r.PayloadStatus = facts.StatusSuperseded, facts.StatusSuperseded
		}
	case StepRelabel:
		for i := range f.Records {
			f.Records[i].Hidden = false
			if f.Records[i].DecodeError == "" {
				f.Records[i].LabelStatus = f.Records[i].PayloadStatus
			}
		}
	case StepQuarantine, StepDiscard:
		f.Records = f.Records[:len(f.Records)-1]
	case StepUninstall, StepTakeDown:
		f.Records = nil
	case StepQuarantineUnreadable:
		f.Records = slices.DeleteFunc(f.Records, func(r facts.Record) bool { return r.DecodeError != "" })
	case StepDiscardQuarantined:
	case StepSweep:
		f.Dropped = nil
	case StepInstall, StepReplace, StepUpgrade, StepRollback:
		supersede(f, len(f.Records))
		f.Records = append(f.Records, ours(stored(len(f.Records)+1, facts.StatusDeployed), f.Run))
		f.Last().Description = "Upgrade complete"
	}
}

// ownHooks is what the hooks of the release of given say.
const ownHooks = "review-1/web"

func supersede(f *facts.Facts, n int) {
	for i := range f.Records[:n] {
		if f.Records[i].LabelStatus == facts.StatusDeployed {
			f.Records[i].LabelStatus, f.Records[i].PayloadStatus = facts.StatusSuperseded, facts.StatusSuperseded
		}
	}
}

func randomFacts(r *rand.Rand) *facts.Facts {
	f := given()
	for i := range r.IntN(4) {
		f.Records = append(f.Records, randomRecord(r, i+1))
	}
	f.Namespace.Phase = pick(r, facts.NamespaceActive, facts.NamespaceActive, facts.NamespaceActive, facts.NamespaceTerminating)
	f.Namespace.Identity = pick(r, me, me, "", "theirs")
	f.Namespace.Ours, f.Namespace.Shared = coin(r), r.IntN(4) == 0
	f.Namespace.DeployedBy = pick(r, me, me, "", "theirs")
	f.Lock = facts.Lock{
		State: pick(r, facts.LockAbsent, facts.LockHeld, facts.LockEnded, facts.LockExpired, facts.LockUnusable), Run: pick(r, "", other, myRun),
		Expired: []facts.Expiry{{Run: pick(r, "", other, myRun), At: now.Add(-ago(r))}},
		Attempt: facts.Attempt{Run: pick(r, "", other, myRun), Revision: r.IntN(4), HooksProven: coin(r)},
	}
	f.Observed = r.IntN(8) > 0
	f.CI = pick(r, "", facts.RunUnknown, facts.RunRunning, facts.RunEnded)
	for range r.IntN(3) {
		f.Objects = append(f.Objects, randomObject(r))
	}
	for range r.IntN(2) {
		f.Dropped = append(f.Dropped, randomObject(r))
		f.HookJobs = append(f.HookJobs, randomObject(r))
	}
	return f
}

func randomRecord(r *rand.Rand, revision int) facts.Record {
	all := []facts.Status{facts.StatusUnknown, facts.StatusDeployed, facts.StatusSuperseded, facts.StatusFailed, facts.StatusUninstalled,
		facts.StatusUninstalling,
		facts.StatusPendingInstall, facts.StatusPendingUpgrade, facts.StatusPendingRollback}
	rec := stored(revision, pick(r, all...))
	if r.IntN(6) == 0 {
		rec.LabelStatus = pick(r, all...)
	}
	if coin(r) {
		rec.Stamp = facts.Stamp{Run: pick(r, other, myRun), Revision: revision, Deadline: now.Add(time.Hour - ago(r))}
	}
	if r.IntN(8) == 0 {
		rec.DecodeError, rec.PayloadStatus = "corrupt", ""
	}
	if r.IntN(16) == 0 {
		rec.Misplaced, rec.DecodeError, rec.PayloadStatus = "it holds another's", "it holds another's", ""
	}
	rec.Hidden = r.IntN(10) == 0
	rec.Managers = []string{pick(r, facts.FieldManager, "helm")}
	if r.IntN(3) == 0 {
		rec.Hooks = []facts.Hook{{Name: "seed", Kind: "Job", Events: []string{pick(r, "pre-install", "post-upgrade", "pre-delete")},
			Succeeded: coin(r), Recreated: coin(r)}}
	}
	rec.Identity = pick(r, me, me, me, "", "theirs")
	rec.Created = now.Add(-ago(r))
	rec.Touched = rec.Created
	return rec
}

func randomObject(r *rand.Rand) facts.Object {
	o := healthy(pick(r, "web", "db"))
	o.Kind = pick(r, "Deployment", "Job")
	if o.Kind == "Job" {
		o.Name, o.Complete = "seed", coin(r)
	}
	flaw := r.IntN(10)
	o.Exists, o.Owned, o.Ready, o.Deleting = flaw != 0, flaw != 1, flaw != 2, flaw == 3
	o.Created = now.Add(-ago(r))
	o.HookOf, o.IsHook, o.Kept = pick(r, "", "", ownHooks, "review-1/db"), coin(r), r.IntN(10) == 0
	if flaw == 4 {
		o.Differences = []facts.Difference{{Path: "spec.replicas", Own: coin(r)}}
	}
	return o
}

func ago(r *rand.Rand) time.Duration { return time.Duration(r.IntN(7200)) * time.Second }

func coin(r *rand.Rand) bool { return r.IntN(2) == 0 }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
