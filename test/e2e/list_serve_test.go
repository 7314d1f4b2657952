//go:build cluster

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/berth-dev/berth/internal/cli"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/test/kubetest"
)

// served is a list that is served.
type served struct {
	t       *testing.T
	out     *buffer
	signals chan os.Signal
	ended   chan int
	address string
}

// serve starts serving the repository's apps, and returns once it listens.
func (f *fleetOf) serve(kubeconfig string, flags ...string) *served {
	f.t.Helper()
	s := &served{t: f.t, out: &buffer{}, signals: make(chan os.Signal, 1), ended: make(chan int, 1)}
	environ := []string{"HOME=" + f.t.TempDir(), "GIT_DIR=" + f.t.TempDir(), "KUBECONFIG=" + kubeconfig}
	args := append([]string{"list", "--serve", "127.0.0.1:0", "--repository", f.repository}, flags...)
	ctx, cancel := context.WithCancel(f.t.Context())
	go func() {
		s.ended <- cli.Main(ctx, cli.Process{Args: args, Environ: environ, Stdout: s.out, Stderr: s.out, Signals: s.signals, Version: "test"})
	}()
	f.t.Cleanup(cancel)
	kubetest.Eventually(f.t, 20*time.Second, func() (bool, string) {
		found := regexp.MustCompile(`http://[0-9.:]+`).FindString(s.out.String())
		s.address = found
		return found != "", "where it listens, in " + s.out.String()
	})
	return s
}

// get returns the status and the body of a path.
func (s *served) get(path string) (code int, body string) {
	s.t.Helper()
	resp, err := http.Get(s.address + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// shows waits until a path answers so, with every part.
func (s *served) shows(path string, code int, parts ...string) {
	s.t.Helper()
	kubetest.Eventually(s.t, 60*time.Second, func() (bool, string) {
		is, body := s.get(path)
		for _, part := range parts {
			if !strings.Contains(body, part) {
				return false, fmt.Sprintf("%q at %s: %d, %.2000s; it said %s", part, path, is, body, s.out)
			}
		}
		return is == code, fmt.Sprintf("%d of %s: %d, %.300s", code, path, is, body)
	})
}

// end ends it by a signal.
func (s *served) end(signal os.Signal, want int) {
	s.t.Helper()
	s.signals <- signal
	select {
	case code := <-s.ended:
		if code != want {
			s.t.Errorf("exit code %d, want %d: %s", code, want, s.out)
		}
	case <-time.After(10 * time.Second):
		s.t.Fatal("it does not end")
	}
}

// What changes is served without anybody asking the API server again, and so is what a sweep
// counts. The account may do what the documentation says, and nothing else.
func TestServe(t *testing.T) {
	f := newFleet(t)
	own := f.Namespace(t)
	ctx := t.Context()
	totals := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "totals"}, Data: map[string]string{"other": "stays"}}
	if _, err := f.Client().CoreV1().ConfigMaps(own).Create(ctx, totals, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	look := []string{"list", "watch"}
	account := f.ServiceAccount(t, own, "server", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"},
		ResourceNames: []string{"totals"}, Verbs: look})
	account.GrantCluster(t, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces", "secrets"}, Verbs: look},
		rbacv1.PolicyRule{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: look})
	f.deploy("a", "--ttl", "1s").exit(t, 0)
	s := f.serve(account.Kubeconfig, "--totals", own+"/totals")
	s.shows("/healthz", 200, "ok")
	s.shows("/", 200, "<!DOCTYPE html>", `"b":"a"`)
	name := "github.com/" + f.repository
	s.shows("/metrics", 200, "berth_survey_up 1\n", `berth_review_apps{repository="`+name+`",state="deployed"} 1`,
		`berth_review_apps_expired{repository="`+name+`"} 1`, `berth_sweeps_total{result="complete"} 0`)

	f.deploy("b").exit(t, 0)
	s.shows("/metrics", 200, `berth_review_apps{repository="`+name+`",state="deployed"} 2`)
	var d report.FleetDocument
	if _, body := s.get("/fleet.json"); json.Unmarshal([]byte(body), &d) != nil || len(d.Apps) != 2 || d.Schema != report.FleetSchema {
		t.Errorf("%s", body)
	}

	// Sweeps count what they do, several at the same time as well.
	sweep := func(flags ...string) ended {
		return runBerth(t, f.env, append([]string{"sweep", "--repository", f.repository, "--totals", own + "/totals"}, flags...)...)
	}
	sweep().exit(t, 0).says(t, "1 went")
	s.shows("/metrics", 200, `berth_sweeps_total{result="complete"} 1`, "berth_sweep_deleted_total 1\n", "berth_sweep_failed_total 0\n",
		"berth_sweep_last_success_timestamp_seconds 1", `berth_review_apps{repository="`+name+`",state="deployed"} 1`)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { sweep("--dry-run") })
	}
	all.Wait()
	s.shows("/metrics", 200, `berth_sweeps_total{result="dry-run"} 4`)

	// What is not a sweep's is neither believed nor overwritten.
	found, err := f.Client().CoreV1().ConfigMaps(own).Get(ctx, "totals", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Data["other"] != "stays" {
		t.Errorf("it has %v", found.Data)
	}
	found.Data[report.SweepTotalsKey] = `{"deleted": 1e9}`
	if _, err := f.Client().CoreV1().ConfigMaps(own).Update(ctx, found, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	sweep().exit(t, 0).says(t, "The sweep is not counted", "it is not what a sweep writes")
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		_, body := s.get("/metrics")
		return !strings.Contains(body, "berth_sweep") && strings.Contains(s.out.String(), "There are no metrics of sweeps"), body + s.out.String()
	})
	runBerth(t, f.env, "sweep", "--repository", f.repository, "--totals", own+"/none").exit(t, 0).says(t, "there is no ConfigMap none")
	s.end(syscall.SIGTERM, 143)
}

func TestServeWithoutPermission(t *testing.T) {
	f := newFleet(t)
	account := f.ServiceAccount(t, f.Namespace(t), "server")
	look := []string{"list"}
	account.GrantCluster(t, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces", "secrets"}, Verbs: look},
		rbacv1.PolicyRule{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: look})
	env := map[string]string{"HOME": t.TempDir(), "GIT_DIR": t.TempDir(), "KUBECONFIG": account.Kubeconfig}
	runBerth(t, env, "list", "--serve", "127.0.0.1:0").exit(t, 20).says(t, "watch ")
	runBerth(t, env, "list", "--serve", "192.0.2.1:80").exit(t, 64).says(t, "listen on 192.0.2.1:80")
}

// outage is a way to the API server that can be closed: connections are cut, and none is taken.
type outage struct {
	net.Listener
	mu     sync.Mutex
	closed bool
	open   map[net.Conn]bool
}

// newOutage returns a way to the API server of a kubeconfig, and a kubeconfig that takes it.
func newOutage(t *testing.T, kubeconfig string) (*outage, string) {
	t.Helper()
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	cluster := config.Clusters[config.Contexts[config.CurrentContext].Cluster]
	server, err := url.Parse(cluster.Server)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &outage{Listener: listener, open: map[net.Conn]bool{}}
	t.Cleanup(func() { listener.Close() })
	go o.pass(server.Host)
	cluster.Server, cluster.TLSServerName = "https://"+listener.Addr().String(), server.Hostname()
	file := t.TempDir() + "/kubeconfig"
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return o, file
}

func (o *outage) pass(to string) {
	for {
		client, err := o.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", to)
		if err != nil {
			client.Close()
			continue
		}
		if !o.keep(client, server) {
			client.Close()
			server.Close()
			continue
		}
		go func() { _, _ = io.Copy(server, client); server.Close() }()
		go func() { _, _ = io.Copy(client, server); client.Close() }()
	}
}

// keep notes the connections that are open. It is false while there may be none.
func (o *outage) keep(all ...net.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	for _, c := range all {
		o.open[c] = true
	}
	return true
}

// set begins or ends the outage.
func (o *outage) set(closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = closed
	for c := range o.open {
		c.Close()
		delete(o.open, c)
	}
}

// While the API server is away, what was known last is served on, and is said to be old; what
// has changed meanwhile comes once it is back.
func TestServeThroughAnOutage(t *testing.T) {
	f := newFleet(t)
	f.deploy("a").exit(t, 0)
	way, kubeconfig := newOutage(t, f.Kubeconfig())
	s := f.serve(kubeconfig)
	s.shows("/healthz", 200, "ok")
	way.set(true)
	s.shows("/healthz", 503, "in all namespaces")
	s.shows("/metrics", 200, "berth_survey_up 0\n", `state="deployed"} 1`)
	s.shows("/", 200, `role="alert"`, `"b":"a"`)
	f.deploy("b").exit(t, 0)
	if _, body := s.get("/"); strings.Contains(body, `"b":"b"`) {
		t.Error("there was no outage")
	}
	way.set(false)
	s.shows("/healthz", 200, "ok")
	s.shows("/", 200, `"b":"b"`)
	if _, body := s.get("/"); strings.Contains(body, `role="alert"`) {
		t.Error("it says that it is old")
	}
	for _, says := range []string{"What is served may be out of date", "The API server answers again."} {
		if said := s.out.String(); !strings.Contains(said, says) {
			t.Errorf("it does not say %q: %s", says, said)
		}
	}
	s.end(syscall.SIGINT, 130)
}

// hold holds the lock of the branch's app for as long as the test does not end it, each time for five seconds.
func (f *fleetOf) hold(branch string) (end func()) {
	f.t.Helper()
	app := f.list()[branch]
	leases := f.Client().CoordinationV1().Leases(app.Namespace)
	holder, seconds := "a run", int32(5)
	renew := func(ctx context.Context) error {
		found, err := leases.Get(ctx, lease.Name(app.Release), metav1.GetOptions{})
		if err != nil {
			return err
		}
		now := metav1.NowMicro()
		found.Spec.HolderIdentity, found.Spec.LeaseDurationSeconds, found.Spec.RenewTime = &holder, &seconds, &now
		_, err = leases.Update(ctx, found, metav1.UpdateOptions{})
		return err
	}
	ctx, cancel := context.WithCancel(f.t.Context())
	var renews sync.WaitGroup
	renews.Go(func() {
		for ctx.Err() == nil {
			if err := renew(ctx); err != nil && ctx.Err() == nil {
				f.t.Errorf("renew the lock: %v", err)
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
	end = func() { cancel(); renews.Wait() }
	f.t.Cleanup(end)
	return end
}

// A run whose lock is renewed goes on being at work for those who cannot hear of that, and they say that they do
// not. One that was killed is at work for as long as its lock was to last, and no longer.
func TestOutageEndsNoRun(t *testing.T) {
	f := newFleet(t)
	f.deploy("a").exit(t, 0)
	end := f.hold("a")
	way, kubeconfig := newOutage(t, f.Kubeconfig())
	s, w := f.serve(kubeconfig), f.watch(kubeconfig)
	document := func() (d report.FleetDocument) {
		t.Helper()
		if _, body := s.get("/fleet.json"); json.Unmarshal([]byte(body), &d) != nil || len(d.Apps) != 1 {
			t.Fatalf("%s", body)
		}
		return d
	}
	const busy, deployed = `state="busy"} 1`, `state="deployed"} 1`
	s.shows("/metrics", 200, "berth_survey_up 1\n", busy)
	w.shows("1 review app of github.com/" + f.repository)
	if d := document(); d.Stale || d.Apps[0].State != "busy" {
		t.Errorf("%+v", d)
	}
	before := w.out.String()
	for outages := range 2 {
		way.set(true)
		s.shows("/metrics", 200, "berth_survey_up 0\n", busy)
		for range 12 { // longer than the lock lasts
			time.Sleep(time.Second)
			if _, body := s.get("/metrics"); !strings.Contains(body, busy) {
				t.Fatal(body)
			}
		}
		if d := document(); !d.Stale || d.Apps[0].State != "busy" {
			t.Errorf("%+v", d)
		}
		way.set(false)
		for up := false; !up; time.Sleep(50 * time.Millisecond) {
			_, body := s.get("/metrics")
			if up = strings.Contains(body, "berth_survey_up 1\n"); !strings.Contains(body, busy) {
				t.Fatal(body)
			}
		}
		kubetest.Eventually(t, 60*time.Second, func() (bool, string) {
			said := strings.TrimPrefix(w.out.String(), before)
			return strings.Count(said, "answers again") == outages+1, said
		})
	}
	// One of the watches may begin later than the others, on a busy machine.
	kubetest.Eventually(t, 60*time.Second, func() (bool, string) {
		d := document()
		return !d.Stale, fmt.Sprintf("%+v", d)
	})
	said := strings.TrimPrefix(w.out.String(), before)
	for _, line := range []string{"What is shown may be out of date", "The API server answers again."} {
		if strings.Count(said, line) != 2 {
			t.Errorf("it does not say twice %q:\n%s", line, said)
		}
	}
	if strings.Contains(said, "deployed") {
		t.Errorf("the run was at work all the time:\n%s", said)
	}
	end()
	s.shows("/metrics", 200, "berth_survey_up 1\n", deployed)
	w.shows("deployed, revision 1")
	w.interrupt()
	s.end(syscall.SIGINT, 130)
}
