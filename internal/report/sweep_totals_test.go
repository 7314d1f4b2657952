package report

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

func TestSweepTotals(t *testing.T) {
	var totals result.SweepTotals
	at := fleetAt
	went, kept := result.SweptApp{Fate: result.FateWent}, result.SweptApp{Fate: result.FateKept}
	failed := result.SweptApp{Fate: result.FateFailed}
	for _, r := range []result.Result{
		{Exit: result.Exit{Reason: problem.Consistent}, Sweep: &result.Sweep{Apps: []result.SweptApp{went, kept}}},
		{Exit: result.Exit{Reason: problem.NothingToDo}, Sweep: &result.Sweep{}},
		{Exit: result.Exit{Reason: problem.SweepIncomplete}, Sweep: &result.Sweep{Apps: []result.SweptApp{failed, went}}},
		{Exit: result.Exit{Reason: problem.Consistent}, Sweep: &result.Sweep{DryRun: true, Apps: []result.SweptApp{{Fate: result.FateWouldGo}}}},
		{Exit: result.Exit{Reason: problem.Terminated}, Sweep: &result.Sweep{}},
		{Exit: result.Exit{Reason: problem.PermissionMissing}},
	} {
		at = at.Add(time.Hour)
		totals = totals.With(r, at)
	}
	want := result.SweepTotals{Ends: map[result.SweepEnd]int64{"complete": 2, "incomplete": 1, "dry-run": 1, "interrupted": 1, "failed": 1},
		Deleted: 2, Failed: 1, LastRun: fleetAt.Add(6 * time.Hour), LastSuccess: fleetAt.Add(2 * time.Hour)}
	if !reflect.DeepEqual(totals, want) {
		t.Errorf("got %+v, want %+v", totals, want)
	}
	data, err := SweepTotalsJSON(totals)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := ReadSweepTotals(data); err != nil || !reflect.DeepEqual(read, totals) {
		t.Errorf("%v: %+v of %s", err, read, data)
	}
	with := func(a, b string) string { return strings.Replace(data, a, b, 1) }
	deleted := func(n string) string { return with(`"deleted":2`, `"deleted":`+n) }
	for _, wrong := range []string{
		"{}", "null", "[]", "x", data + data, data + "x", with("/v1", "/v2"), deleted("-2"), deleted("99999999999999999"), deleted("1e400"),
		deleted("2.5"), with(`"failed":1,"lastRun"`, `"failed":1,"more":1,"lastRun"`), with(`"complete"`, `"} 1\n"`),
		with("2026-11-30T18", "yesterday"), data + strings.Repeat(" ", maxTotals),
	} {
		if read, err := ReadSweepTotals(wrong); err == nil {
			t.Errorf("%s was read as %+v", wrong, read)
		}
	}
}
