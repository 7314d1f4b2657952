//go:build cluster

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// rendered is what Helm makes of a chart: the objects in their order, and the hooks in
// theirs. When it runs a hook without a delete policy, it notes the default.
type rendered struct {
	Manifest string
	Info     struct{ Notes string }
	Hooks    []struct {
		Name, Kind, Path, Manifest string
		Events                     []string
		Weight                     int
	}
}

// parity is a chart and the flags with which Berth and Helm 3 have to make the same of it.
type parity struct {
	files map[string]string // over parityChart's; an empty one is none
	flags []string          // @ is the folder with the values files
}

// What Berth stores is, byte by byte, what Helm 3 renders, hooks and their order included.
func TestRendersAsHelm3Does(t *testing.T) {
	s := newFixture(t)
	folder := t.TempDir()
	for name, content := range parityValues {
		writeFile(t, filepath.Join(folder, name), content)
	}
	for i, c := range parities {
		t.Run(fmt.Sprintf("%d %q", i, c.flags), func(t *testing.T) {
			chart := t.TempDir()
			for name, content := range parityChart {
				writeFile(t, filepath.Join(chart, name), content)
			}
			for name, content := range c.files {
				writeFile(t, filepath.Join(chart, name), content)
			}
			release, flags := fmt.Sprintf("p%d", i), make([]string, 0, len(c.flags))
			for _, f := range c.flags {
				flags = append(flags, strings.ReplaceAll(f, "@/", folder+"/"))
			}
			args := append([]string{"install", release, chart, "--dry-run=server", "-o", "json"}, flags...)
			stdout, stderr, code := s.HelmRun(t, kubetest.Helm(t, 3), s.kubeconfig, s.namespace, args...)
			if code != 0 {
				t.Fatalf("Helm 3 ended with %d: %s", code, stderr)
			}
			var want rendered
			if err := json.Unmarshal([]byte(stdout), &want); err != nil {
				t.Fatal(err)
			}
			if run := s.berth("deploy", append([]string{"--release", release, "--chart", chart}, flags...)...); run.code != 0 {
				t.Fatalf("Berth ended with %d:\n%s", run.code, run.stdout)
			}
			if diff := cmp.Diff(want, s.renderedAs(t, release)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// renderedAs returns what is stored of a release's first revision.
func (s *fixture) renderedAs(t *testing.T, release string) (r rendered) {
	t.Helper()
	record, err := s.Client().CoreV1().Secrets(s.namespace).Get(t.Context(), "sh.helm.release.v1."+release+".v1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	packed, err := base64.StdEncoding.DecodeString(string(record.Data["release"]))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(plain).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
