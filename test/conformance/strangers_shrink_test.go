//go:build conformance

package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// shrinkRuns bounds how often a case that failed is played again.
const shrinkRuns = 12

// shrunk returns the smallest case that is found to show the same: with fewer strangers,
// then with fewer steps.
func (tr trial) shrunk(t *testing.T, all *cluster, group string, f fault) trial {
	t.Helper()
	runs := 0
	shows := func(smaller trial) bool {
		if runs++; runs > shrinkRuns {
			return false
		}
		failed := false
		t.Run("shrink", func(t *testing.T) { failed = len(smaller.play(t, all, group).faults) > 0 })
		return failed
	}
	small := tr
	small.steps = tr.steps[:f.step+1]
	if f.stranger >= 0 {
		alone := small
		alone.strangers = slices.DeleteFunc(slices.Clone(tr.strangers), func(s stranger) bool {
			return !s.needed && s.text != tr.strangers[f.stranger].text
		})
		if shows(alone) {
			small = alone
		}
	}
	for i := len(small.strangers) - 1; i >= 0 && len(small.strangers) > 1; i-- {
		if small.strangers[i].needed {
			continue
		}
		fewer := small
		if fewer.strangers = slices.Delete(slices.Clone(small.strangers), i, i+1); shows(fewer) {
			small = fewer
		}
	}
	for i := len(small.steps) - 2; i >= 0; i-- {
		if fewer := small.without(i); shows(fewer) {
			small = fewer
		}
	}
	return small
}

// without is the case without a step.
func (tr trial) without(i int) trial {
	tr.steps = slices.Delete(slices.Clone(tr.steps), i, i+1)
	tr.strangers = slices.Clone(tr.strangers)
	for j := range tr.strangers {
		if tr.strangers[j].from > i {
			tr.strangers[j].from--
		}
	}
	return tr
}

// String is the case for people.
func (tr trial) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Berth makes the namespace: %t; driver %s; StatefulSet %t; hooks' policy %s\n", tr.goes, tr.driver, tr.database, tr.policy)
	for i, step := range tr.steps {
		for _, s := range tr.strangers {
			if s.from == i {
				fmt.Fprintf(&b, "  there is %s\n", s.what)
			}
		}
		fmt.Fprintf(&b, "  berth %s\n", step)
	}
	return b.String()
}

// sum says what the cases were.
func sum(all []played, seed uint64) string {
	runs, made, count := map[string]int{}, 0, 0
	for _, p := range all {
		made += p.strangers
		for _, e := range p.exits {
			runs[e]++
			count++
		}
	}
	var each []string
	for _, e := range slices.Sorted(maps.Keys(runs)) {
		each = append(each, fmt.Sprintf("%s: %d", e, runs[e]))
	}
	return fmt.Sprintf("%d cases from seed %d on, %d objects of others, %d runs (%s)", len(all), seed, made, count, strings.Join(each, ", "))
}
