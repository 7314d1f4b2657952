//go:build conformance

package conformance

import (
	"encoding/json"
	"strings"

	"github.com/berth-dev/berth/test/kubetest"
)

// helm runs a Helm command line, 3 or 4, as the administrator.
func (s *fixture) helm(version int, args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	return s.HelmRun(s.t, kubetest.Helm(s.t, version), s.Kubeconfig(), s.namespace, args...)
}

// mustHelm runs a Helm command line that has to succeed.
func (s *fixture) mustHelm(version int, args ...string) string {
	s.t.Helper()
	out, errs, code := s.helm(version, args...)
	if code != 0 {
		s.t.Errorf("helm %d %s ended with %d: %s%s", version, strings.Join(args, " "), code, out, errs)
	}
	return out
}

// verifyWithHelm has both Helm command lines read what the row left, and upgrade it.
// A record that the row left pending on purpose is repaired in between, by the
// deploy that a user would run.
func (s *fixture) verifyWithHelm() {
	s.t.Helper()
	if s.row.Gone {
		if left := s.history(); left != "nothing" {
			s.t.Errorf("no release was to be left; stored is %s", left)
		}
		return
	}
	last := s.last()
	for _, version := range []int{3, 4} {
		s.helmReads(version, last.Payload)
	}
	pending := ""
	if strings.HasPrefix(last.Payload, "pending-") {
		pending = last.Payload
	}
	if pending != s.row.Pending {
		s.t.Errorf("the record was left %s; the row says pending is %q", last, s.row.Pending)
	}
	if pending != "" {
		s.deployOverPending()
	}
	for _, version := range []int{3, 4} {
		s.mustHelm(version, "upgrade", s.release, s.chart, "--reset-values")
	}
}

// helmReads fails the row unless that Helm reads the status and the history.
func (s *fixture) helmReads(version int, status string) {
	s.t.Helper()
	var release struct{ Info struct{ Status string } }
	if err := json.Unmarshal([]byte(s.mustHelm(version, "status", s.release, "-o", "json")), &release); err != nil {
		s.t.Errorf("helm %d status: %v", version, err)
	}
	if release.Info.Status != status {
		s.t.Errorf("helm %d reads status %q, want %q", version, release.Info.Status, status)
	}
	s.mustHelm(version, "history", s.release)
}

// deployOverPending deploys over a pending record whose operation has ended.
func (s *fixture) deployOverPending() {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig()
	s.berth("deploy", "--adopt", "--assume-dead-after", "1s").exit(0)
}
