package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// copiedTypes are the types of Secret that may be copied: those in which people keep data of
// their own. Kubernetes, Helm or a controller acts on any other.
var copiedTypes = []string{
	"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg", "kubernetes.io/tls", "Opaque", "kubernetes.io/basic-auth",
	"kubernetes.io/ssh-auth",
}

// RefuseSource returns why a Secret is not copied, or nil.
func RefuseSource(s facts.Source) *problem.Problem {
	switch {
	case !s.Exists:
		return &problem.Problem{Reason: problem.WrongInput, Tried: "copy Secret " + s.String(),
			Cause: errors.New("there is no such Secret"), Next: "Correct copy-secret, or create the Secret. Nothing was touched."}
	case !slices.Contains(copiedTypes, s.Type):
		return &problem.Problem{Reason: problem.WrongInput, Tried: "copy Secret " + s.String(),
			Cause: fmt.Errorf("its type is %q, and only those are copied in which people keep data of their own: %s", s.Type,
				strings.Join(copiedTypes, ", ")),
			Next: "Leave it out of copy-secret. Nothing was touched."}
	}
	return nil
}

// WithoutQuota returns why the input quota is not applied in a namespace, or "": whoever
// made it says what may run there, and in a shared one each branch would say something else.
func WithoutQuota(ns facts.Namespace, identity string) string {
	switch why := stays(ns, identity); {
	case ns.Phase == facts.NamespaceAbsent: // it is made for this branch
		return ""
	case why != "":
		return why
	case !ns.Adopted.IsZero():
		return "Berth adopted it, and did not make it"
	}
	return ""
}

// CompanionAction is what is done about one companion.
type CompanionAction string

// The actions.
const (
	CompanionWrite  CompanionAction = "write"  // make it, or write what is wanted over it
	CompanionShare  CompanionAction = "share"  // note for which releases it is there, alone
	CompanionRemove CompanionAction = "remove" // this release was the last that it was there for
)

// CompanionStep is one of them.
type CompanionStep struct {
	Action    CompanionAction
	Companion facts.Companion
	Releases  []string // that it is there for afterwards
}

// CompanionPlan is what is done about the companions of a release.
type CompanionPlan struct {
	Steps   []CompanionStep   // before the chart is deployed
	After   []CompanionStep   // once it is, and runs: until then the revision before may need them
	Left    []facts.Companion // they were this release's, and are left as they are
	Refusal *problem.Problem
}

// PlanCompanions returns what is done about the companions that a release is to have, and about
// the others that there are in its namespace. release tells it from the others of that. What
// stands under the name of a wanted one and is not Berth's is never written over, whatever
// adopt says: nobody could tell what it held. A copy that is not wanted any more is what the pods
// that run may have been made with, and those of a revision that a failed deploy goes back to. A
// quota goes or is written first, since it may be in the way of what comes, copies included.
func PlanCompanions(release string, wanted, others []facts.Companion) CompanionPlan {
	plan := planOthers(release, others)
	for _, c := range quotasFirst(wanted) {
		with := c.Releases
		if !slices.Contains(with, release) {
			with = append(slices.Clone(with), release)
		}
		switch p := refuseCompanion(release, c); {
		case p != nil:
			return CompanionPlan{Refusal: p}
		case !c.Exists():
			plan.add(CompanionWrite, c, []string{release})
		case !c.Same || c.Source != c.Made:
			plan.add(CompanionWrite, c, with)
		case len(with) != len(c.Releases):
			plan.add(CompanionShare, c, with)
		}
	}
	return plan
}

// quotasFirst returns companions with those that are of the input quota before the copies.
func quotasFirst(all []facts.Companion) []facts.Companion {
	first := slices.DeleteFunc(slices.Clone(all), func(c facts.Companion) bool { return c.Source != "" })
	return append(first, slices.DeleteFunc(slices.Clone(all), func(c facts.Companion) bool { return c.Source == "" })...)
}

// planOthers returns what is done about those that are not wanted.
func planOthers(release string, others []facts.Companion) (plan CompanionPlan) {
	for _, c := range others {
		without := slices.DeleteFunc(slices.Clone(c.Releases), func(r string) bool { return r == release })
		switch {
		case c.Deleting:
		case !c.Ours && (len(c.Releases) == 0 || len(without) < len(c.Releases)): // it was marked, and is not any more
			plan.Left = append(plan.Left, c)
		case !c.Ours:
		case len(without) == len(c.Releases): // it is none of this release's
		case len(without) == 0 && c.KeepWhy != "":
			plan.Left = append(plan.Left, c)
		default:
			plan.drop(c, without)
		}
	}
	return plan
}

// MakeWay returns the plan in which that comes before the chart which would be in its way: what
// has the name of a Secret that the chart makes.
func (p CompanionPlan) MakeWay(makes func(name string) bool) CompanionPlan {
	after := p.After
	p.Steps, p.After = slices.Clone(p.Steps), nil
	for _, s := range after {
		if s.Action == CompanionRemove && makes(s.Companion.Name) {
			p.Steps = append(p.Steps, s)
		} else {
			p.After = append(p.After, s)
		}
	}
	return p
}

// drop adds that the release does without a companion, which is there for these others.
func (p *CompanionPlan) drop(c facts.Companion, others []string) {
	step := CompanionStep{CompanionRemove, c, others}
	if len(others) > 0 {
		step.Action = CompanionShare
	}
	if c.Kind == "Secret" {
		p.After = append(p.After, step)
	} else {
		p.Steps = append(p.Steps, step)
	}
}

func (p *CompanionPlan) add(action CompanionAction, c facts.Companion, releases []string) {
	p.Steps = append(p.Steps, CompanionStep{action, c, releases})
}

// refuseCompanion returns why what stands under the name of a companion is left alone, or nil.
func refuseCompanion(release string, c facts.Companion) *problem.Problem {
	foreign := slices.DeleteFunc(slices.Clone(c.Releases), func(r string) bool { return r == release })
	switch {
	case !c.Exists():
		return nil
	case c.Deleting:
		return &problem.Problem{Reason: problem.Inconsistent, Tried: "write " + c.In(c.Namespace) + " as " + whatCompanion(c),
			Cause: errors.New("what has that name is being deleted"), Next: "Run again once it is gone. Nothing was deployed."}
	case !c.Ours:
		return &problem.Problem{Reason: problem.Foreign,
			Headline: fmt.Sprintf("`%s` in `%s` was left alone: Berth did not make it.", c.In(c.Namespace), c.Namespace),
			Cause:    errors.New("nothing on it says that it is " + whatCompanion(c) + ", and it is never written over"), Next: nextCompanion(c)}
	case c.Made != c.Source && len(foreign) > 0:
		return &problem.Problem{Reason: problem.Foreign,
			Headline: fmt.Sprintf("`%s` in `%s` was left alone: it is another release's.", c.In(c.Namespace), c.Namespace),
			Cause: fmt.Errorf("it is a copy of %q, and there for %s; this run would make it %s", c.Made,
				strings.Join(ReleaseNames(foreign), ", "), whatCompanion(c)), Next: nextCompanion(c)}
	case c.Remake && c.KeepWhy != "":
		return &problem.Problem{Reason: problem.Foreign,
			Headline: fmt.Sprintf("`%s` in `%s` was left alone: it would have to be made anew.", c.In(c.Namespace), c.Namespace),
			Cause:    errors.New(c.KeepWhy), Next: "Remove it by hand once nobody needs it, then run again. Nothing was deployed."}
	}
	return nil
}

// whatCompanion says what a companion is made of.
func whatCompanion(c facts.Companion) string {
	if c.Source == "" {
		return "of the input quota"
	}
	return "a copy of " + c.Source
}

func nextCompanion(c facts.Companion) string {
	if c.Source == "" {
		return "Give the document in the file of quota another name, or remove what is there if it is nobody's. Nothing was deployed."
	}
	return fmt.Sprintf("Give copy-secret another name for the copy, as %s=NAME, or remove what is there if it is nobody's. "+
		"Nothing was deployed.", c.Source)
}

// ReleaseNames returns the names of releases that companions are there for.
func ReleaseNames(releases []string) []string {
	all := make([]string, len(releases))
	for i, r := range releases {
		all[i], _, _ = strings.Cut(r, "/")
	}
	return all
}

// WhyLeft returns why a companion is left that was made for a release that is gone.
func WhyLeft(c facts.Companion) string {
	if c.KeepWhy != "" {
		return c.KeepWhy
	}
	return "nothing on it says that it is a copy of Berth's"
}

// CheckCompanions returns why the copies of Secrets are not as they were made, or nil.
func CheckCompanions(wanted []facts.Companion, release string) *problem.Problem {
	var faults []string
	name := ReleaseNames([]string{release})[0] // of a release by its name, no branch is known
	for _, c := range wanted {
		switch {
		case !c.Exists() || c.Deleting:
			faults = append(faults, fmt.Sprintf("%s, the copy of %s, is gone", c.In(c.Namespace), c.Source))
		case !c.Ours || c.Made != c.Source:
			faults = append(faults, fmt.Sprintf("%s is not the copy of %s", c.In(c.Namespace), c.Source))
		case !slices.Contains(ReleaseNames(c.Releases), name):
			faults = append(faults, fmt.Sprintf("%s, the copy of %s, is there for other releases and not for this one", c.In(c.Namespace), c.Source))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &problem.Problem{Reason: problem.Inconsistent,
		Headline: "A Secret that copy-secret names is not as it was copied: " + faults[0] + ".",
		Cause:    errors.New(strings.Join(faults, "; ")), Next: "Deploy again: it is copied anew."}
}
