//go:build conformance

package conformance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/kubetest"
	"github.com/berth-dev/berth/test/mirror"
)

// helmHome is a Helm with folders of its own.
type helmHome struct {
	t       *testing.T
	version int
	dir     string
}

// run runs Helm, and returns all that it printed and whether it went well.
func (h helmHome) run(args ...string) (string, bool) {
	h.t.Helper()
	if h.version == 4 && slices.Contains(args, "install") {
		args = append(args, "--verify=false") // which it asks of all but folders
	}
	cmd := exec.CommandContext(h.t.Context(), kubetest.Helm(h.t, h.version), args...)
	cmd.Env = []string{"HOME=" + h.dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		h.t.Fatal(err)
	}
	return string(out), err == nil
}

// Helm installs the plugin of a release from Git, from its archive and from a folder, and the
// plugin is the program that was released.
func TestPluginOfARelease(t *testing.T) {
	want, err := exec.CommandContext(t.Context(), berthBinary(t), "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	m := mirror.New(t, berthBinary(t))
	publish(t, m)
	folder := filepath.Join(t.TempDir(), "berth")
	if err := os.CopyFS(folder, os.DirFS(m.Tree)); err != nil {
		t.Fatal(err)
	}
	for _, from := range []struct {
		version int
		args    []string
	}{
		{3, []string{m.URL + "/berth.git", "--version", mirror.Version}}, {4, []string{m.URL + "/berth.git", "--version", mirror.Version}},
		{4, []string{m.URL + "/berth-plugin_1.2.3.tgz"}}, {3, []string{folder}}, {4, []string{folder}},
	} {
		t.Run(fmt.Sprintf("Helm %d, %s", from.version, filepath.Base(from.args[0])), func(t *testing.T) {
			h := helmHome{t, from.version, t.TempDir()}
			if out, ok := h.run(append([]string{"plugin", "install"}, from.args...)...); !ok || !strings.Contains(out, "Berth v1.2.3 for ") {
				t.Fatalf("not installed: %s", out)
			}
			if out, ok := h.run("berth", "version"); !ok || out != string(want) {
				t.Errorf("it runs %q, want %q", out, want)
			}
		})
	}
	t.Run("what was built by hand", func(t *testing.T) { testPluginByHand(t, m) })
	t.Run("tampered with", func(t *testing.T) { m.Tamper(t); testPluginTampered(t, m) })
}

// publish has the mirror serve the tagged commit, as a repository and as an archive.
func publish(t *testing.T, m *mirror.Mirror) {
	t.Helper()
	bare := filepath.Join(m.Served, "berth.git")
	for _, args := range [][]string{
		{"-C", m.Tree, "init", "--quiet", "--initial-branch", "main"},
		{"-C", m.Tree, "add", "--all"},
		{"-C", m.Tree, "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "Pin"},
		{"-C", m.Tree, "tag", mirror.Version},
		{"clone", "--quiet", "--bare", m.Tree, bare},
		{"-C", bare, "update-server-info"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	w := tar.NewWriter(z)
	for _, name := range []string{"plugin.yaml", "plugin.sh", "LICENSE"} {
		text, err := os.ReadFile(filepath.Join(m.Tree, name))
		if err == nil {
			err = w.WriteHeader(&tar.Header{Name: "berth/" + name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg})
		}
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.Served, "berth-plugin_1.2.3.tgz"), packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A program that somebody built is left, and one of an earlier release is not.
func testPluginByHand(t *testing.T, m *mirror.Mirror) {
	h := helmHome{t, 3, t.TempDir()}
	downloads := func(want int64, says string, args ...string) {
		t.Helper()
		before := m.Downloads()
		if out, ok := h.run(append([]string{"plugin"}, args...)...); !ok || m.Downloads()-before != want || !strings.Contains(out, says) {
			t.Errorf("helm plugin %v: %d downloads, want %d: %s", args, m.Downloads()-before, want, out)
		}
	}
	clone := filepath.Join(h.dir, "clone")
	if err := os.CopyFS(clone, os.DirFS(m.Tree)); err != nil {
		t.Fatal(err)
	}
	build(t, clone)
	downloads(0, "left as it is", "install", clone)
	if out, _ := h.run("berth", "version"); out != "by hand\n" {
		t.Errorf("it runs %q", out)
	}
	downloads(0, "Uninstalled", "uninstall", "berth")
	downloads(1, "is installed", "install", m.URL+"/berth.git", "--version", mirror.Version)
	downloads(1, "is installed", "update", "berth")
	build(t, filepath.Join(h.dir, ".local/share/helm/plugins/berth.git"))
	downloads(0, "left as it is", "update", "berth")
}

// build puts a program into a plugin's folder, as make build does.
func build(t *testing.T, folder string) {
	t.Helper()
	bin := filepath.Join(folder, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "berth"), []byte("#!/bin/sh\necho by hand\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// What is not what was released is refused, and nothing of it is left.
func testPluginTampered(t *testing.T, m *mirror.Mirror) {
	for _, version := range []int{3, 4} {
		h := helmHome{t, version, t.TempDir()}
		out, ok := h.run("plugin", "install", m.URL+"/berth.git", "--version", mirror.Version)
		if ok || !strings.Contains(out, "is not what was released: its SHA-256 is ") || !strings.Contains(out, "helm plugin uninstall berth") {
			t.Errorf("Helm %d takes it: %s", version, out)
		}
		left, err := os.ReadDir(filepath.Join(h.dir, ".local/share/helm/plugins/berth.git"))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range left { // of what Git has checked out, nothing begins like this
			if strings.HasPrefix(entry.Name(), "bin") || strings.HasPrefix(entry.Name(), "new") {
				t.Errorf("Helm %d is left with %s", version, entry.Name())
			}
		}
		if out, ok := h.run("berth", "version"); ok || strings.Contains(out, mirror.Malice) {
			t.Errorf("Helm %d runs it: %s", version, out)
		}
		if out, ok := h.run("plugin", "uninstall", "berth"); !ok {
			t.Errorf("Helm %d cannot uninstall it: %s", version, out)
		}
	}
}
