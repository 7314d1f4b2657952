//go:build dryrun

package dryrun

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// root is the checkout, seen from this package's folder.
const root = "../.."

// world is what a dry run stands on: two clones of the last commit in which the release
// is built, and a registry.
type world struct {
	clones   [2]string
	registry string // host and port
	download string // URL of what was built first
	base     string // reference by digest
}

// pins are release.json.
type pins struct {
	Version, Image, Download string
	Archives                 map[string]struct{ Name, SHA256 string }
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	w := &world{registry: strings.TrimPrefix(server.URL, "http://")}
	w.base = w.pushBase(t)
	files := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		http.ServeFile(out, in, w.path(path.Base(in.URL.Path)))
	}))
	t.Cleanup(files.Close)
	w.download = files.URL
	commit := strings.TrimSpace(run(t, root, "git", "rev-parse", "HEAD"))
	if text := run(t, root, "git", "status", "--porcelain"); text != "" {
		t.Logf("what is not committed is no part of this release:\n%s", text)
	}
	for i, name := range []string{"one", "another/folder"} {
		w.clones[i] = filepath.Join(t.TempDir(), name)
		run(t, root, "git", "clone", "--quiet", "--no-hardlinks", ".", w.clones[i])
		run(t, w.clones[i], "git", "checkout", "--quiet", "--detach", commit) // whoever works here goes on
	}
	for _, clone := range w.clones {
		w.build(t, clone)
	}
	return w
}

// build makes the release in a clone, as the release's workflow does. The tools are those
// of this checkout.
func (w *world) build(t *testing.T, clone string) {
	t.Helper()
	tools, err := filepath.Abs(filepath.Join(root, "bin"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(clone, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"--no-print-directory", "release", "VERSION=" + version, "IMAGE=" + w.image(), "DOWNLOAD=" + w.download,
		"RELEASE_FLAGS=--insecure --base " + w.base}
	for _, tool := range []string{"goreleaser", "release"} {
		link := filepath.Join(clone, "bin", tool)
		if err := os.Symlink(filepath.Join(tools, tool), link); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--assume-old="+link)
	}
	if fast {
		args = append(args, "TARGETS="+runtime.GOOS+"_"+runtime.GOARCH)
	}
	run(t, clone, "make", args...)
}

// image is the name of the release's image in the registry.
func (w *world) image() string { return w.registry + "/berth-dev/berth" }

// path is that of a file that was built.
func (w *world) path(name ...string) string {
	return filepath.Join(append([]string{w.clones[0], "dist"}, name...)...)
}

// built lists the files that the release has for download, and the image's index.
func (w *world) built(t *testing.T, clone string) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"berth_*.tar.gz", "berth_*.zip", "berth_*.deb", "berth_*.rpm", "berth_*.json", "checksums.txt",
		"release.json", "image/index.json", "homebrew/Formula/berth.rb", "krew/berth.yaml"} {
		found, err := filepath.Glob(filepath.Join(clone, "dist", pattern))
		if err != nil || len(found) == 0 && (!fast || pattern != "berth_*.zip") {
			t.Fatalf("no %s was built: %v", pattern, err)
		}
		for _, path := range found {
			name, _ := filepath.Rel(filepath.Join(clone, "dist"), path)
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// pins reads release.json.
func (w *world) pins(t *testing.T) pins {
	t.Helper()
	var p pins
	if err := json.Unmarshal(read(t, w.path("release.json")), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// here is this machine's platform.
func here() string { return runtime.GOOS + "/" + runtime.GOARCH }

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// run runs a command that has to succeed, and returns what it printed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	// What the developer has set for another build is none of the release's business.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS") || strings.HasPrefix(v, "FAST=")
	})
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s in %s: %v\n%s%s", cmd, dir, err, out, stderr.String())
	}
	return string(out)
}

// leftOut skips a check for what the machine lacks, loudly. In CI nothing may be left out.
func leftOut(t *testing.T, what string, why error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s: %v; in CI nothing may be left out", what, why)
	}
	t.Skipf("!! %s: %v", what, why)
}
