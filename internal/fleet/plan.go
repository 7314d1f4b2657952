package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// Limits bound what one sweep takes down.
type Limits struct {
	MaxApps      int // of one repository; 0: any number
	MaxDeletions int
	// YesMany says that more than half of the apps may go.
	YesMany bool
}

// manyFrom is from how many apps on more than half of them are too many to go at once.
const manyFrom = 10

// Plan is which apps go, as indexes into those that it was made of.
type Plan struct {
	Decisions []Decision // of each app, with those that are over max-apps
	Take      []int      // in this order: first those that are over for themselves, oldest first
	Later     []int      // are to go as well, and are over max-deletions
	// Refused is why nothing goes, as a clause; empty: nothing was refused. What would go is
	// in Later then.
	Refused string
}

// NewPlan returns what goes of the apps that were decided about: the same apps in the same
// order. It decides of those that are over max-apps itself.
func NewPlan(apps []App, decisions []Decision, l Limits) Plan {
	p := Plan{Decisions: slices.Clone(decisions)}
	if l.MaxApps > 0 {
		for _, of := range byRepository(apps, p.Decisions) {
			p.markOver(apps, of, l.MaxApps)
		}
	}
	var wanted []int
	for i := range apps {
		if p.Decisions[i].Wanted() {
			wanted = append(wanted, i)
		}
	}
	slices.SortStableFunc(wanted, func(a, b int) int {
		return cmp.Or(compareBool(p.Decisions[a].Reason == ReasonOver, p.Decisions[b].Reason == ReasonOver), older(apps[a], apps[b]))
	})
	if !l.YesMany {
		p.Refused = p.refusal(apps)
	}
	n := min(len(wanted), max(l.MaxDeletions, 0))
	if p.Refused != "" {
		n = 0
	}
	p.Take, p.Later = wanted[:n], wanted[n:]
	return p
}

// byRepository returns the indexes of the apps that a sweep is about, by repository, without
// those that are going anyway.
func byRepository(apps []App, decisions []Decision) map[string][]int {
	of := map[string][]int{}
	for i, app := range apps {
		if decisions[i].Hold != HoldForeign && !app.Going && app.Repository != "" {
			of[app.Repository] = append(of[app.Repository], i)
		}
	}
	return of
}

// known reports whether it is known whose an app is. Otherwise whoever may write what passes for one
// would have others go for it.
func (p *Plan) known(i int) bool {
	hold := p.Decisions[i].Hold
	return hold != HoldUnstamped && hold != HoldDoubt && hold != HoldUnmarked
}

// markOver decides which apps of one repository are too many once those that are wanted are
// gone. What is held counts, and stays, unless it is not known whose it is.
func (p *Plan) markOver(apps []App, of []int, most int) {
	staying := slices.DeleteFunc(slices.Clone(of), func(i int) bool { return p.Decisions[i].Wanted() || !p.known(i) })
	tooMany := len(staying) - most
	slices.SortStableFunc(staying, func(a, b int) int { return older(apps[a], apps[b]) })
	for _, i := range staying {
		if tooMany <= 0 {
			return
		}
		if d := &p.Decisions[i]; d.over == HoldNone {
			tooMany--
			d.Reason, d.Because, d.Hold, d.Held = ReasonOver, overBecause(most), HoldNone, ""
		}
	}
	p.markSilenced(staying, tooMany, most)
}

// markSilenced says of those that are still too many which would go, had the platform answered. They stay.
func (p *Plan) markSilenced(staying []int, tooMany, most int) {
	for _, i := range staying {
		if p.Decisions[i].Silenced() {
			tooMany-- // it would make room
		}
	}
	for _, i := range staying {
		if d := &p.Decisions[i]; tooMany > 0 && d.Reason == ReasonNone && d.overSilent {
			tooMany--
			d.Reason, d.Because, d.Hold, d.Held = ReasonOver, overBecause(most), d.over, d.overHeld
		}
	}
}

func overBecause(most int) string {
	return fmt.Sprintf("its repository has more review apps than %d, and it is one of those that were deployed longest ago", most)
}

// refusal returns why nothing may go, as a clause, or "".
func (p *Plan) refusal(apps []App) string {
	everything := []int{}
	groups := byRepository(apps, p.Decisions)
	for _, of := range groups {
		everything = append(everything, of...)
	}
	refused := []string{}
	for _, of := range groups {
		if why := p.tooMany(of, "of "+clause(apps[of[0]].Origin.Repository)); why != "" {
			refused = append(refused, why)
		}
	}
	if len(refused) == 0 {
		return p.tooMany(everything, "that were found")
	}
	slices.Sort(refused)
	return strings.Join(refused, ", and ")
}

func (p *Plan) tooMany(of []int, which string) string {
	wanted, known := 0, 0
	for _, i := range of {
		if p.Decisions[i].Wanted() {
			wanted++
		}
		if p.known(i) {
			known++
		}
	}
	if len(of) < manyFrom || 2*wanted <= known {
		return ""
	}
	return fmt.Sprintf("%d of the %s %s would go, which is more than half", wanted, text.Plural(known, "review app"), which)
}

// OverMax returns the apps of a repository where there are too many for one more: where the
// branch with that identity has none, and max or more others have. A branch that has an app
// is never one too many. Of namespaces that Berth did not mark, that one counts which is named.
func OverMax(apps []App, repositoryHash, identity, namespace string, most int) []App {
	if most <= 0 || repositoryHash == "" {
		return nil
	}
	var running []App
	for _, app := range apps {
		switch {
		case app.Repository != repositoryHash, app.Going:
		case app.Identity == identity:
			return nil
		case app.Doubt != "", !app.believed(namespace):
		default:
			running = append(running, app)
		}
	}
	if len(running) < most {
		return nil
	}
	slices.SortStableFunc(running, older)
	return running
}

// older orders apps by their last deploy, the oldest first.
func older(a, b App) int {
	return cmp.Or(a.Deployed.Compare(b.Deployed), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Release, b.Release))
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
