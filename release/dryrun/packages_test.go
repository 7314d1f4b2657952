//go:build dryrun

package dryrun

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// testPackages unpacks the Debian package and reads the RPM as their own tools do, and
// looks at the formula.
func (w *world) testPackages(t *testing.T) {
	name := "berth_" + strings.TrimPrefix(version, "v") + "_linux_" + runtime.GOARCH
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Logf("!! THE DEBIAN PACKAGE IS NOT UNPACKED: %v", err)
	} else {
		dir := t.TempDir()
		run(t, ".", "dpkg-deb", "--extract", w.path(name+".deb"), dir)
		if got := run(t, ".", filepath.Join(dir, "usr/bin/berth"), "version"); !strings.Contains(got, version) {
			t.Errorf("the Debian package's program says %q", got)
		}
		if _, err := os.Stat(filepath.Join(dir, "usr/share/doc/berth/licenses/README.md")); err != nil {
			t.Error(err)
		}
	}
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Logf("!! THE RPM IS NOT READ: %v", err)
	} else if got := run(t, ".", "rpm", "--query", "--list", "--package", w.path(name+".rpm")); !strings.Contains(got, "/usr/bin/berth\n") {
		t.Errorf("the RPM has %s", got)
	}
	formula := string(read(t, w.path("homebrew/Formula/berth.rb")))
	for platform, archive := range w.pins(t).Archives {
		if strings.HasPrefix(platform, "windows") {
			continue
		}
		if !strings.Contains(formula, archive.Name) || !strings.Contains(formula, archive.SHA256) {
			t.Errorf("the formula does not have %s with its checksum", archive.Name)
		}
	}
}
