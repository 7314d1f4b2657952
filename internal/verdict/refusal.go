package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// Refuse returns why a release in this state is left alone by every verb. For a
// state that a verb can do something about it is an internal error.
func Refuse(f *facts.Facts, d Diagnosis) *problem.Problem {
	switch d.State {
	case StateLive:
		return refuse(problem.LiveOperation, d.Cause, "wait for it to end, or give a longer lock-timeout").Refusal
	case StateLivenessUnknown:
		if !f.Last().Stamp.Zero() {
			return refuse(problem.LivenessUnknown, d.Cause,
				"run again after that, or give a longer lock-timeout: Berth then heals it by itself").Refusal
		}
		return refuse(problem.LivenessUnknown, d.Cause,
			"make sure that nothing works on it any more, "+
				"then run berth repair --on-stuck promote (or unlock) with a short --assume-dead-after").Refusal
	case StateUnreadable:
		return refuse(problem.RecordUnreadable, d.Cause, "restore the record from a backup"+
			advice(f, ", or remove the release with berth teardown", "")).Refusal
	case StateForeign:
		if p := RefuseMisplaced(f); p != nil {
			return p
		}
		return refuse(problem.Foreign, d.Cause, "give this branch another slug, namespace or release name").Refusal
	case StateTerminating:
		return refuse(problem.NamespaceTerminating, d.Cause,
			"wait until it is gone, or remove what blocks it: kubectl get namespace "+f.Namespace.Name+" -o yaml").Refusal
	case StateAbsent, StateDeployed, StateTwoDeployed, StateFailed, StateNoneDeployed, StateUninstalled, StateUninstalling,
		StateRecordingFailed, StateAbandoned, StateDisagreeing:
	}
	return refuse(problem.Internal, fmt.Sprintf("refuse in state %q", d.State), "report this, please").Refusal
}

// RefuseNamespace returns why a run for this identity, of this branch, must not use a
// namespace, or nil: it belongs to another branch.
func RefuseNamespace(ns facts.Namespace, identity string, origin facts.Origin) *problem.Problem {
	if ns.Identity == "" || ns.Identity == identity {
		return nil
	}
	return &problem.Problem{Reason: problem.Foreign,
		Headline: fmt.Sprintf("Namespace `%s` belongs to another branch.", ns.Name),
		Cause:    errors.New(meets("it belongs to", ns.Origin, origin)),
		Next:     "Give this branch another app, slug or namespace."}
}

// RefuseElsewhere returns why a teardown that finds no record of a release leaves it: its
// records are in what this run does not look at.
func RefuseElsewhere(release, namespace, resource string) *problem.Problem {
	return &problem.Problem{Reason: problem.Foreign,
		Headline: fmt.Sprintf("Nothing was taken down: `%s` in `%s` has its records in %s.", release, namespace, resource),
		Cause:    errors.New("this run looks for them in what HELM_DRIVER says, and there are none"),
		Next: "Give teardown the HELM_DRIVER that the release was deployed with; or, if it is somebody else's, give this branch " +
			"another slug, namespace or release name."}
}

// RefuseUnread returns why a teardown that finds no record of a release leaves it: a run has stored one, and where it
// may be is not to be read.
func RefuseUnread(release, namespace, resource string) *problem.Problem {
	return &problem.Problem{Reason: problem.Foreign,
		Headline: fmt.Sprintf("Nothing was taken down: a run has deployed `%s` in `%s`, and no record of it is found.", release, namespace),
		Cause:    fmt.Errorf("this run looks for it in what HELM_DRIVER says, and may not list %s, where else it may be", resource),
		Next: fmt.Sprintf("Give teardown the HELM_DRIVER that the release was deployed with, or let it list %s in namespace %s.",
			resource, namespace)}
}

// meets says whose something is, and whom this run is for: two branches that meet in
// one name have to be told apart.
func meets(belongs string, owner, own facts.Origin) string {
	return fmt.Sprintf("%s %s, and this run is for %s", belongs, owner, own)
}

// refuseOtherApp returns why a release is left alone that was deployed as another app of the
// branch, or nil: apps meet in one release where its template leaves them out, and may share
// a chart.
func refuseOtherApp(f *facts.Facts, p Policy) *problem.Problem {
	app := ""
	for _, r := range f.Records { // Helm's command line says none
		app = cmp.Or(r.App, app)
	}
	last := f.Last()
	if last == nil || last.PayloadStatus == facts.StatusUninstalled || f.App == "" ||
		slices.Contains([]string{"", f.App, p.RenamedFrom}, app) {
		return nil
	}
	return &problem.Problem{Reason: problem.Foreign,
		Headline: fmt.Sprintf("Release `%s` in `%s` was left alone: it is of another app.", f.Release, f.Namespace.Name),
		Cause:    fmt.Errorf("it was deployed as app %q, and this run is for app %q", app, f.App),
		Next: "Give each app a release of its own, with {{ .App }} in release or namespace, or, where the app was renamed, " +
			"set renamed-from to its old name; to take it down, give the app that it was deployed as. Nothing was touched."}
}

// refuseOtherChart returns why a release is left alone that was deployed from a chart
// of another name, or nil. The charts of a repository without an app of their own
// have one release, and each would delete what the other brought.
func refuseOtherChart(f *facts.Facts, p Policy) *problem.Problem {
	last := f.Last()
	if last == nil || last.PayloadStatus == facts.StatusUninstalled || f.Chart == "" ||
		slices.Contains([]string{"", f.Chart, p.RenamedFrom}, last.ChartName) {
		return nil
	}
	return &problem.Problem{Reason: problem.Foreign,
		Headline: fmt.Sprintf("Release `%s` in `%s` was left alone: it is of another chart.", f.Release, f.Namespace.Name),
		Cause:    fmt.Errorf("it was deployed from chart %q, which chart %q would replace, with all that it brought", last.ChartName, f.Chart),
		Next: "Give each chart of the repository an app of its own or, where the chart was renamed, set renamed-from to its old name. " +
			"Nothing was touched."}
}

// refuseUnmarked returns why a release is left alone that nothing shows to be
// Berth's, or nil. Once deployed over, it would count as Berth's own, and the
// next teardown would remove it. action completes "to … it".
func refuseUnmarked(f *facts.Facts, p Policy, action string) *problem.Problem {
	marked := slices.ContainsFunc(f.Records, func(r facts.Record) bool { return r.Identity != "" && r.Identity == f.Identity })
	if f.Last() == nil || marked || TenancyOf(f.Namespace, f.Identity) == TenancyOwn || p.Adopt.Release {
		return nil
	}
	toAdopt := "Run again with adopt to " + action + ", if it is this branch's review app: it counts as Berth's own then, and teardown " +
		"deletes every object that its records name. Nothing was touched."
	if p.ByName {
		toAdopt = "Run again with adopt to " + action + ", or with the on-stuck that you want. Nothing was touched."
	}
	return &problem.Problem{Reason: problem.Foreign, Next: toAdopt,
		Headline: fmt.Sprintf("Release `%s` in `%s` was left alone: nothing shows that Berth deployed it.", f.Release, f.Namespace.Name)}
}

// RefuseAdoption returns why a namespace cannot be adopted as told, or nil: it is
// Kubernetes' own.
func RefuseAdoption(namespace string, p Policy) *problem.Problem {
	if !p.Adopt.Namespace || !(facts.Namespace{Name: namespace}).System() {
		return nil
	}
	return &problem.Problem{Reason: problem.WrongInput,
		Headline: fmt.Sprintf("Namespace `%s` cannot be adopted: it is Kubernetes' own, which Berth neither marks nor deletes.", namespace),
		Next:     "Leave namespace and all out of adopt: true takes the release, Kind/name an object."}
}

// AwaitOperation returns whether an operation may be at work on the release whose
// end is worth waiting for. A teardown does not wait for an uninstall: it would
// only do the same.
func AwaitOperation(f *facts.Facts, d Diagnosis, teardown bool) bool {
	if d.State != StateLive && d.State != StateLivenessUnknown {
		return false
	}
	return !teardown || f.Last().PayloadStatus != facts.StatusUninstalling
}
