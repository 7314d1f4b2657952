//go:build bench

// Package scale measures how berth list fares with thousands of review apps, beside Helm's
// command lines and a shell that asks each namespace.
package scale

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

var (
	apps  = flag.Int("apps", 2000, "how many review apps there are")
	loops = flag.Bool("loop", false, "time a shell loop as well, which takes minutes")
)

// recordBytes is how large a record is.
const recordBytes = 40 << 10

func TestScale(t *testing.T) {
	kubeconfig := os.Getenv("KUBECONFIG")
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	seed(t, client, kubeconfig)
	t.Logf("%d apps with records of %d KB were made in %s", *apps, recordBytes>>10, time.Since(began).Round(time.Second))

	wire := newRelay(t, config.Host)
	through := wire.kubeconfig(t, kubeconfig)
	start := run(t, through, os.Getenv("BERTH_TEST_BIN"), "version").PeakKiB
	for _, output := range []string{"text", "json", "markdown", "html"} {
		var best lap
		for i := range 3 {
			l := run(t, through, os.Getenv("BERTH_TEST_BIN"), "list", "-o", output)
			if l.Code != 0 {
				t.Fatalf("berth list -o %s: exit code %d: %s", output, l.Code, l.out)
			}
			if got := l.count(output); got != *apps {
				t.Errorf("berth list -o %s: %d apps, want %d", output, got, *apps)
			}
			l.bytes = wire.take()
			if i == 0 || l.took() < best.took() {
				best = l
			}
		}
		t.Logf("berth list -o %s: %s, %d MiB over start, %d bytes an app on the wire", output, best.took().Round(time.Millisecond),
			(best.PeakKiB-start)>>10, best.bytes/int64(*apps))
	}
	for _, helm := range []string{os.Getenv("BERTH_TEST_HELM3"), os.Getenv("BERTH_TEST_HELM4")} {
		startOf := run(t, through, helm, "version").PeakKiB
		wire.take()
		l := run(t, through, helm, "list", "--all-namespaces", "--max", "0")
		t.Logf("%s list -A: exit code %d, %s, %d MiB over start, %d bytes an app on the wire", filepath.Base(helm), l.Code,
			l.took().Round(time.Millisecond), (l.PeakKiB-startOf)>>10, wire.take()/int64(*apps))
	}
	if *loops {
		script := `for n in $(cat namespaces); do "$0" status shop --namespace "$n" >/dev/null || exit 1; done`
		l := run(t, through, "sh", "-c", "cd "+namespaces(t)+" && "+script, os.Getenv("BERTH_TEST_HELM3"))
		t.Logf("a shell that asks for %d of them by helm3 status: exit code %d, %s", looped, l.Code, l.took().Round(time.Millisecond))
	}
}

// looped is how many apps the shell asks for.
const looped = 100

// namespaces writes the names of some namespaces into a file, and returns its folder.
func namespaces(t *testing.T) string {
	dir := t.TempDir()
	var names strings.Builder
	for i := range looped {
		fmt.Fprintf(&names, "%s\n", name(i))
	}
	if err := os.WriteFile(filepath.Join(dir, "namespaces"), []byte(names.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func name(i int) string { return fmt.Sprintf("review-shop-branch-%05d", i) }

// seed makes the apps: one is deployed, and the others are copies of what that made, with all that
// is stamped on it, under other names, and with records that are not alike.
func seed(t *testing.T, client kubernetes.Interface, kubeconfig string) {
	ctx := t.Context()
	l := run(t, kubeconfig, os.Getenv("BERTH_TEST_BIN"), "deploy", "--repository", "acme/shop", "--branch", "branch-00000",
		"--pull-request", "7", "--sha", "0123456789abcdef0123456789abcdef01234567", "--ttl", "7d",
		"--url", "https://{{ .Slug }}.review.example.com", "--chart", os.Getenv("BERTH_TEST_CHART"), "--namespace", "review-shop-{{ .Slug }}")
	if l.Code != 0 {
		t.Fatalf("deploy: %s", l.out)
	}
	ns, err := client.CoreV1().Namespaces().Get(ctx, name(0), metav1.GetOptions{})
	must(t, err)
	record, err := client.CoreV1().Secrets(name(0)).Get(ctx, "sh.helm.release.v1.shop.v1", metav1.GetOptions{})
	must(t, err)
	lock, err := client.CoordinationV1().Leases(name(0)).Get(ctx, "berth-shop", metav1.GetOptions{})
	must(t, err)
	next, failed := atomic.Int64{}, make(chan error, 1)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for i := int(next.Add(1)); i < *apps && len(failed) == 0; i = int(next.Add(1)) {
				if err := clone(ctx, client, i, ns, record, lock); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	all.Wait()
	if len(failed) > 0 {
		t.Fatal(<-failed)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func clone(ctx context.Context, client kubernetes.Interface, i int, ns *corev1.Namespace, record *corev1.Secret,
	lock *coordinationv1.Lease) error {
	identity := fmt.Sprintf("%016x", i)
	meta := func(of metav1.ObjectMeta) metav1.ObjectMeta {
		m := metav1.ObjectMeta{Name: of.Name, Labels: map[string]string{}, Annotations: map[string]string{}}
		for k, v := range of.Labels {
			m.Labels[k] = v
		}
		for k, v := range of.Annotations {
			m.Annotations[k] = strings.ReplaceAll(v, "branch-00000", fmt.Sprintf("branch-%05d", i))
		}
		delete(m.Labels, "kubernetes.io/metadata.name")
		if _, ok := m.Labels["berth.dev/identity"]; ok {
			m.Labels["berth.dev/identity"] = identity
		}
		return m
	}
	space := &corev1.Namespace{ObjectMeta: meta(ns.ObjectMeta)}
	space.Name = name(i)
	made, err := client.CoreV1().Namespaces().Create(ctx, space, metav1.CreateOptions{FieldManager: "berth"})
	if err != nil {
		return err
	}
	made.Annotations["berth.dev/namespace-uid"] = string(made.UID)
	if _, err := client.CoreV1().Namespaces().Update(ctx, made, metav1.UpdateOptions{FieldManager: "berth"}); err != nil {
		return err
	}
	noise := make([]byte, recordBytes*3/4)
	_, _ = rand.Read(noise)
	secret := &corev1.Secret{ObjectMeta: meta(record.ObjectMeta), Type: record.Type, Data: map[string][]byte{
		"release": record.Data["release"], "noise": []byte(base64.StdEncoding.EncodeToString(noise))}}
	if _, err := client.CoreV1().Secrets(name(i)).Create(ctx, secret, metav1.CreateOptions{FieldManager: "berth"}); err != nil {
		return err
	}
	l := &coordinationv1.Lease{ObjectMeta: meta(lock.ObjectMeta), Spec: *lock.Spec.DeepCopy()}
	_, err = client.CoordinationV1().Leases(name(i)).Create(ctx, l, metav1.CreateOptions{FieldManager: "berth"})
	return err
}

// lap is what test/bench/stopwatch says of a run, and what that printed.
type lap struct {
	Began, Ended time.Time
	Code         int
	PeakKiB      int64

	out   string
	bytes int64
}

func (l lap) took() time.Duration { return l.Ended.Sub(l.Began) }

// count returns how many apps were listed.
func (l lap) count(output string) int {
	switch output {
	case "json":
		return strings.Count(l.out, `"state": "deployed"`)
	case "markdown":
		return strings.Count(l.out, "| ✓ |")
	case "html":
		return strings.Count(l.out, `"rev":1`)
	}
	return strings.Count(l.out, "✓ deployed")
}

func run(t *testing.T, kubeconfig, program string, args ...string) lap {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("BERTH_TEST_STOPWATCH"), append([]string{program}, args...)...)
	cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	read, write, err := os.Pipe()
	must(t, err)
	defer read.Close()
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Run()
	write.Close()
	if err != nil {
		t.Fatalf("run %s: %v: %s", program, err, out.String())
	}
	l := lap{out: out.String()}
	must(t, json.NewDecoder(read).Decode(&l))
	return l
}

// relay stands before the API server and counts the bytes on the wire.
type relay struct {
	listener net.Listener
	bytes    atomic.Int64
	open     sync.WaitGroup
}

func newRelay(t *testing.T, server string) *relay {
	address, err := url.Parse(server)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	r := &relay{listener: listener}
	go func() {
		for {
			down, err := listener.Accept()
			if err != nil {
				return // closed
			}
			r.open.Go(func() { r.carry(down, address.Host) })
		}
	}()
	return r
}

func (r *relay) carry(down net.Conn, upstream string) {
	defer down.Close()
	up, err := net.Dial("tcp", upstream)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	pass := func(to, from net.Conn) {
		n, _ := io.Copy(to, from)
		r.bytes.Add(n)
		to.Close()
		from.Close()
	}
	both.Go(func() { pass(up, down) })
	both.Go(func() { pass(down, up) })
	both.Wait()
}

// take returns what went over it since the last time. What used it has ended.
func (r *relay) take() int64 {
	r.open.Wait()
	return r.bytes.Swap(0)
}

func (r *relay) kubeconfig(t *testing.T, path string) string {
	config, err := clientcmd.LoadFromFile(path)
	must(t, err)
	for _, cluster := range config.Clusters {
		cluster.Server = "https://" + r.listener.Addr().String()
	}
	through := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, clientcmd.WriteToFile(*config, through))
	return through
}
