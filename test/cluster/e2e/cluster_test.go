// Package e2e tests the built binary, bin/cluster, from outside.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// deadline is for whatever takes a moment on an idle machine, and has to pass
// on a busy one.
const deadline = 60 * time.Second

// shared is the cluster that all tests of behaviours use at once.
var shared struct {
	dir    string
	client kubernetes.Interface
}

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "berth-cluster-e2e-")
	if err == nil {
		defer os.RemoveAll(dir)
		shared.dir = filepath.Join(dir, "shared")
		err = startShared()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if out, err := cluster("down", "--dir", shared.dir).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cluster down: %v\n%s", err, out)
		return 1
	}
	return code
}

func startShared() (err error) {
	if _, err := os.Stat(binary()); err != nil {
		return fmt.Errorf("these tests need the built binary: run `make bin/cluster`, or name it in BERTH_TEST_CLUSTER_BIN: %w", err)
	}
	if out, err := cluster("up", "--dir", shared.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("cluster up: %w\n%s", err, out)
	}
	shared.client, err = clientOf(filepath.Join(shared.dir, "kubeconfig"))
	return err
}

// binary is BERTH_TEST_CLUSTER_BIN, or bin/cluster at the root of the repository.
func binary() string {
	if path := os.Getenv("BERTH_TEST_CLUSTER_BIN"); path != "" {
		return path
	}
	path, err := filepath.Abs("../../../bin/cluster")
	if err != nil {
		return "bin/cluster"
	}
	return path
}

func cluster(args ...string) *exec.Cmd { return exec.Command(binary(), args...) }

// say runs a verb that has to succeed and returns what it printed.
func say(t *testing.T, args ...string) string {
	t.Helper()
	out, err := cluster(args...).CombinedOutput()
	if err != nil {
		t.Fatalf("cluster %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func clientOf(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", kubeconfig, err)
	}
	config.QPS = -1
	return kubernetes.NewForConfig(config)
}

// answers tells whether the cluster's API server is there.
func answers(client kubernetes.Interface) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err
}

// eventually waits for a condition, which says why it does not hold yet.
func eventually(t *testing.T, holds func() error) {
	t.Helper()
	over, tick := time.After(deadline), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-over:
			t.Fatalf("not within %s: %v", deadline, err)
		case <-tick.C:
		}
	}
}
