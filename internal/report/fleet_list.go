package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// Fleet is a list of review apps.
type Fleet struct {
	Apps       []fleet.App
	At         time.Time // when they were listed, by the API server's clock
	Repository string    // whose apps alone are listed, with its host; empty: everybody's
	Namespace  string    // in which alone it was looked; empty: in all
	Every      bool      // releases that are not Berth's are listed, too
	Stale      bool      // what has changed since At may not be known
	// Ended is how a look at each of them ended, with a visit for each of Apps; nil: nobody looked.
	Ended *result.Result
}

// summary is how many apps there are, and how many of them are bad.
func (f Fleet) summary() string {
	noun := "review app"
	if f.Every {
		noun = "release"
	}
	s := text.Plural(len(f.Apps), noun)
	if len(f.Apps) == 0 {
		s = "No " + noun + "s"
	}
	s += f.where()
	var bad []string
	for _, state := range fleet.States {
		if n := f.count(state); n > 0 && state.Bad() {
			bad = append(bad, fmt.Sprintf("%d %s", n, state))
		}
	}
	return s + text.After(": ", strings.Join(bad, ", "))
}

// where is what the list is of.
func (f Fleet) where() (s string) {
	if f.Repository != "" {
		s = " of " + bounded(f.Repository)
	}
	if f.Namespace != "" {
		s += " in namespace " + bounded(f.Namespace)
	}
	return s
}

func (f Fleet) count(state fleet.State) (n int) {
	for i := range f.Apps {
		if f.Apps[i].State() == state {
			n++
		}
	}
	return n
}

// remarks are what a person should know of some of the apps.
func (f Fleet) remarks() (lines []string) {
	for i := range f.Apps {
		a := &f.Apps[i]
		if why := cmp.Or(a.Doubt, a.Unreadable); why != "" {
			lines = append(lines, fleetPlace(a)+": "+why)
		}
	}
	return lines
}

// maxRemarks is how many of them are shown.
const maxRemarks = 10

// WorstFirst returns the apps with those first at which a person should look, and of these and of
// the others those first that were deployed last.
func WorstFirst(apps []fleet.App) []fleet.App {
	sorted := slices.Clone(apps)
	rank := map[bool]int{true: 0, false: 1}
	slices.SortStableFunc(sorted, func(a, b fleet.App) int {
		return cmp.Or(cmp.Compare(rank[a.State().Bad()], rank[b.State().Bad()]), b.Deployed.Compare(a.Deployed))
	})
	return sorted
}
