//go:build conformance

package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// rooms are the rows that no input can bring about, or no verb shows: they call
// the rooms of Berth that answer for them.
var rooms = []row{
	{ID: "T78", Setup: "the getter's namespace differs from the record store's",
		Action: "every operation of internal/helm", End: "refused as a fault of Berth's own, nothing sent",
		Exit: "1", InProcess: true, Gone: true, run: func(s *fixture) {
			other := s.Namespace(s.t)
			for name, r := range map[string]*helm.Releases{
				"store":  s.releases(s.namespace, other, s.namespace),
				"getter": s.releases(s.namespace, s.namespace, other),
			} {
				if err := r.Fetch(s.t.Context()); err != nil {
					s.t.Fatal(err)
				}
				for step, out := range map[string]result.Outcome{
					"install": r.Perform(s.t.Context(), facts.ModeInstall, nil), "uninstall": r.Uninstall(s.t.Context(), facts.Uninstall{Pods: true}),
					"rollback": r.Rollback(s.t.Context(), facts.Rollback{To: 1}),
				} {
					p := problem.Of(out.Err)
					if p == nil || p.Reason != problem.Internal || !strings.Contains(p.Error(), other) {
						s.t.Errorf("%s with a %s of another namespace: %v", step, name, out.Err)
					}
					s.seen = fmt.Sprint(p)
				}
			}
		}},
	{ID: "T79", Setup: "403 on ReplicaSets, preflight: full; then the chart has one of its own", Action: "deploy, twice",
		End: "the wait does without, with a notice; refused at the preflight", Exit: "0, 20", run: func(s *fixture) {
			s.userWith(rulesWithout(s.DeployerRules(), "replicasets", "get", "list", "watch"), s.SecretRules(), s.LeaseRules())
			full := []string{"--preflight", "full", "--rbac-wait", "0s"}
			s.berth("deploy", full...).exit(0).says("notice: Permission missing", "list replicasets.apps")
			s.chartWith("templates/set.yaml", ownReplicaSet)
			s.berth("deploy", full...).exit(20).lacks("get replicasets", "create replicasets")
			s.stored("v1 deployed")
		}},
	{ID: "T80", Setup: "200 releases of 10 revisions each",
		Action: "list of all namespaces", End: "metadata only, less than 1 MiB", Exit: "0",
		InProcess: true, Gone: true, Slow: true, run: func(s *fixture) {
			const releases, revisions = 200, 10
			s.fill(releases, revisions)
			kubeconfig, received := s.counted()
			cmd := exec.CommandContext(s.t.Context(), berthBinary(s.t), "list", "--all-repositories", "--output", "json")
			cmd.Env = []string{"HOME=" + s.t.TempDir(), "GIT_DIR=" + s.t.TempDir(), "KUBECONFIG=" + kubeconfig}
			out, err := cmd.Output()
			if err != nil {
				s.t.Fatalf("%v, and it says %s", err, out)
			}
			var listed struct {
				Apps []struct {
					Namespace, Release, Status string
					Revision                   int
				}
			}
			if err := json.Unmarshal(out, &listed); err != nil {
				s.t.Fatal(err)
			}
			count := 0
			for _, a := range listed.Apps {
				if a.Namespace == s.namespace && a.Release != "" && a.Revision == revisions && a.Status == "superseded" {
					count++
				}
			}
			if count != releases {
				s.t.Errorf("%d releases were listed, want %d", count, releases)
			}
			bytes := received()
			if bytes > 1<<20 {
				s.t.Errorf("%d bytes came over the wire", bytes)
			}
			s.seen = fmt.Sprintf("%d releases of %d records listed in %d KiB", count, releases*revisions, bytes>>10)
		}},
}

// releases are the operations of the row's release, as internal/cli makes them
// but for their namespaces.
func (s *fixture) releases(namespace, store, getter string) *helm.Releases {
	s.t.Helper()
	conn, err := kube.Connect(s.t.Context(), kube.Options{Kubeconfig: s.Kubeconfig(), UserAgent: "berth/conformance"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(conn.Close)
	records, err := record.New(record.Clients{Core: conn.Clientset().CoreV1(), Metadata: conn.Metadata()},
		record.Options{Kind: record.Secrets, Namespace: store})
	if err != nil {
		s.t.Fatal(err)
	}
	o := helm.Options{
		Release: s.release, Namespace: namespace, Timeout: time.Minute,
		Source: chart.Source{Chart: s.chart, CacheDir: s.t.TempDir()}, Log: func(string, ...any) {},
	}
	return helm.New(o, records, func(ctx context.Context) (helm.Backend, error) {
		fence := transport.NewFence(ctx)
		g := conn.Getter(getter, fence)
		core, err := g.Core()
		if err != nil {
			return helm.Backend{}, err
		}
		client, err := g.Metadata()
		return helm.Backend{Getter: g, Core: core, Metadata: client, Fence: fence, CacheGets: g.CacheGets, Pods: conn.Clientset()}, err
	})
}

// fill stores records of Berth's with a payload of 5 KiB each.
func (s *fixture) fill(releases, revisions int) {
	s.t.Helper()
	var posts errgroup.Group
	posts.SetLimit(16)
	for i := range releases * revisions {
		release, revision := fmt.Sprintf("web%d", i/revisions), fmt.Sprint(1+i%revisions)
		posts.Go(func() error {
			_, err := s.Client().CoreV1().Secrets(s.namespace).Create(s.t.Context(), &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Name: "sh.helm.release.v1." + release + ".v" + revision, Labels: map[string]string{
					"owner": "helm", "name": release, "version": revision, "status": "superseded", ownership.LabelIdentity: "somebody",
				}},
				Type: "helm.sh/release.v1",
				Data: map[string][]byte{"release": randomText(5 << 10)},
			}, metav1.CreateOptions{})
			return err
		})
	}
	if err := posts.Wait(); err != nil {
		s.t.Fatal(err)
	}
}

// counted is a kubeconfig of the administrator, and how many bytes have come to whoever uses it,
// as they were on the wire.
func (s *fixture) counted() (kubeconfig string, received func() int64) {
	s.t.Helper()
	server, err := url.Parse(s.Config().Host)
	if err != nil {
		s.t.Fatal(err)
	}
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = relay.Close() })
	var n atomic.Int64
	go func() {
		for {
			client, err := relay.Accept()
			if err != nil {
				return // it is closed
			}
			go pass(client, server.Host, &n)
		}
	}()
	config, err := os.ReadFile(s.Kubeconfig())
	if err != nil {
		s.t.Fatal(err)
	}
	kubeconfig = filepath.Join(s.t.TempDir(), "kubeconfig")
	through := strings.ReplaceAll(string(config), server.Host, relay.Addr().String())
	if err := os.WriteFile(kubeconfig, []byte(through), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return kubeconfig, n.Load
}

// pass passes on what a client and the server say to each other, and counts what the server says.
func pass(client net.Conn, server string, received *atomic.Int64) {
	defer func() { _ = client.Close() }()
	conn, err := new(net.Dialer).Dial("tcp", server)
	if err != nil {
		return // which the client sees
	}
	go func() {
		_, _ = io.Copy(conn, client) // to the client's end
		_ = conn.Close()
	}()
	_, _ = io.Copy(client, meter{conn, received})
}

// meter counts what is read from a connection.
type meter struct {
	io.Reader
	received *atomic.Int64
}

func (m meter) Read(b []byte) (int, error) {
	n, err := m.Reader.Read(b)
	m.received.Add(int64(n))
	return n, err
}

// ownReplicaSet is one that no Deployment makes.
const ownReplicaSet = `
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: own}
spec:
  replicas: 0
  selector: {matchLabels: {app: own}}
  template: {metadata: {labels: {app: own}}, spec: {containers: [{name: a, image: a}]}}
`
