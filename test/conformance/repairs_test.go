//go:build conformance

package conformance

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/test/faultproxy"
)

// repairs are the rows about repairs themselves: run twice, interrupted, and
// rightly not performed.
var repairs = []row{
	{ID: "T74", Setup: "pending, all in place",
		Action: "repair twice", End: "the second does nothing", Exit: "0 + warning, 0", run: func(s *fixture) {
			s.killBefore(s.proxy(), finalUpdate, "deploy")
			s.berth("repair").exit(0).warned("Release repaired")
			before, pods := s.recordVersions(), s.pods()
			s.berth("repair").exit(0).says("Nothing to repair")
			s.unchanged(before)
			s.samePods(pods)
		}},
	{ID: "T75", Setup: "kill -9 in each repair: " + listed(interruptedRepairs),
		Action: "the same again", End: "converges, each", Exit: exitsOf(interruptedRepairs),
		Gone: true, Slow: true, run: func(s *fixture) { s.runSideBySide(interruptedRepairs) }},
	{ID: "T76", Setup: "a post-install hook, success in the process, every PUT of the record failed", Action: "repair",
		End: "promoted, since the Lease says that the hooks are proven", Exit: "0 + warning", run: func(s *fixture) {
			p := s.proxy()
			failing := p.On(faultproxy.Match{Verb: "update", Resource: "secrets"}, faultproxy.Answer(500, "etcdserver: leader changed"))
			s.berth("deploy", "--timeout", "1m", "--set", "hooks.post-install.policy=hook-succeeded").exit(26)
			failing.Off()
			s.stored("v1 pending-install")
			s.hasNoJobs()
			if s.lease("attempt-hooks-proven") != "true" {
				s.t.Error("the Lease does not say that the hooks are proven")
			}
			pods := s.pods()
			s.berth("repair").exit(0).warned("Release repaired")
			s.stored("v1 deployed")
			s.samePods(pods)
		}},
	{ID: "T77", Setup: "pending, and an object was edited since",
		Action: "repair, then check", End: "not promoted", Exit: "24, 24", Pending: "pending-install", run: func(s *fixture) {
			s.killBefore(s.proxy(), finalUpdate, "deploy")
			_, err := s.Client().CoreV1().ConfigMaps(s.namespace).Patch(s.t.Context(), s.release, types.MergePatchType,
				[]byte(`{"data":{"greeting":"edited"}}`), metav1.PatchOptions{})
			if err != nil {
				s.t.Fatal(err)
			}
			before := s.recordVersions()
			s.berth("repair").exit(24).says("ConfigMap/web", "differs") // once the killed run counts as dead
			s.berth("check").exit(24).says("ConfigMap/web", "differs")
			s.unchanged(before)
		}},
}

// hasNoJobs fails the row if there is a Job.
func (s *fixture) hasNoJobs() {
	s.t.Helper()
	jobs, err := s.Client().BatchV1().Jobs(s.namespace).List(s.t.Context(), metav1.ListOptions{})
	if err != nil || len(jobs.Items) > 0 {
		s.t.Errorf("there are %d Jobs (%v)", len(jobs.Items), err)
	}
}
