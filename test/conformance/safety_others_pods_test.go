//go:build conformance

package conformance

import "strings"

// othersPods are pods of others that print a secret of theirs, and have the labels of the app and
// of the test Job that a chart has: a selector matches them, and they are nobody's of the release.
const othersPods = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
spec:
  selector: {matchLabels: {app: RELEASE}}
  template:
    metadata:
      labels: {app: RELEASE, job-name: smoke}
      annotations: {sim.berth.dev/behaviour: unready, sim.berth.dev/log: "FATAL: no login with hunter2-of-the-others"}
    spec:
      containers: [{name: app, image: "registry.example.com/app:1"}]
`

// smokeTest is a test, and a hook, that passes and whose log is printed.
const smokeTest = `
apiVersion: batch/v1
kind: Job
metadata:
  name: smoke
  annotations:
    helm.sh/hook: test,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation
    helm.sh/hook-output-log-policy: hook-succeeded
spec:
  template:
    metadata: {annotations: {sim.berth.dev/log: "the smoke test says that all is well"}}
    spec:
      restartPolicy: Never
      containers: [{name: app, image: "registry.example.com/app:1"}]
`

// greedySelector is a workload of the chart that selects all pods there are, and makes none that runs.
const greedySelector = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: greedy}
spec:
  serviceName: greedy
  selector: {matchExpressions: [{key: nobody-has-this, operator: DoesNotExist}]}
  template:
    metadata: {labels: {app: greedy}}
    spec:
      containers: [{name: app, image: "registry.example.com/app:missing"}]
`

// othersLogs are the rows about what others print in a namespace that is not the branch's alone.
var othersLogs = []row{
	{ID: "S280", Setup: "pods of others, in the same namespace, that print a secret of theirs and have the labels that the app's selector asks for",
		Action: "deploy that fails, check, deploy", End: "neither these pods nor what they print is in any output", Exit: "23, 23, 0",
		run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.put("others", strings.ReplaceAll(othersPods, "RELEASE", s.release))
			s.berth("deploy", "--set", missingImage, "--timeout", "15s").exit(23).says("app:missing").silent("Pod/other-").hides("hunter2")
			s.berth("check").exit(23).says("app:missing").silent("Pod/other-").hides("hunter2")
			s.berth("deploy").exit(0)
		}},
	{ID: "S281", Setup: "the same, and a workload of the chart that selects all pods; a test of it, and a hook whose log is " +
		"printed, whose pods' labels theirs have",
		Action: "deploy, deploy with helm-test", End: "neither these pods nor what they print is in any output", Exit: "23, 0 + warning",
		run: func(s *fixture) {
			was := s.chart
			s.berth("deploy").exit(0)
			s.put("others", strings.ReplaceAll(othersPods, "RELEASE", s.release))
			s.chartWith("templates/greedy.yaml", greedySelector)
			s.berth("deploy", "--timeout", "15s").exit(23).says("greedy-0").silent("Pod/other-").hides("hunter2")
			s.chart = was
			s.chartWith("templates/smoke.yaml", smokeTest)
			s.berth("deploy", "--helm-test").exit(0).says("the smoke test says that all is well").hides("hunter2")
		}},
}
