//go:build node

package rows

import "time"

// nodes are the rows about a node that fails. They stop the kubelet.
var nodes = []row{
	{ID: "N90", Scenario: "the kubelet stops in the middle, until the node counts as not ready", End: "ready; the node is named", Exit: "0",
		Long: 100 * time.Second, Full: true, Alone: true, Says: []string{"real-1"}, plays: func(s *scenario) {
			s.chart(deployment("web", pod(server("--ready-after=10s"))))
			deploy := s.start("deploy")
			s.until("the pod runs", func() bool { return s.running() > 0 })
			goOn := s.stopKubelet()
			s.until("Berth names the node", func() bool { return deploy.out.contains("real-1") })
			goOn()
			deploy.wait()
		}},
	{ID: "N91", Scenario: "deploy on a node that is not ready, and comes back", End: "ready; the node is named", Exit: "0",
		Long: 100 * time.Second, Full: true, Alone: true, Says: []string{"real-1"}, plays: func(s *scenario) {
			goOn := s.stopKubelet()
			s.until("the node counts as not ready", func() bool { return !s.nodeWell() })
			s.chart(deployment("web", pod(server())))
			deploy := s.start("deploy")
			s.until("Berth names the node", func() bool { return deploy.out.contains("real-1") })
			goOn()
			deploy.wait()
		}},
	{ID: "N92", Scenario: "teardown while the node is dead", End: "the node and its pods are named", Exit: "0, 28",
		Long: 120 * time.Second, Full: true, Alone: true, Says: []string{"real-1", "web-"}, plays: func(s *scenario) {
			s.deploy(deployment("web", pod(server())))
			goOn := s.stopKubelet()
			s.until("the node counts as not ready", func() bool { return !s.nodeWell() })
			s.start("teardown", "--timeout=20s").wait()
			goOn()
		}},
}
