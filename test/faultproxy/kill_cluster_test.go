//go:build cluster

package faultproxy_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// tool is a command line tool that a callback can kill.
type tool struct {
	*exec.Cmd
	started chan struct{}
}

// helm prepares the real Helm 3 on the proxy's kubeconfig.
func (b *bench) helm(t *testing.T, args ...string) *tool {
	t.Helper()
	account := b.ServiceAccount(t, b.namespace, "deployer", slices.Concat(b.DeployerRules(), b.SecretRules())...)
	home := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	args = append(args, "--kubeconfig", b.proxy.Kubeconfig(t, account.Kubeconfig), "--namespace", b.namespace)
	cmd := exec.CommandContext(ctx, kubetest.Helm(t, 3), args...)
	cmd.Env = []string{"HOME=" + home, "HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home}
	return &tool{Cmd: cmd, started: make(chan struct{})}
}

func (p *tool) run() error {
	err := p.Start()
	close(p.started)
	if err != nil {
		return err
	}
	return p.Wait()
}

func (p *tool) kill(faultproxy.Request) {
	<-p.started
	_ = p.Process.Kill()
}

func (p *tool) killed() bool {
	status, ok := p.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// chart writes a chart with one ConfigMap.
func chart(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"Chart.yaml":              "apiVersion: v2\nname: small\nversion: 0.1.0\n",
		"templates/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// A tool that is killed in a callback leaves behind what the fault says.
func TestKill(t *testing.T) {
	const record = "sh.helm.release.v1.web.v1"
	post := faultproxy.Match{Verb: "create", Resource: "secrets", Name: record, Status: "pending-install", Agent: "Helm/3"}
	put := faultproxy.Match{Verb: "update", Resource: "secrets", Name: record, Status: "deployed", Agent: "Helm/3"}
	tests := []struct {
		name   string
		match  faultproxy.Match
		fault  func(kill func(faultproxy.Request)) faultproxy.Fault
		stored string // the record's status
	}{
		{"before POST", post, func(kill func(faultproxy.Request)) faultproxy.Fault {
			return faultproxy.Sequence(faultproxy.Call(kill), faultproxy.Refuse())
		}, ""},
		{"POST on the wire", post, faultproxy.Call, "pending-install"},
		{"after POST", post, faultproxy.CallAfter, "pending-install"},
		{"before PUT", put, func(kill func(faultproxy.Request)) faultproxy.Fault {
			return faultproxy.Sequence(faultproxy.Call(kill), faultproxy.Refuse())
		}, "pending-install"},
		{"after PUT", put, faultproxy.CallAfter, "deployed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, b *bench) {
				helm := b.helm(t, "install", "web", chart(t))
				rule := b.proxy.On(tt.match, tt.fault(helm.kill))
				if err := helm.run(); err == nil || !helm.killed() {
					t.Fatalf("Helm was not killed: %v", err)
				}
				kubetest.Eventually(t, patience, func() (bool, string) {
					stored := b.recorded(t)
					return stored == tt.stored, "the record says " + stored
				})
				if rule.Hits() != 1 {
					t.Errorf("the rule acted %d times", rule.Hits())
				}
			})
		})
	}
}

// recorded is the status of the only record.
func (b *bench) recorded(t *testing.T) string {
	t.Helper()
	list, err := b.Client().CoreV1().Secrets(b.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil || len(list.Items) == 0 {
		return errorText(err)
	}
	return list.Items[0].Labels["status"]
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A read that is killed is over at once.
func TestKillInARead(t *testing.T) {
	overBoth(t, func(t *testing.T, b *bench) {
		helm := b.helm(t, "list")
		b.proxy.On(faultproxy.Match{Verb: "list", Resource: "secrets"}, faultproxy.Sequence(faultproxy.Call(helm.kill), faultproxy.Blackhole()))
		if err := helm.run(); err == nil || !helm.killed() {
			t.Fatalf("Helm was not killed: %v", err)
		}
	})
}
