//go:build dryrun

package dryrun

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testHelmPlugin installs the plugin with both Helms from the release's archive. Helm 3
// takes an archive from few servers and none from a file, so it is given what is in it.
func (w *world) testHelmPlugin(t *testing.T) {
	archive := "berth-" + strings.TrimPrefix(version, "v") + ".tgz"
	folder := t.TempDir()
	run(t, folder, "tar", "-xzf", w.path(archive))
	folder = filepath.Join(folder, "berth")
	for _, install := range [][]string{
		{"helm3", folder}, {"helm4", w.download + "/" + archive, "--verify=false"},
		{"helm4", w.path(archive), "--verify=false"}, {"helm4", folder},
	} {
		if err := os.RemoveAll(filepath.Join(folder, "bin")); err != nil {
			t.Fatal(err)
		}
		home := t.TempDir()
		helm(t, home, install[0], append([]string{"plugin", "install"}, install[1:]...)...)
		if got := helm(t, home, install[0], "berth", "version"); !strings.Contains(got, version) {
			t.Errorf("%v: helm berth version says %q", install, got)
		}
	}
}

// helm runs one of the two Helms with a home of its own.
func helm(t *testing.T, home, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, name), args...)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// testKrew installs the plugin of kubectl with krew itself, from the manifest and the
// archive of this release.
func (w *world) testKrew(t *testing.T) {
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), tool(t, "krew"), "install", "--manifest", w.path("krew/berth.yaml"),
		"--archive", w.path(w.pins(t).Archives[here()].Name))
	cmd.Env = append(os.Environ(), "KREW_ROOT="+home)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	if got := run(t, ".", filepath.Join(home, "bin/kubectl-berth"), "version"); !strings.Contains(got, version) {
		t.Errorf("kubectl berth version says %q", got)
	}
}

// tool is a program that this checkout has built.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
