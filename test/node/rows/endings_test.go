//go:build node

package rows

import (
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// stubborn is a server that does not stop when told to, in versions.
func stubborn(version string) corev1.PodTemplateSpec {
	return pod(with(server("--stubborn"), "VERSION", version), grace(15))
}

// uninterruptible is a migration that goes on when told to stop, and says in the
// row's folder when it is at work beside another.
const uninterruptible = `trap "" TERM; mkdir /shared/running || touch /shared/two
i=0; while [ $i -lt 12 ]; do sleep 1; i=$((i+1)); done; busybox rmdir /shared/running; echo migrated`

// endings are the rows about pods that take their time to go.
var endings = []row{
	{ID: "N80", Scenario: "an upgrade of what ignores SIGTERM, grace 15 s", End: "ready without waiting for the old pod", Exit: "0, 0",
		Within: 10 * time.Second, plays: func(s *scenario) {
			s.deploy(deployment("web", stubborn("1")))
			s.deploy(deployment("web", stubborn("2")))
		}},
	{ID: "N81", Scenario: "the same with strategy Recreate", End: "ready once the old pod is gone; says what it waits for", Exit: "0, 0",
		Within: 30 * time.Second, Long: 25 * time.Second, Says: []string{"old pod"}, plays: func(s *scenario) {
			s.deploy(deployment("web", stubborn("1"), recreated))
			s.deploy(deployment("web", stubborn("2"), recreated))
		}},
	{ID: "N82", Scenario: "teardown of what ignores SIGTERM, grace 15 s", End: "gone when its namespace is", Exit: "0, 0",
		Within: 45 * time.Second, Long: 35 * time.Second, plays: func(s *scenario) {
			s.deploy(deployment("web", stubborn("1")))
			s.start("teardown").wait()
			if n := s.running(); n > 0 {
				s.t.Errorf("%d pods run after the teardown", n)
			}
		}},
	{ID: "N83", Scenario: "the same in a namespace that stays", End: "gone when the pods are", Exit: "0, 0",
		Within: 30 * time.Second, Long: 25 * time.Second, plays: func(s *scenario) {
			s.namespaceStays()
			s.chart(deployment("web", stubborn("1")))
			s.start("deploy").wait()
			s.start("teardown").wait()
			if n := s.running(); n > 0 {
				s.t.Errorf("%d pods run after the teardown", n)
			}
			if _, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), s.namespace, metav1.GetOptions{}); err != nil {
				s.t.Errorf("the namespace was to stay: %v", err)
			}
		}},
	{ID: "N84", Scenario: "interrupted in a hook that ignores SIGTERM, deployed again",
		End: "never two migrations side by side", Exit: "130, 0",
		Long: 40 * time.Second, plays: func(s *scenario) {
			s.chart(job("migrate", pod(shell(uninterruptible), sharing, grace(20)), hook), deployment("web", pod(server())))
			first := s.start("deploy")
			s.until("the migration runs", func() bool { return s.running() > 0 })
			if err := first.cmd.Process.Signal(syscall.SIGINT); err != nil {
				s.t.Fatal(err)
			}
			first.wait()
			s.start("deploy").wait()
			if s.touched("two") {
				s.t.Error("two migrations ran side by side")
			}
		}},
}
