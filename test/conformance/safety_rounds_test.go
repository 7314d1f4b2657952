//go:build conformance

package conformance

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// repairsOfMany are the rows about repair --all, of which nobody has said what is to be done to one app: it
// deletes nothing by auto and moves nothing away, leaves what is to be kept, and calls nothing well that failed.
var repairsOfMany = []row{
	{ID: "S350", Setup: "an app that failed, of whose record the label says deployed", Action: "repair --all",
		End: "both say failed, and so does the run", Exit: "23, 24", run: func(s *fixture) {
			s.berth("deploy", "--timeout", "15s", "--set", missingImage).exit(23)
			s.setStatus(1, "deployed", "failed")
			s.repairAll().exit(24).says("relabel", "failed", "Deploy it again")
			s.stored("v1 failed")
		}},
	{ID: "S351", Setup: "a record whose label is wrong, and an older one that lost its label and cannot be read",
		Action: "repair --all", End: "nothing is changed, and it is named",
		Exit: "0, 0, 24", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.corrupt(1)
			s.strip(1)
			s.setStatus(2, "superseded", "deployed")
			before := s.recordVersions()
			s.repairAll().exit(24).says("not done unasked")
			s.unchanged(before)
			s.owns(app...)
		}},
	{ID: "S352", Setup: "an app whose last operation was left, in a namespace that somebody marked to be kept",
		Action: "repair --all with on-stuck uninstall", End: "nothing is changed, and it is named", Exit: "0, 24", Pending: "pending-upgrade",
		run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.setStatus(1, "pending-upgrade", "pending-upgrade")
			_, err := s.Client().CoreV1().Namespaces().
				Patch(s.t.Context(), s.namespace, types.MergePatchType, []byte(keepMark), metav1.PatchOptions{})
			if err != nil {
				s.t.Fatal(err)
			}
			before := s.recordVersions()
			s.repairAll("--on-stuck", "uninstall").exit(24).says("it is to be kept")
			s.unchanged(before)
			s.owns(app...)
		}},
}

// repairAll repairs all the apps of the row's namespace.
func (s *fixture) repairAll(flags ...string) ended {
	s.t.Helper()
	before := s.env
	defer func() { s.env = before }()
	s.env = map[string]string{"BERTH_BRANCH": "", "BERTH_APP": ""}
	maps.Copy(s.env, before)
	return s.berth("repair", append([]string{"--all", "--release", "", "--check-timeout", "5s"}, flags...)...)
}
