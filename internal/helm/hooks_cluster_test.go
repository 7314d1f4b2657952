//go:build cluster

package helm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/test/kubetest"
)

// hook returns a chart with a pre-install Job, which the simulated node lets behave
// so after the delay.
func hook(behaviour, delay string) map[string]string {
	return map[string]string{"templates/config.yaml": configMap("web"), "templates/hook.yaml": fmt.Sprintf(`apiVersion: batch/v1
kind: Job
metadata: {name: seed, annotations: {helm.sh/hook: pre-install}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: %s, sim.berth.dev/delay: %s}}
    spec: {restartPolicy: Never, containers: [{name: seed, image: a}]}
`, behaviour, delay)}
}

// The error of a failed hook says why it failed, by its pods.
func TestHookFails(t *testing.T) {
	s := asDeployer(t)
	o := s.releases("web", hook("fail", "0s")).Perform(t.Context(), facts.ModeInstall, nil)
	if o.Applied || o.Err == nil {
		t.Fatalf("outcome %+v", o)
	}
	for _, text := range []string{"failed pre-install", "Job seed failed: ", "pod seed-", "container seed: ended", "exit code 1"} {
		if !strings.Contains(o.Err.Error(), text) {
			t.Errorf("it does not say %q: %v", text, o.Err)
		}
	}
}

// A hook that is deleted while it runs counts as a success, as with Helm, and is
// returned as unproven.
func TestHookDeletedWhileWatched(t *testing.T) {
	s := asDeployer(t)
	r := s.releases("web", hook("complete", "10m"))
	done := make(chan result.Outcome, 1)
	go func() { done <- r.Perform(t.Context(), facts.ModeInstall, nil) }()
	s.deleteHook()
	select {
	case o := <-done:
		if !o.Applied || !slices.Equal(o.Unproven, []string{"Job/seed"}) {
			t.Errorf("outcome %+v", o)
		}
	case <-time.After(20 * time.Second):
		t.Error("the deletion was not seen")
	}
}

// deleteHook deletes the Job as soon as it runs.
func (s *stage) deleteHook() {
	s.t.Helper()
	jobs := s.Client().BatchV1().Jobs(s.namespace)
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
		job, err := jobs.Get(s.t.Context(), "seed", metav1.GetOptions{})
		return err == nil && job.Status.Active > 0, fmt.Sprint("the hook does not run: ", err)
	})
	background := metav1.DeletePropagationBackground
	if err := jobs.Delete(s.t.Context(), "seed", metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		s.t.Error(err)
	}
}

// The wait for a hook ends when the fence closes.
func TestHookEndsWithTheFence(t *testing.T) {
	s := asDeployer(t)
	r := s.releases("web", hook("complete", "10m"))
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan result.Outcome, 1)
	go func() { done <- r.Perform(ctx, facts.ModeInstall, nil) }()
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		_, err := s.Client().BatchV1().Jobs(s.namespace).Get(t.Context(), "seed", metav1.GetOptions{})
		return err == nil, fmt.Sprint(err)
	})
	stop := errors.New("stop")
	cancel(stop)
	select {
	case o := <-done:
		if !o.Cut || !errors.Is(o.Err, stop) {
			t.Errorf("outcome %+v", o)
		}
	case <-time.After(3 * time.Second):
		t.Error("the operation goes on")
	}
}

// Without the permission to read Jobs their end cannot be seen: the permission is
// missing, and no hook has failed.
func TestHookThatMayNotBeRead(t *testing.T) {
	s := asAdmin(t)
	s.kubeconfig = s.ServiceAccount(t, s.namespace, "blind", append(s.SecretRules(),
		rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"create"}})...).Kubeconfig
	files := hook("complete", "0s")
	delete(files, "templates/config.yaml")
	// Helm would look for a leftover first.
	files["templates/hook.yaml"] = strings.Replace(files["templates/hook.yaml"],
		"pre-install}", "pre-install, helm.sh/hook-delete-policy: hook-failed}", 1)
	p := ends(t, s.releases("web", files).Perform(t.Context(), facts.ModeInstall, nil), problem.PermissionMissing)
	if len(p.Missing) != 1 || p.Missing[0].Verb != "get" || p.Missing[0].Resource != "jobs" {
		t.Errorf("gaps %+v", p.Missing)
	}
}

// A hook that may not be created is a missing permission, though Helm reduces the
// error to text.
func TestHookThatMayNotBeMade(t *testing.T) {
	s := asAdmin(t)
	s.kubeconfig = s.ServiceAccount(t, s.namespace, "poor", append(s.SecretRules(),
		rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "delete"}})...).Kubeconfig
	files := hook("complete", "0s")
	delete(files, "templates/config.yaml")
	p := ends(t, s.releases("web", files).Perform(t.Context(), facts.ModeInstall, nil), problem.PermissionMissing)
	if len(p.Missing) != 1 || p.Missing[0].Verb != "create" || p.Missing[0].Resource != "jobs" {
		t.Errorf("gaps %+v", p.Missing)
	}
}
