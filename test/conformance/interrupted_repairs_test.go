//go:build conformance

package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/faultproxy"
)

// interruptedRepairs are the cases of T75: a repair that is killed half way, and the
// run after it.
var interruptedRepairs = []row{
	{ID: "promote", Exit: "0 + warning", run: func(s *fixture) {
		p := s.proxy()
		s.killBefore(p, finalUpdate, "deploy")
		pods := s.pods()
		s.killBefore(p, finalUpdate, "repair")
		s.stored("v1 pending-install")
		s.berth("repair").exit(0)
		s.stored("v1 deployed")
		s.samePods(pods)
	}},
	{ID: "unlock", Exit: "0 + warning", run: func(s *fixture) {
		p := s.proxy()
		s.abandonedUpgrade(p)
		s.killAfter(p, recordUpdate("failed"), "deploy")
		s.stored("v1 deployed, v2 failed")
		s.berth("deploy").exit(0)
		s.stored("v1 superseded, v2 failed, v3 deployed")
		s.owns(app...)
	}},
	{ID: "dedupe", Exit: "0 + warning", run: func(s *fixture) {
		s.deployed(3)
		s.setStatus(1, "deployed", "deployed")
		s.setStatus(2, "deployed", "deployed")
		s.killAfter(s.proxy(), recordUpdate("superseded"), "repair")
		s.berth("repair").exit(0)
		s.stored("v1 superseded, v2 superseded, v3 deployed")
	}},
	{ID: "relabel", Exit: "0 + warning", run: func(s *fixture) {
		s.deployed(2)
		s.strip(1)
		s.strip(2)
		s.killAfter(s.proxy(), faultproxy.Match{Verb: "update", Resource: "secrets"}, "repair")
		s.berth("repair").exit(0)
		s.stored("v1 superseded, v2 deployed")
		s.allVisible()
	}},
	{ID: "quarantine, between copy and deletion", Exit: "0 + warning", run: func(s *fixture) {
		s.deployed(2)
		s.corrupt(2)
		s.killAfter(s.proxy(), creationOf("secrets", "*-quarantined-*"), "deploy")
		s.quarantined(2)
		s.stored("v1 superseded, v2 deployed (payload undecodable)")
		s.berth("deploy").exit(0)
		s.stored("v1 superseded, v2 deployed")
		s.quarantined(2)
	}},
	{ID: "discard", Exit: "0 + warning", run: func(s *fixture) {
		p := s.proxy()
		s.killAfter(p, recordCreate, "deploy")
		s.stored("v1 pending-install")
		s.killAfter(p, deletionOf("secrets"), "deploy")
		s.stored("nothing")
		s.berth("deploy").exit(0)
		s.stored("v1 deployed")
		s.owns(app...)
	}},
	{ID: "uninstall", Exit: "0 + warning", Gone: true, run: func(s *fixture) {
		p := s.proxy()
		s.abandonedUpgrade(p)
		s.killAfter(p, deletionOf("services"), "repair", "--on-stuck", "uninstall")
		s.berth("repair", "--on-stuck", "uninstall").exit(0)
		s.owns()
	}},
	{ID: "purge", Exit: "0 + warning", run: func(s *fixture) {
		p := s.proxy()
		s.deployed(2)
		s.killAfter(p, deletionOf("services"), "teardown")
		s.killAfter(p, deletionOf("secrets"), "deploy")
		s.owns()
		s.berth("deploy").exit(0)
		s.oneDeployed(s.last().Revision)
		s.owns(app...)
	}},
	{ID: "sweep", Exit: "0 + warning", run: func(s *fixture) {
		p := s.proxy()
		s.deployed(1)
		s.killBefore(p, lastKindPatch, "deploy", "--set", "extras={one,two,three}", "--set", "replicas=2")
		s.owns(append([]string{"ConfigMap/web-one", "ConfigMap/web-three", "ConfigMap/web-two"}, app...)...)
		s.killBefore(p, faultproxy.Match{Verb: "delete", Resource: "configmaps", Name: "web-two"}, "deploy")
		s.stored("v1 superseded, v2 failed, v3 deployed")
		s.berth("deploy").exit(0)
		s.oneDeployed(s.last().Revision)
		s.owns(app...)
	}},
}

// abandonedUpgrade leaves an upgrade that was killed half way over one good
// revision.
func (s *fixture) abandonedUpgrade(p *faultproxy.Proxy) {
	s.t.Helper()
	s.deployed(1)
	s.killBefore(p, lastKindPatch, "deploy", "--set", "extras={one,two}", "--set", "replicas=2")
	s.stored("v1 deployed, v2 pending-upgrade")
}

// lastKindPatch is the change of the chart's last kind: what comes before it is in
// place by then.
var lastKindPatch = faultproxy.Match{Verb: "patch", Resource: "deployments"}

// deployed makes that many revisions.
func (s *fixture) deployed(revisions int) {
	s.t.Helper()
	for range revisions {
		s.berth("deploy").exit(0)
	}
}

// recordUpdate matches the update of a record to a status.
func recordUpdate(status string) faultproxy.Match {
	return faultproxy.Match{Verb: "update", Resource: "secrets", Status: status}
}

// runSideBySide runs cases in parallel, each with a fixture of its own. The last
// run of each case then counts as a run of this row.
func (s *fixture) runSideBySide(cases []row) {
	s.t.Helper()
	last := make([]*process, len(cases))
	s.t.Run("each", func(t *testing.T) {
		for i, c := range cases {
			t.Run(c.ID, func(t *testing.T) {
				t.Parallel()
				one := newFixture(t, c)
				one.execute()
				all := one.started()
				last[i] = all[len(all)-1]
			})
		}
	})
	if s.t.Failed() || slices.Contains(last, nil) {
		s.t.Fatal("the row passes with all of its cases alone")
	}
	s.runs = last
}

// exitsOf are the expected ends of the cases, in their order.
func exitsOf(cases []row) string {
	exits := make([]string, len(cases))
	for i, c := range cases {
		exits[i] = c.Exit
	}
	return strings.Join(exits, ", ")
}

// listed are the cases' names.
func listed(cases []row) string {
	names := make([]string, len(cases))
	for i, c := range cases {
		names[i] = c.ID
	}
	return strings.Join(names, "; ")
}
