package verdict

import (
	"fmt"
	"slices"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

// The newest deployed record below one that failed is in service: Helm compares with it.
func TestSuperfluous(t *testing.T) {
	deployed := []facts.Record{stored(1, facts.StatusDeployed), stored(2, facts.StatusSuperseded), stored(3, facts.StatusDeployed)}
	for last, want := range map[facts.Status]string{
		facts.StatusDeployed: "[1 3]", facts.StatusUninstalled: "[1 3]", facts.StatusPendingUpgrade: "[1 3]",
		facts.StatusFailed: "[1]", facts.StatusSuperseded: "[1]",
	} {
		var got []int
		for _, r := range Superfluous(given(append(slices.Clone(deployed), stored(4, last))...)) {
			got = append(got, r.Revision)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("below one that is %s: %v, want %s", last, got, want)
		}
	}
	if got := Superfluous(given(stored(1, facts.StatusFailed))); len(got) > 0 {
		t.Errorf("of none that is deployed: %v", got)
	}
}
