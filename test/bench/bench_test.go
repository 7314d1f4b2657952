//go:build bench

// Package bench times Berth beside the Helm command lines on the embedded
// control plane: the whole process, from start to exit, as a CI job sees it.
// Berth locks, preflights, checks and reports in that time; Helm does not.
package bench

import (
	"fmt"
	"os"
	"os/exec"
	"sort"
	"syscall"
	"testing"
	"time"

	"github.com/berth-dev/berth/test/kubetest"
)

const chart = "../e2e/testdata/small"

// tool is one way to bring the chart onto the cluster.
type tool struct {
	name   string
	binary string
	args   func(namespace string, set string) []string
}

func tools(b *testing.B) []tool {
	b.Helper()
	berth := os.Getenv("BERTH_TEST_BIN")
	if berth == "" {
		b.Fatal("BERTH_TEST_BIN is not set: run make bench")
	}
	helm := func(namespace, set string) []string {
		return []string{"upgrade", "--install", "--wait", "--create-namespace", "web", chart, "-n", namespace, "--set", set}
	}
	return []tool{
		{"berth", berth, func(namespace, set string) []string {
			return []string{"deploy", "--chart", chart, "-n", namespace, "--release", "web", "--set", set,
				"--repository", "acme/shop", "--branch", "bench"}
		}},
		{"helm3", kubetest.Helm(b, 3), helm},
		{"helm4", kubetest.Helm(b, 4), helm},
	}
}

// BenchmarkInstall makes a namespace and a release in it.
func BenchmarkInstall(b *testing.B) {
	each(b, func(b *testing.B, c *kubetest.Cluster, one tool) {
		namespaces := make([]string, b.N)
		for i := range namespaces {
			namespaces[i] = c.Name(b, "bench")
		}
		b.ResetTimer()
		for i := range b.N {
			run(b, c, one, namespaces[i], "greeting=hello")
		}
	})
}

// BenchmarkUpgrade changes a value of a release.
func BenchmarkUpgrade(b *testing.B) {
	each(b, func(b *testing.B, c *kubetest.Cluster, one tool) {
		namespace := c.Name(b, "bench")
		run(b, c, one, namespace, "greeting=hello")
		taken = taken[:0]
		b.ResetTimer()
		for i := range b.N {
			run(b, c, one, namespace, fmt.Sprintf("greeting=hello%d", i))
		}
	})
}

// taken are the wall times of the benchmark at hand, peak its largest memory.
var (
	taken []time.Duration
	peak  int64
)

func each(b *testing.B, bench func(*testing.B, *kubetest.Cluster, tool)) {
	c := kubetest.Connect(b)
	for _, one := range tools(b) {
		b.Run(one.name, func(b *testing.B) {
			taken, peak = taken[:0], 0
			bench(b, c, one)
			sort.Slice(taken, func(i, j int) bool { return taken[i] < taken[j] })
			b.ReportMetric(float64(taken[len(taken)/2].Milliseconds()), "median-ms")
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
		})
	}
}

func run(b *testing.B, c *kubetest.Cluster, one tool, namespace, set string) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), one.binary, one.args(namespace, set)...)
	cmd.Env = []string{"KUBECONFIG=" + c.Kubeconfig(), "HOME=" + b.TempDir(), "PATH=" + os.Getenv("PATH")}
	began := time.Now()
	out, err := cmd.CombinedOutput()
	taken = append(taken, time.Since(began))
	if err != nil {
		b.Fatalf("%s: %v\n%s", one.name, err, out)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = max(peak, usage.Maxrss) // KiB on Linux
	}
}
