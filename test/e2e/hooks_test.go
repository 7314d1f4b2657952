//go:build cluster

package e2e

import "testing"

// hookChart is a chart with one pre-install Job.
func hookChart(t *testing.T, behaviour, notes string) string {
	t.Helper()
	return chartFolder(t, "", `apiVersion: v1
kind: ConfigMap
metadata: {name: odd}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: seed
  annotations: {helm.sh/hook: pre-install, `+notes+`}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: `+behaviour+`, sim.berth.dev/log: "seeded 42 rows"}}
    spec: {restartPolicy: Never, containers: [{name: seed, image: a}]}
`)
}

// A hook that fails ends the deploy with its reason, and the record says failed.
func TestDeploySaysWhyAHookFailed(t *testing.T) {
	s := newFixture(t)
	s.chart = hookChart(t, "fail", "")
	s.berth("deploy").exit(t, 23).says(t, "The hook Job/seed failed: seeded 42 rows (exit code 1)", "Pod/seed-")
	if got := s.statuses(); len(got) != 1 || got[1] != "failed" {
		t.Errorf("stored is %v, want 1 failed", got)
	}
}

// What a hook printed is shown where the chart asks for it.
func TestDeployShowsAHooksOutput(t *testing.T) {
	s := newFixture(t)
	s.chart = hookChart(t, "complete", "helm.sh/hook-output-log-policy: hook-succeeded")
	s.berth("deploy").exit(t, 0).says(t, "seeded 42 rows")
	s.helmReads("deployed")
}
