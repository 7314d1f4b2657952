package report

import (
	"testing"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// A dry run that says that a real one would leave something has no mark of success.
func TestMarkOfADryRun(t *testing.T) {
	for _, tt := range []struct {
		sweep result.Sweep
		want  string
	}{
		{result.Sweep{DryRun: true}, "✓"},
		{result.Sweep{DryRun: true, Stopped: "Too many."}, "!"},
		{result.Sweep{DryRun: true, Apps: []result.SweptApp{{Silenced: true}}}, "!"},
	} {
		if got := textMark(result.Result{Exit: result.Exit{Reason: problem.Consistent}, Sweep: &tt.sweep}); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.sweep, got, tt.want)
		}
	}
}
