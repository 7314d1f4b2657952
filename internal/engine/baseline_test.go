package engine

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// differing is an object of the release that differs from the manifest.
func differing(d facts.Difference) facts.Object {
	o := healthy("web")
	o.Differences = []facts.Difference{d}
	return o
}

// left is what admission made of it.
var left = facts.Difference{Path: "spec.image", Digest: "1"}

// leaves has Helm's writes leave web as it is, and notes it with the record that Helm
// ends. What hooks and controllers write comes after that.
func leaves(s *scene, since ...facts.Difference) {
	web := differing(left)
	s.helm.out.Left = facts.Baseline{}
	s.helm.out.Left.Add(web.Ref, left)
	web.Differences = append(web.Differences, since...)
	s.cluster.on("Observe", func(int) error { s.cluster.put(web); return nil })
}

// wrote holds how often a baseline was written by itself.
func wrote(times int) func(*testing.T, *scene, result.Result) {
	return func(t *testing.T, s *scene, _ result.Result) {
		t.Helper()
		if n := s.helm.calls["Accept"]; n != times {
			t.Errorf("it was written %d times, want %d", n, times)
		}
	}
}

func TestDeployNotesWhatOthersMade(t *testing.T) {
	controller := facts.Difference{Path: "spec.policy", Digest: "2", Author: "operator"}
	hand := facts.Difference{Path: "spec.policy", Digest: "2", Author: "kubectl-edit", ByHand: true}
	perform(t, []play{
		{name: "of its writes, with the record's last write", records: one, set: func(s *scene) { leaves(s) }, verb: verb.Deploy,
			reason: problem.Consistent, asked: "upgrade", stored: "1 superseded, 2 deployed", check: wrote(0)},
		{name: "since, in a write of its own", records: one, set: func(s *scene) { leaves(s, controller) }, verb: verb.Deploy,
			reason: problem.Consistent, asked: "upgrade", stored: "1 superseded, 2 deployed",
			check: func(t *testing.T, s *scene, r result.Result) {
				wrote(1)(t, s, r)
				if b := s.helm.at(2).Baseline; !b.Accepts(differing(left).Ref, left) || !b.Accepts(differing(left).Ref, controller) {
					t.Errorf("stored is %v", b)
				}
			}},
		{name: "but for a hand's", records: one, set: func(s *scene) { leaves(s, hand) }, verb: verb.Deploy, reason: problem.Inconsistent,
			asked: "upgrade", stored: "1 superseded, 2 deployed", check: wrote(0)},
		{name: "which cannot be written", records: one, set: func(s *scene) {
			leaves(s, controller)
			s.helm.fail("Accept", 1, errDown)
		}, verb: verb.Deploy, reason: problem.Unanswered, asked: "upgrade", stored: "1 superseded, 2 deployed",
			says: []string{"could not be noted"}},
		{name: "and expects it the next time", set: func(s *scene) { s.cluster.put(differing(left)) }, verb: verb.Deploy,
			records: func() []facts.Record {
				rec := by("before", revision(1, facts.StatusDeployed))
				rec.Baseline = facts.Baseline{}
				rec.Baseline.Add(differing(left).Ref, left)
				return []facts.Record{rec}
			},
			reason: problem.Consistent, asked: "upgrade", check: func(t *testing.T, s *scene, _ result.Result) {
				if !s.helm.expected.Accepts(differing(left).Ref, left) {
					t.Errorf("Helm's operation was told to expect %v", s.helm.expected)
				}
			}},
	})
}

// A check accepts what the record notes, and nothing else.
func TestCheckGoesByWhatIsNoted(t *testing.T) {
	noted := func() []facts.Record {
		rec := by("before", revision(1, facts.StatusDeployed))
		rec.Baseline = facts.Baseline{}
		rec.Baseline.Add(differing(left).Ref, left)
		return []facts.Record{rec}
	}
	other := left
	other.Digest = "other"
	perform(t, []play{
		{name: "as noted", records: noted, set: func(s *scene) { s.cluster.put(differing(left)) }, verb: verb.Check, reason: problem.Consistent},
		{name: "another value", records: noted, set: func(s *scene) { s.cluster.put(differing(other)) }, verb: verb.Check,
			reason: problem.Inconsistent},
	})
}
