//go:build node

// Package rows holds Berth against one real node: a kubelet, containerd and runc
// beside the embedded control plane. Every row runs the real binary as a process of
// its own; what it says, how it ends and how long it takes is in the row.
//
// The package's tests are run by the command node, in its namespaces:
// `make test-node ROW=N07`.
package rows

import (
	"cmp"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/real-node.md from what the rows showed")

// TestMain runs many rows at a time: nearly all of a row is waiting for the kubelet.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "12")
	os.Exit(m.Run())
}

// table is all rows by their names, which is how they are printed.
var table = slices.SortedStableFunc(
	slices.Values(slices.Concat(rollouts, pulls, crashes, siblings, jobs, starts, placements, endings, nodes, sweepers)),
	func(a, b row) int { return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID)) })

// full tells whether the rows are run that take too long for every change.
func full() bool { return os.Getenv("BERTH_TEST_FULL") != "" || *update }

// TestNode runs every row as a subtest of its name.
func TestNode(t *testing.T) {
	var seen results
	t.Cleanup(func() { seen.report(t) }) // the rows run in parallel, after this function
	play := func(r row) {
		t.Run(r.ID, func(t *testing.T) {
			if r.Full && !full() {
				t.Skip("takes too long for every change: FULL=1")
			}
			if !r.Alone {
				t.Parallel()
			}
			s := newScenario(t, r)
			defer func() { seen.add(r.ID, s.observed(), t.Failed()) }()
			s.play()
		})
	}
	// The rows that stop the kubelet go first, one by one, before the others begin.
	for _, r := range longFirst(table) {
		play(r)
	}
}

// longFirst begins with the rows that take longest, so that none is left alone at
// the end. Those that run alone have to begin anyway.
func longFirst(rows []row) []row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.Long, a.Long) })
	return rows
}
