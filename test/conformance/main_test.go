//go:build conformance

// Package conformance holds Berth against the matrix of everything that is
// known to leave a release stuck, and of what is known to harm others. Every row runs the real binary as a process
// of its own against the real control plane, and ends with the real Helm
// command lines reading the release and upgrading it.
//
// A row is found by its name: `go test -tags conformance -run 'TestMatrix/T39$'`.
package conformance

import (
	"cmp"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var update = flag.Bool("update", false, "write docs/conformance.md and docs/safety.md from what the rows showed")

// TestMain runs more rows at a time than there are processors: most of a row
// is waiting for the cluster.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

// matrix is all rows by their names, which is how they are printed.
var matrix = slices.SortedStableFunc(
	slices.Values(slices.Concat(permissions, dryRuns, kills, interrupts, faults, concurrency, states, charts, damaged, repairs, rooms,
		contents, convergence, readiness, crashes, chartInputs, hooksLeftovers, lostNodes, byName, probes, companions, hostileCompanions,
		whatIsKept,
		ownObjects, ownRecords, sharedNamespaces, teardownRaces, keptObjects, residents, leftoversInUse, hooksElsewhere, merges, remains,
		copiedMarks, rightBranch, secretText, laterRuns, hostileInputs, dataThatStays, hostileAnswers, hostileCredentials, hostileProcess,
		jobTokens, pullRequests, commands, othersLogs, givenOfOthers, filledLater, namedObjects, restoredData, companionsEnds, secondRuns,
		strangers, byHelm4,
		blockedTeardowns, othersFinalizers, outgrownObjects, outgrownData, finished, notItsOwn, repairsOfMany, keptLater, toldChanges,
		grantedRights, environments, madeUpKinds)),
	func(a, b row) int {
		return cmp.Or(cmp.Compare(b.ID[0], a.ID[0]), cmp.Compare(len(digits(a.ID)), len(digits(b.ID))), strings.Compare(a.ID, b.ID))
	})

// digits returns the number in a row's name: T100 comes after T99.
func digits(id string) string { return strings.TrimFunc(id, unicode.IsLetter) }

// TestMatrix runs every row as a subtest of its name.
func TestMatrix(t *testing.T) {
	var seen results
	t.Cleanup(func() { seen.report(t) }) // the rows run in parallel, after this function
	for _, r := range slowFirst(matrix) {
		t.Run(r.ID, func(t *testing.T) {
			if r.NotRun != "" {
				seen.add(r.ID, r.NotRun, false)
				t.Skip("not run: " + r.NotRun)
			}
			t.Parallel()
			s := newFixture(t, r)
			defer func() { seen.add(r.ID, s.seen, t.Failed()) }()
			s.execute()
		})
	}
}

// slowFirst begins with the rows that take longest, so that none is left alone
// at the end.
func slowFirst(rows []row) []row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int {
		switch {
		case a.Slow == b.Slow:
			return 0
		case a.Slow:
			return -1
		}
		return 1
	})
	return rows
}
