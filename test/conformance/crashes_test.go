//go:build conformance

package conformance

import (
	"fmt"
	"strings"
	"time"
)

// crashes are the rows about this: pods that crash, wait or cannot start.
//
// The simulated kubelet runs ten times as fast as a real one, unless a row asks for
// the real times. Berth's own times are what they are.
var crashes = []row{
	{ID: "T130", Setup: "a container without a readiness probe crashes again and again",
		Action: "deploy, deploy again", End: "v1 failed, v2 failed: no deploy ends at a lucky moment", Exit: "23, 23", Slow: true,
		run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "crash-loop", ""))
			s.took(40*time.Second, 60*time.Second, func() {
				s.berth("deploy").exit(23).says("Pod/shop-", "container app: ", "Error (exit code 1)", "exit status 2")
			})
			s.took(0, 2*time.Minute, func() { s.berth("deploy").exit(23).says("Pod/shop-", "Error (exit code 1)") })
			s.stored("v1 failed, v2 failed")
		}},
	{ID: "T131", Setup: "two Deployments crash at once for the same reason",
		Action: "deploy", End: "v1 failed, both named", Exit: "23", Slow: true, run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "crash-loop", "")+"---\n"+pod("api", "crash-loop", probed))
			s.took(40*time.Second, 60*time.Second, func() {
				s.berth("deploy").exit(23).says("Pod/shop-", "Pod/api-")
			})
			s.stored("v1 failed")
		}},
	{ID: "T132", Setup: "a container crashes until the release's own database is ready, after 20 s, in a real kubelet's times",
		Action: "deploy", End: "v1 deployed", Exit: "0", Slow: true, run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "crash-loop", probed, realTime, "until: Deployment/db")+"---\n"+
				pod("db", "slow", probed, "delay: 20s"))
			s.took(30*time.Second, 60*time.Second, func() { s.berth("deploy").exit(0) })
			s.stored("v1 deployed")
		}},
	{ID: "T133", Setup: "two containers crash until the release's migration Job is through, after 25 s, in a real kubelet's times",
		Action: "deploy", End: "v1 deployed", Exit: "0", Slow: true, run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "crash-loop", "", realTime, "until: Job/migrate")+"---\n"+
				pod("api", "crash-loop", probed, realTime, "until: Job/migrate")+"---\n"+migration)
			s.took(30*time.Second, 70*time.Second, func() { s.berth("deploy").exit(0) })
			s.stored("v1 deployed")
		}},
	{ID: "T134", Setup: "a container crashes three times and is well after that, in a real kubelet's times",
		Action: "deploy, deploy again", End: "v2 deployed", Exit: "0, 0", Slow: true, run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "crash-loop", "", realTime, `times: "3"`))
			s.took(30*time.Second, 60*time.Second, func() { s.berth("deploy").exit(0) })
			s.took(0, 40*time.Second, func() { s.berth("deploy").exit(0) })
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "T135", Setup: "a container crashes for want of something that the next deploy brings; its own object stays as it is",
		Action: "deploy, deploy with it", End: "v1 failed, then v2 deployed", Exit: "23, 0", Slow: true, run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "crash-loop", "", "until: ConfigMap/flags"))
			s.took(40*time.Second, 60*time.Second, func() { s.berth("deploy").exit(23).says("Pod/shop-") })
			s.chartWith("templates/flags.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: flags}\n")
			s.berth("deploy").exit(0)
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "T136", Setup: "an init container crashes again and again", Action: "deploy", End: "v1 failed", Exit: "23", Slow: true,
		run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", strings.Replace(pod("shop", "init-crash", ""), "containers:",
				`initContainers: [{name: migrate, image: "a"}]
      containers:`, 1))
			s.took(40*time.Second, 60*time.Second, func() { s.berth("deploy").exit(23).says("init container migrate: ") })
			s.stored("v1 failed")
		}},
	{ID: "T137", Setup: "a sidecar crashes again and again, beside a container that is well", Action: "deploy", End: "v1 failed",
		Exit: "23", Slow: true, run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", strings.Replace(pod("shop", "crash-loop", probed, "container: helper"), "containers:",
				`initContainers: [{name: helper, image: "a", restartPolicy: Always}]
      containers:`, 1))
			s.took(40*time.Second, 60*time.Second, func() { s.berth("deploy").exit(23).says("container helper: ") })
			s.stored("v1 failed")
		}},
	{ID: "T138", Setup: "a server ends with exit code 0 again and again", Action: "deploy", End: "v1 failed", Exit: "23",
		run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "exit-zero", ""))
			s.took(0, 40*time.Second, func() { s.berth("deploy").exit(23).says("Pod/shop-", "Completed (exit code 0)") })
			s.stored("v1 failed")
		}},
	{ID: "T139", Setup: "a container is killed for its memory as it starts", Action: "deploy", End: "v1 failed", Exit: "23",
		run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "oom-killed", ""))
			s.took(0, 30*time.Second, func() { s.berth("deploy").exit(23).says("Pod/shop-", "OOMKilled (exit code 137)") })
			s.stored("v1 failed")
		}},
	{ID: "T140", Setup: "a container whose command is missing", Action: "deploy", End: "v1 failed", Exit: "23", run: func(s *fixture) {
		s.chartWith("templates/shop.yaml", pod("shop", "start-error", "", `message: 'exec: "serve": executable file not found in $PATH'`))
		s.took(3*time.Second, 25*time.Second, func() { s.berth("deploy").exit(23).says("executable file not found in $PATH") })
		s.stored("v1 failed")
	}},
	{ID: "T141", Setup: "a workload whose container has no readiness probe",
		Action: "deploy, deploy again, upgrade with settle 0s", End: "v3 deployed, what was watched told of", Exit: "0, 0, 0",
		run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", strings.Replace(pod("shop", "ready", ""), "replicas: 1", "replicas: {{ .Values.replicas }}", 1))
			const told = "no readiness probe in app"
			s.took(2*time.Second, 20*time.Second, func() { // 3 s, from a start that is told in whole seconds
				if e := s.berth("deploy").exit(0).says("Deployment/shop", told); strings.Contains(e.out.String(), "Deployment/web: ready, watched") {
					s.t.Error("what has a probe was watched, too")
				}
			})
			s.took(0, 20*time.Second, func() { s.berth("deploy").exit(0) })
			if e := s.berth("deploy", "--settle", "0s", "--set", "replicas=2").exit(0); strings.Contains(e.out.String(), told) {
				s.t.Error("it was watched although that is switched off")
			}
			s.stored("v1 superseded, v2 superseded, v3 deployed")
		}},
	{ID: "T142", Setup: "an image that the registry does not have", Action: "deploy", End: "v1 failed", Exit: "23", run: func(s *fixture) {
		s.took(2*time.Second, 25*time.Second, func() { // 3 s, from an event that is told in whole seconds
			s.berth("deploy", "--set", "image=registry.example/app:missing").exit(23).says("ImagePull", "not found")
		})
		s.stored("v1 failed")
	}},
	{ID: "T143", Setup: "the registry denies access to the image", Action: "deploy", End: "v1 failed at the second failed pull",
		Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "image-pull", "", "message: 'unexpected status from HEAD request: 401 Unauthorized'"))
			s.took(time.Second, 30*time.Second, func() { s.berth("deploy").exit(23).says("401 Unauthorized") })
			s.stored("v1 failed")
		}},
	{ID: "T144", Setup: "the registry is busy for three pulls", Action: "deploy", End: "v1 deployed", Exit: "0", run: func(s *fixture) {
		s.chartWith("templates/shop.yaml", pod("shop", "image-pull", "",
			"message: 'unexpected status from HEAD request: 429 Too Many Requests'", `times: "3"`))
		s.berth("deploy").exit(0)
		s.stored("v1 deployed")
	}},
	{ID: "T145", Setup: "an image that is pushed while the deploy runs, and one that never is",
		Action: "deploy with image-wait, both", End: "v1 deployed, v2 failed", Exit: "0, 23", run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "image-pull", "", `times: "4"`))
			s.berth("deploy", "--image-wait", "1m").exit(0).says("waits up to 1 min 0 s for its image")
			s.took(10*time.Second, 40*time.Second, func() {
				s.berth("deploy", "--image-wait", "10s", "--set", "image=registry.example/app:missing").exit(23).says("not found")
			})
			s.stored("v1 deployed, v2 failed")
		}},
	{ID: "T146", Setup: "a pod whose sandbox cannot be made", Action: "deploy", End: "v1 failed, with the warning", Exit: "23", Slow: true,
		run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "sandbox-error", "", "message: no route to the network"))
			s.took(time.Minute, 90*time.Second, func() {
				s.berth("deploy").exit(23).says("FailedCreatePodSandBox: ", "no route to the network")
			})
			s.stored("v1 failed")
		}},
	{ID: "T147", Setup: "a pod whose volume is of another type", Action: "deploy", End: "v1 failed, with the warning", Exit: "23", Slow: true,
		run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "failed-mount", "", "message: 'hostPath type check failed: /data is not a directory'"))
			s.took(time.Minute, 90*time.Second, func() {
				s.berth("deploy").exit(23).says("FailedMount: ", "hostPath type check failed: /data is not a directory")
			})
			s.stored("v1 failed")
		}},
	{ID: "T148", Setup: "a readiness probe that never succeeds", Action: "deploy with a timeout of 25 s",
		End:  "v1 failed, with the probe's words",
		Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "unready", probed, "message: 'HTTP probe failed with statuscode: 503'"))
			s.berth("deploy", "--timeout", "25s").exit(23).says("running but not ready; ", "HTTP probe failed with statuscode: 503")
			s.stored("v1 failed")
		}},
	{ID: "T149", Setup: "a liveness probe kills a container again and again", Action: "deploy",
		End: "v1 failed, with the probe's words", Exit: "23",
		Slow: true, run: func(s *fixture) {
			s.chartWith("templates/shop.yaml", pod("shop", "liveness-kill", probed, "message: 'connection refused'"))
			s.took(40*time.Second, 80*time.Second, func() { s.berth("deploy").exit(23).says("container app: ", "connection refused") })
			s.stored("v1 failed")
		}},
}

const (
	// probed gives a container a readiness probe.
	probed = ", readinessProbe: {tcpSocket: {port: 80}}"
	// realTime is an annotation for the times of a real kubelet.
	realTime = `time-scale: "1"`
	// migration is a Job that takes 25 s.
	migration = `apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: complete, sim.berth.dev/delay: 25s}}
    spec: {restartPolicy: Never, containers: [{name: migrate, image: "a"}]}
`
)

// pod returns a Deployment of one pod with a behaviour of the simulated node, more of
// its container and more of its annotations.
func pod(name, behaviour, more string, annotations ...string) string {
	var b strings.Builder
	for _, a := range annotations {
		fmt.Fprintf(&b, "\n        sim.berth.dev/%s", a)
	}
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  replicas: 1
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata:
      labels: {app: %[1]s}
      annotations:
        sim.berth.dev/behaviour: %[2]s%[3]s
    spec:
      containers: [{name: app, image: "registry.example/app:1"%[4]s}]
`, name, behaviour, b.String(), more)
}

// took fails the row unless it takes do that long. A busy machine may take longer.
func (s *fixture) took(least, most time.Duration, do func()) {
	s.t.Helper()
	const busy = 15 * time.Second
	began := time.Now()
	do()
	if took := time.Since(began); took < least || took > most+busy {
		s.t.Errorf("it took %s, want %s to %s", took, least, most)
	}
}
