package verdict

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// copied makes a record of these facts one that was copied from elsewhere.
func copied(revision int) func(*facts.Facts) {
	return func(f *facts.Facts) {
		r := &f.Records[revision-1]
		r.Key, r.Resource = fmt.Sprintf("sh.helm.release.v1.web.v%d", revision), "secrets"
		r.Misplaced = `it holds revision 1 of release "web" in namespace "prod"`
		r.Content = facts.Content{Loaded: true, DecodeError: r.Misplaced}
	}
}

// Whichever of the records was copied, every verb names it and touches nothing, with
// adopt and whatever on-stuck says, too.
func TestMisplacedRecordsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		f    *facts.Facts
		says []string
	}{
		"the last":       {with(given(stored(1, facts.StatusDeployed)), copied(1)), []string{"web.v1", `namespace "prod"`}},
		"an earlier one": {with(given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed)), copied(1)), []string{"web.v1"}},
		"pending":        {with(given(stored(1, facts.StatusPendingInstall)), copied(1)), []string{"web.v1"}},
		"another branch's": {with(with(given(stored(1, facts.StatusDeployed)), copied(1)),
			func(f *facts.Facts) { f.Records[0].Identity = "theirs" }), []string{"web.v1"}},
		"two of them": {with(with(given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed)), copied(1)), copied(2)),
			[]string{"web.v1", "web.v2"}},
	} {
		for _, on := range []OnStuck{OnStuckAuto, OnStuckPromote, OnStuckUnlock, OnStuckRollback, OnStuckUninstall, OnStuckFail} {
			p := onStuck(on)
			p.Adopt = Adoption{Release: true, Namespace: true}
			d := Diagnose(c.f, p)
			if d.State != StateForeign || AwaitOperation(c.f, d, false) {
				t.Errorf("%s: state %s", name, d.State)
			}
			for verb, refusal := range map[string]*problem.Problem{
				"deploy": PlanDeploy(c.f, d, p).Refusal, "repair": PlanRepair(c.f, d, p).Refusal, "teardown": PlanTeardown(c.f, d, p, false).Refusal,
				"check":                    EndCheck(c.f, d, Reported{}, Checks(c.f, Reported{}, p)),
				"what on-failure asks for": PlanAfterFailure(c.f, 2, p).Refusal,
			} {
				checkProblem(t, refusal, problem.Foreign)
				for _, part := range slices.Concat(c.says, []string{"kubectl delete secrets ", "--namespace review-1"}) {
					if refusal == nil || !strings.Contains(refusal.Headline+refusal.Next, part) {
						t.Errorf("%s of %s does not say %q: %+v", verb, name, part, refusal)
					}
				}
			}
		}
	}
	odd := with(given(stored(1, facts.StatusDeployed)), copied(1))
	odd.Records[0].Key = "web; rm -rf /"
	if p := RefuseMisplaced(odd); strings.Contains(p.Next, "$ ") {
		t.Errorf("it puts any name into a command: %s", p.Next)
	}
	if p := RefuseMisplaced(given(stored(1, facts.StatusDeployed))); p != nil {
		t.Errorf("nothing is misplaced: %+v", p)
	}
}

func TestRecordsToRead(t *testing.T) {
	hidden := func(f *facts.Facts) { f.Records[0].Hidden = true }
	deployed, superseded, failed := facts.StatusDeployed, facts.StatusSuperseded, facts.StatusFailed
	for name, c := range map[string]struct {
		f     *facts.Facts
		every bool
		want  []int
	}{
		"one alone":                {given(stored(1, deployed)), false, nil},
		"upgraded":                 {given(stored(1, superseded), stored(2, superseded), stored(3, deployed)), false, nil},
		"every one":                {given(stored(1, superseded), stored(2, superseded), stored(3, deployed)), true, []int{1, 2}},
		"two deployed":             {given(stored(1, deployed), stored(2, superseded), stored(3, deployed)), false, []int{1}},
		"one that lost its labels": {with(given(stored(1, superseded), stored(2, deployed)), hidden), false, []int{1}},
		"failed":                   {given(stored(1, superseded), stored(2, deployed), stored(3, failed), stored(4, failed)), false, []int{2, 3}},
		"failed, none deployed":    {given(stored(1, failed), stored(2, superseded), stored(3, failed)), false, []int{2}},
		"pending": {given(stored(1, superseded), stored(2, superseded), stored(3, facts.StatusPendingUpgrade)), false,
			[]int{2}},
		"the last is unreadable": {with(given(stored(1, superseded), stored(2, deployed)),
			func(f *facts.Facts) { f.Records[1].DecodeError = "x" }), false, []int{1}},
	} {
		var got []int
		for _, r := range RecordsToRead(c.f, c.every) {
			got = append(got, r.Revision)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
