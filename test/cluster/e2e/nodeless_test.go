package e2e

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Without a node the plane has none, and its certificate is good for the kubelet
// that may join.
func TestWithoutNode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plane")
	t.Cleanup(func() {
		if out, err := cluster("down", "--dir", dir).CombinedOutput(); err != nil {
			t.Errorf("cluster down: %v\n%s", err, out)
		}
	})
	if out, err := cluster("up", "--dir", dir, "--node=none", "--node-ip=192.0.2.1").CombinedOutput(); err != nil {
		t.Fatalf("cluster up: %v\n%s", err, out)
	}
	client, err := clientOf(filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil || len(nodes.Items) > 0 {
		t.Errorf("%d nodes (%v), want none", len(nodes.Items), err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "serving.crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.VerifyHostname("192.0.2.1"); err != nil {
		t.Error(err)
	}
}

func TestUnknownNode(t *testing.T) {
	for _, flags := range [][]string{{"--node=odd"}, {"--node-ip=192.0.2.1"}, {"--node=none", "--node-ip=here"}} {
		cmd := cluster(append(append([]string{"run"}, flags...), "--", "true")...)
		if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 64 {
			t.Errorf("run %v: %v, want exit code 64\n%s", flags, err, out)
		}
	}
}
