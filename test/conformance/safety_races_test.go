//go:build conformance

package conformance

import (
	"net/http"
	"sync/atomic"

	"github.com/berth-dev/berth/test/faultproxy"
)

// teardownRaces are the rows about a teardown beside which somebody deploys.
var teardownRaces = []row{
	{ID: "S60", Setup: "Leases may not be used; the namespace's DELETE is on its way when the same branch is deployed again",
		Action: "teardown, deploy", End: "the release that came after, and its namespace", Exit: "27, 0", run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			p := s.proxy()
			p.On(faultproxy.Match{Resource: "leases"}, faultproxy.Answer(http.StatusForbidden, "leases may not be used"))
			late := s.holdRequest(p, faultproxy.Match{Verb: "delete", Resource: "namespaces"})
			teardown := s.start("teardown")
			late.await(teardown)
			s.berth("deploy").exit(0)
			records := s.recordVersions()
			late.release()
			teardown.wait(runLimit).exit(27).says("deployed again meanwhile")
			s.unchanged(records)
			s.namespaceStays()
			s.owns(app...)
		}},
	{ID: "S61", Setup: "Leases may not be used; the same branch is deployed again once its objects are proven gone, before its records go",
		Action: "teardown, deploy", End: "the release that came after, with its records", Exit: "21, 0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			direct, p := s.kubeconfig, s.proxy()
			p.On(faultproxy.Match{Resource: "leases"}, faultproxy.Answer(http.StatusForbidden, "leases may not be used"))
			var deleted atomic.Bool
			p.On(faultproxy.Match{Verb: "update", Resource: "secrets", Status: "uninstalled"},
				faultproxy.Call(func(faultproxy.Request) { deleted.Store(true) }))
			p.On(faultproxy.Match{Verb: "get", Resource: "configmaps", Name: "web"}, faultproxy.CallAfter(func(faultproxy.Request) {
				if deleted.CompareAndSwap(true, false) { // it was not there any more
					s.kubeconfig = direct
					s.berth("deploy").exit(0)
				}
			}))
			s.berth("teardown").exit(21).says("Let the other deploy of this release come to its end")
			s.owns(app...)
			s.stored("v1 uninstalled, v2 deployed")
		}},
}
