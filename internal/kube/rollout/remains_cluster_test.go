//go:build cluster

package rollout_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/test/kubetest"
)

// A Job that fails brings the log of its pod, also where Kubernetes deletes that with
// the Job's failure: for a hook, and for a Job of the release.
func TestFailedJobsBringTheirLog(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	for name, c := range map[string]struct{ job, annotations, policy, says, log string }{
		"restarted": {"backoffLimit: 1", `{sim.berth.dev/behaviour: fail, sim.berth.dev/time-scale: "1"}`, "OnFailure", "exit code 1",
			`relation "accounts" does not exist`},
		"out of time": {"activeDeadlineSeconds: 2", "{sim.berth.dev/behaviour: slow, sim.berth.dev/delay: 60s, sim.berth.dev/stop: 1s}", "Never",
			"DeadlineExceeded", "warming the cache"},
	} {
		for _, kind := range []string{"a hook", "of the release"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				namespace := cluster.Namespace(t)
				var job batchv1.Job
				text := fmt.Sprintf(`{metadata: {name: seed}, spec: {%s, template: {metadata: {annotations: %s},
  spec: {restartPolicy: %s, containers: [{name: seed, image: a}]}}}}`, c.job, c.annotations, c.policy)
				if err := yaml.Unmarshal([]byte(text), &job); err != nil {
					t.Fatalf("%v in %s", err, text)
				}
				if _, err := cluster.Client().BatchV1().Jobs(namespace).Create(t.Context(), &job, metav1.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				w := failFastWaiter(t, cluster, namespace)
				w.WaitForJobs = true
				var err error
				if kind == "a hook" {
					_, err = finish(t, w, time.Minute, seed)
					var unfinished *rollout.IncompleteError
					if !errors.As(err, &unfinished) || unfinished.Cause != nil {
						t.Fatalf("finish: %v", err)
					}
				} else {
					err = wait(t, w, time.Minute, seed)
				}
				d := result.DiagnosticsOf(err)
				if d == nil || len(d.Symptoms) != 1 || d.Symptoms[0].Kind != "Pod" || !strings.Contains(fmt.Sprint(d.Symptoms[0].Logs), c.log) {
					t.Errorf("%v: diagnostics %+v", err, d)
				}
				if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "pod seed-") {
					t.Errorf("it does not say %q and the pod: %v", c.says, err)
				}
			})
		}
	}
}
