package cli

import (
	"context"
	"time"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/totals"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// countTime bounds how long a sweep tries to count itself at its end.
const countTime = 20 * time.Second

// count adds how a sweep ended to what all sweeps have counted, where there is a place for that. It
// returns a note where it could not: the sweep has done what it did.
func count(ctx context.Context, conn *kube.Conn, o *input.Options, r result.Result) []result.Note {
	namespace, name := o.TotalsName()
	if name == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTime) // one that was interrupted counts, too
	defer cancel()
	err := totals.Update(ctx, conn.Clientset(), namespace, name, report.SweepTotalsKey, func(before string) (string, error) {
		t, err := readTotals(before)
		if err != nil {
			return "", err
		}
		return report.SweepTotalsJSON(t.With(r, server{conn}.Now()))
	})
	if err == nil {
		return nil
	}
	return []result.Note{{Level: result.LevelWarning, Title: "The sweep is not counted",
		Message: "Could not write " + report.SweepTotalsKey + " of the ConfigMap " + o.Totals + ": " + err.Error()}}
}
