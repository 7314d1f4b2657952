package verdict

import (
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// Deployed returns the newest record that is labelled deployed, or an empty one where
// there is none.
func Deployed(f *facts.Facts) facts.Record {
	for _, rec := range slices.Backward(f.Records) {
		if rec.LabelStatus == facts.StatusDeployed {
			return rec
		}
	}
	return facts.Record{}
}

// expectedDifferences returns what the coming operation may leave as it differs: what the deployed
// record accepts. It is nil where nobody noted that, so that it may be presumed by who
// wrote what differs; and empty where a revision has failed: the release's own writes
// may be that one's then, and are no sign of admission. Helm compares the manifests of
// custom resources alone, so that its next good revision may have left them, too.
func expectedDifferences(f *facts.Facts) facts.Baseline {
	deployed, last := Deployed(f), f.Last()
	if deployed.Baseline == nil && last != nil && (last.Revision != deployed.Revision || len(failed(f, nil)) > 0) {
		return facts.Baseline{}
	}
	return deployed.Baseline
}

// BaselineOf returns what may differ from the last record's manifest: what is stored
// with it or, where this run has written the objects itself, what differs now and
// was made of them by others. That is what admission made of the writes, and what
// was written since by the release's own hooks and pods, and by controllers.
//
// What a person has written since is none of it, nor what differed before and could
// not be mended: the release is not as it was reported then.
func BaselineOf(f *facts.Facts, r Reported, p Policy) facts.Baseline {
	last := f.Last()
	switch {
	case last == nil:
		return nil
	case r.Left == nil:
		return last.Baseline
	}
	runs := runsItself(last, f.Objects)
	b := facts.Baseline{}
	for _, o := range f.Objects {
		for _, d := range o.Differences {
			switch {
			case ignores(p.IgnoreDrift, o.Ref, d.Path):
			case r.Left.Accepts(o.Ref, d), r.Unmended[o.Ref] == nil && byOthers(o, d, runs):
				b.Add(o.Ref, d)
			}
		}
	}
	return b
}

// byOthers returns whether a difference that came after the run's own write of the
// object is none of a person's: written by a controller or, where the release runs
// something itself, possibly by that.
func byOthers(o facts.Object, d facts.Difference, runsItself bool) bool {
	switch {
	case d.Own: // Helm's command line calls itself as Berth does
		return false
	case d.Author == "" || d.ByHand:
		return runsItself && !workloads[o.Kind]
	}
	return true
}

// workloads are the kinds whose contents are what runs. No hook has to change them
// with a person's tool: the chart says what they are.
var workloads = map[string]bool{"CronJob": true, "DaemonSet": true, "Deployment": true, "Job": true, "Pod": true, "ReplicaSet": true,
	"StatefulSet": true}

// runsItself returns whether something of the release itself may have changed its
// objects after they were applied: a hook that runs then, or a Job.
func runsItself(last *facts.Record, objects []facts.Object) bool {
	after := func(event string) bool { return strings.HasPrefix(event, "post-") }
	return slices.ContainsFunc(last.Hooks, func(h facts.Hook) bool { return slices.ContainsFunc(h.Events, after) }) ||
		slices.ContainsFunc(objects, func(o facts.Object) bool { return o.Kind == "Job" || o.Kind == "Pod" })
}
