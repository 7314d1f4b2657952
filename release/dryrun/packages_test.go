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
		testReadable(t, "the Debian package", run(t, ".", "dpkg-deb", "--contents", w.path(name+".deb")))
	}
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Logf("!! THE RPM IS NOT READ: %v", err)
	} else {
		got := run(t, ".", "rpm", "--query", "--list", "--verbose", "--package", w.path(name+".rpm"))
		if !strings.Contains(got, " /usr/bin/berth\n") || !strings.Contains(got, " /usr/share/doc/berth/licenses/README.md\n") {
			t.Errorf("the RPM has %s", got)
		}
		testReadable(t, "the RPM", got)
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

// testReadable sees that whoever installed a package is not the only one who can run the
// program and read the licences. The list is one as ls --long has it.
func testReadable(t *testing.T, name, list string) {
	t.Helper()
	for line := range strings.Lines(list) {
		want := "-rw-r--r--"
		switch {
		case strings.HasPrefix(line, "d"):
			want = "drwxr-xr-x"
		case strings.HasSuffix(line, "/usr/bin/berth\n"):
			want = "-rwxr-xr-x"
		}
		if !strings.HasPrefix(line, want) {
			t.Errorf("%s has, with other modes than %s: %s", name, want, line)
		}
	}
}
