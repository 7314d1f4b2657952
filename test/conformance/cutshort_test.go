//go:build conformance

package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/faultproxy"
)

// cutShort are the cases of T75: a repair that is killed in its midst, and the
// run after it.
var cutShort = []row{
	{ID: "promote", Exit: "0 + warning", run: func(s *scene) {
		p := s.proxy()
		s.killBefore(p, lastPut, "deploy")
		pods := s.pods()
		s.killBefore(p, lastPut, "repair")
		s.stored("v1 pending-install")
		s.berth("repair").exit(0)
		s.stored("v1 deployed")
		s.samePods(pods)
	}},
	{ID: "unlock", Exit: "0 + warning", run: func(s *scene) {
		p := s.proxy()
		s.abandonedUpgrade(p)
		s.killAfter(p, put("failed"), "deploy")
		s.stored("v1 deployed, v2 failed")
		s.berth("deploy").exit(0)
		s.stored("v1 superseded, v2 failed, v3 deployed")
		s.owns(app...)
	}},
	{ID: "dedupe", Exit: "0 + warning", run: func(s *scene) {
		s.deployed(3)
		s.setStatus(1, "deployed", "deployed")
		s.setStatus(2, "deployed", "deployed")
		s.killAfter(s.proxy(), put("superseded"), "repair")
		s.berth("repair").exit(0)
		s.stored("v1 superseded, v2 superseded, v3 deployed")
	}},
	{ID: "relabel", Exit: "0 + warning", run: func(s *scene) {
		s.deployed(2)
		s.strip(1)
		s.strip(2)
		s.killAfter(s.proxy(), faultproxy.Match{Verb: "update", Resource: "secrets"}, "repair")
		s.berth("repair").exit(0)
		s.stored("v1 superseded, v2 deployed")
		s.allVisible()
	}},
	{ID: "quarantine, between copy and deletion", Exit: "0 + warning", run: func(s *scene) {
		s.deployed(2)
		s.corrupt(2)
		s.killAfter(s.proxy(), created("secrets", "*-quarantined-*"), "deploy")
		s.quarantined(2)
		s.stored("v1 superseded, v2 deployed (payload undecodable)")
		s.berth("deploy").exit(0)
		s.stored("v1 superseded, v2 deployed")
		s.quarantined(2)
	}},
	{ID: "discard", Exit: "0 + warning", run: func(s *scene) {
		p := s.proxy()
		s.killAfter(p, recordPost, "deploy")
		s.stored("v1 pending-install")
		s.killAfter(p, deleted("secrets"), "deploy")
		s.stored("nothing")
		s.berth("deploy").exit(0)
		s.stored("v1 deployed")
		s.owns(app...)
	}},
	{ID: "uninstall", Exit: "0 + warning", Gone: true, run: func(s *scene) {
		p := s.proxy()
		s.abandonedUpgrade(p)
		s.killAfter(p, deleted("services"), "repair", "--on-stuck", "uninstall")
		s.berth("repair", "--on-stuck", "uninstall").exit(0)
		s.owns()
	}},
	{ID: "purge", Exit: "0 + warning", run: func(s *scene) {
		p := s.proxy()
		s.deployed(2)
		s.killAfter(p, deleted("services"), "teardown")
		s.killAfter(p, deleted("secrets"), "deploy")
		s.owns()
		s.berth("deploy").exit(0)
		s.oneDeployed(s.last().Revision)
		s.owns(app...)
	}},
	{ID: "sweep", Exit: "0 + warning", run: func(s *scene) {
		p := s.proxy()
		s.deployed(1)
		s.killBefore(p, lastKind, "deploy", "--set", "extras={one,two,three}", "--set", "replicas=2")
		s.owns(append([]string{"ConfigMap/web-one", "ConfigMap/web-three", "ConfigMap/web-two"}, app...)...)
		s.killBefore(p, faultproxy.Match{Verb: "delete", Resource: "configmaps", Name: "web-two"}, "deploy")
		s.stored("v1 superseded, v2 failed, v3 deployed")
		s.berth("deploy").exit(0)
		s.oneDeployed(s.last().Revision)
		s.owns(app...)
	}},
}

// abandonedUpgrade leaves an upgrade that was killed in its midst over one good
// revision.
func (s *scene) abandonedUpgrade(p *faultproxy.Proxy) {
	s.t.Helper()
	s.deployed(1)
	s.killBefore(p, lastKind, "deploy", "--set", "extras={one,two}", "--set", "replicas=2")
	s.stored("v1 deployed, v2 pending-upgrade")
}

// lastKind is the change of the chart's last kind: what comes before it is in
// place by then.
var lastKind = faultproxy.Match{Verb: "patch", Resource: "deployments"}

// deployed makes that many revisions.
func (s *scene) deployed(revisions int) {
	s.t.Helper()
	for range revisions {
		s.berth("deploy").exit(0)
	}
}

// put matches the update of a record to a status.
func put(status string) faultproxy.Match {
	return faultproxy.Match{Verb: "update", Resource: "secrets", Status: status}
}

// each plays cases side by side, every one in a world of its own, and shows how
// the last run of each ended as the row's own.
func (s *scene) each(cases []row) {
	s.t.Helper()
	last := make([]*process, len(cases))
	s.t.Run("each", func(t *testing.T) {
		for i, c := range cases {
			t.Run(c.ID, func(t *testing.T) {
				t.Parallel()
				one := newScene(t, c)
				one.play()
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
