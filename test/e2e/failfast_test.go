//go:build cluster

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/report"
)

// diagnostics are what the report says of the reasons.
func (e ended) diagnostics(t *testing.T) report.Diagnostics {
	t.Helper()
	var d report.Diagnostics
	raw, err := json.Marshal(e.report["diagnostics"])
	if err == nil {
		err = json.Unmarshal(raw, &d)
	}
	if err != nil || d.Reason == "" || len(d.Symptoms) == 0 {
		t.Fatalf("diagnostics %s: %v", raw, err)
	}
	return d
}

// reason is why an object of the report is not ready.
func (e ended) reason(t *testing.T, object string) string {
	t.Helper()
	var objects []report.Object
	raw, err := json.Marshal(e.report["objects"])
	if err == nil {
		err = json.Unmarshal(raw, &objects)
	}
	for _, o := range objects {
		if o.Kind+"/"+o.Name == object {
			return o.Reason
		}
	}
	t.Fatalf("the objects %s have no %s: %v", raw, object, err)
	return ""
}

// A deploy that cannot succeed ends long before its timeout, with the reason.
func TestDeployFailsFast(t *testing.T) {
	s := newFixture(t)
	began := time.Now()
	e := s.berth("deploy", "--set", missingImage).exit(t, 23).
		says(t, "The image registry.example/app:missing does not exist (Deployment/web)", "Pod/web-", "ImagePull", "event: ")
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	if d := e.diagnostics(t); d.Symptoms[0].Kind != "Pod" || len(d.Symptoms[0].Events) == 0 {
		t.Errorf("diagnostics %+v", d)
	}
	if why := e.reason(t, "Deployment/web"); !strings.Contains(why, "registry.example/app:missing") {
		t.Errorf("the object says %q, not what was found", why)
	}
	s.berth("deploy").exit(t, 0)
}

// The last lines of a container that crashes are shown, as text and nothing else.
func TestDeployShowsTheLastLogLines(t *testing.T) {
	s := newFixture(t)
	e := s.berth("deploy", "--set", `podAnnotations.sim\.berth\.dev/behaviour=crash-loop`).exit(t, 23).
		says(t, "CrashLoopBackOff", "last log lines of container app")
	if d := e.diagnostics(t); len(d.Symptoms[0].Logs) == 0 || len(d.Symptoms[0].Logs[0].Lines) == 0 {
		t.Errorf("diagnostics %+v", d)
	}
}

func TestDeployKeepsWaitingWhereItIsTold(t *testing.T) {
	s := newFixture(t)
	began := time.Now()
	e := s.berth("deploy", "--fail-fast=false", "--timeout", "12s", "--set", missingImage).exit(t, 23).says(t, "ImagePull")
	if took := time.Since(began); took < 8*time.Second {
		t.Errorf("it took %s alone", took)
	}
	if d := e.diagnostics(t); !strings.Contains(d.Reason, "Deployment/web") {
		t.Errorf("diagnostics %+v", d)
	}
}

// What a hook printed is kept though its Job is deleted at once.
func TestDeployShowsAFailedHooksLog(t *testing.T) {
	s := newFixture(t)
	s.chart = hookChart(t, "fail", `helm.sh/hook-delete-policy: "before-hook-creation,hook-failed"`)
	e := s.berth("deploy").exit(t, 23).says(t, "seeded 42 rows")
	if d := e.diagnostics(t); d.Symptoms[0].Logs[0].Lines[0] != "seeded 42 rows" {
		t.Errorf("diagnostics %+v", d)
	}
}

// The hooks' time is not given twice: the wait after them ends with its reasons
// before the operation is cut, and the record says that it failed.
func TestDeployKeepsTimeForTheReasons(t *testing.T) {
	s := newFixture(t)
	s.chart = chartFolder(t, "", `apiVersion: batch/v1
kind: Job
metadata:
  name: seed
  annotations: {helm.sh/hook: pre-install}
spec:
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: complete, sim.berth.dev/delay: 6s}}
    spec: {restartPolicy: Never, containers: [{name: seed, image: a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.example/app:missing", readinessProbe: {tcpSocket: {port: 80}}}]}
`)
	began := time.Now()
	e := s.berth("deploy", "--fail-fast=false", "--timeout", "15s").exit(t, 23).says(t, "Deployment/web", "ImagePull")
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("it took %s", took)
	}
	if d := e.diagnostics(t); d.Symptoms[0].Kind != "Pod" || len(d.Symptoms[0].Events) == 0 {
		t.Errorf("diagnostics %+v", d)
	}
	if got := s.statuses(); len(got) != 1 || got[1] != "failed" {
		t.Errorf("stored is %v, want 1 failed", got)
	}
}
