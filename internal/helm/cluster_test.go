//go:build cluster

package helm_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/test/kubetest"
)

// stage is a namespace, and the user that Helm operations run as in it.
type stage struct {
	*kubetest.Cluster
	t          *testing.T
	namespace  string
	kubeconfig string
}

// asAdmin returns a stage whose user may do everything.
func asAdmin(t *testing.T) *stage {
	t.Helper()
	t.Parallel()
	c := kubetest.Connect(t)
	return &stage{Cluster: c, t: t, namespace: c.Namespace(t), kubeconfig: c.Kubeconfig()}
}

// asDeployer returns a stage whose user may deploy the usual kinds.
func asDeployer(t *testing.T) *stage {
	t.Helper()
	s := asAdmin(t)
	s.kubeconfig = s.ServiceAccount(t, s.namespace, "deployer", append(s.DeployerRules(), s.SecretRules()...)...).Kubeconfig
	return s
}

// waits implements helm.Waiter as internal/cli does.
type waits struct {
	*rollout.Waiter
}

func (w waits) WaitForReady(ctx context.Context, applied manifest.Objects, jobs bool) ([]result.Event, error) {
	one := *w.Waiter
	one.WaitForJobs = jobs
	return nil, one.WaitForReady(ctx, applied)
}

func (w waits) WaitForDelete(ctx context.Context, deleted manifest.Objects) ([]result.Event, error) {
	return nil, w.Waiter.WaitForDelete(ctx, deleted)
}

func (w waits) WaitForCompletion(ctx context.Context, applied manifest.Objects) ([]facts.Ref, error) {
	deleted, err := w.Waiter.WaitForCompletion(ctx, applied)
	var unfinished *rollout.IncompleteError
	if err == nil || errors.As(err, &unfinished) {
		return deleted, err
	}
	return deleted, apifailure.Classify(err, "wait for the hook to end")
}

func (waits) Conceal(context.Context, manifest.Objects) string { return "" }

// releases returns the operations of a release, with a chart of these files.
func (s *stage) releases(release string, files map[string]string) *helm.Releases {
	s.t.Helper()
	conn, err := kube.Connect(s.t.Context(), kube.Options{Kubeconfig: s.kubeconfig, UserAgent: "berth/test"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(conn.Close)
	store, err := record.New(record.Clients{Core: conn.Clientset().CoreV1(), Metadata: conn.Metadata()},
		record.Options{Kind: record.Secrets, Namespace: s.namespace, Stamp: facts.Stamp{Run: "run"}})
	if err != nil {
		s.t.Fatal(err)
	}
	mapper, err := conn.Mapper(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	open := func(ctx context.Context) (helm.Backend, error) {
		fence := transport.NewFence(ctx)
		getter := conn.Getter(s.namespace, fence)
		core, err := getter.Core()
		if err != nil {
			return helm.Backend{}, err
		}
		metadata, err := getter.Metadata()
		return helm.Backend{Getter: getter, Core: core, Metadata: metadata, Fence: fence, CacheGets: getter.CacheGets, Pods: conn.Clientset(),
			Waiter: waits{&rollout.Waiter{
				FailFast: true,
				Clients:  rollout.Clients{Clientset: conn.Clientset(), Dynamic: conn.Dynamic(), Mapper: mapper, Namespace: s.namespace},
			}}}, err
	}
	r := helm.New(helm.Options{
		Release: release, Namespace: s.namespace, Timeout: time.Minute,
		Source: chart.Source{Chart: folder(s.t, files), CacheDir: s.t.TempDir(), Log: s.t.Logf}, Log: func(string, ...any) {},
		Rediscover: conn.ResetDiscovery,
	}, store, open)
	if err := r.Fetch(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	if _, err := r.Render(s.t.Context(), 1, false); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// folder writes a chart and returns its folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"Chart.yaml": "apiVersion: v2\nname: odd\nversion: 1.0.0\n"}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// configMap returns the template of a ConfigMap.
func configMap(name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {text: chart}\n", name)
}

// stored returns the number of records in the namespace.
func (s *stage) stored() int {
	s.t.Helper()
	list, err := s.Client().CoreV1().Secrets(s.namespace).List(s.t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list.Items)
}

// ends fails the test unless the outcome is a Problem with this reason whose error
// contains the texts.
func ends(t *testing.T, o result.Outcome, reason problem.ExitReason, says ...string) *problem.Problem {
	t.Helper()
	if o.Err == nil {
		t.Fatalf("no error, want %s", reason)
	}
	p := problem.Of(o.Err)
	if p.Reason != reason || p.Next == "" {
		t.Errorf("ends with %s (next: %q), want %s: %v", p.Reason, p.Next, reason, o.Err)
	}
	for _, text := range says {
		if !strings.Contains(o.Err.Error(), text) {
			t.Errorf("it does not say %q: %v", text, o.Err)
		}
	}
	return p
}
