//go:build image

// Package image builds the Dockerfile with a container engine of its own, which
// takes root and Docker on Linux, and runs the image as the runners of GitHub
// and GitLab do. No image is pulled: those that the Dockerfile begins with are
// made from the machine's Go and busybox.
package image

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	root         = "../.."
	certificates = "/etc/ssl/certs/ca-certificates.crt"
	image        = "berth:test"
	version      = "v0.0.0-image"
)

func TestImage(t *testing.T) {
	if err := prerequisites(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; in CI nothing may be left out", err)
		}
		t.Skipf("!! THE IMAGE IS NOT TESTED: %v", err)
	}
	e := startEngine(t)
	e.build(t)
	t.Run("Context", e.testContext)
	t.Run("Config", e.testConfig)
	t.Run("Program", e.testProgram)
	t.Run("Version", e.testVersion)
	t.Run("Licenses", e.testLicenses)
	t.Run("GitHubWrongInput", e.testGitHubWrongInput)
	t.Run("GitHubPaths", e.testGitHubPaths)
	t.Run("GitHubCancel", e.testGitHubCancel)
	t.Run("GitLabShell", e.testGitLabShell)
	t.Run("GitLabCancel", e.testGitLabCancel)
}

// prerequisites names what is missing on this machine.
func prerequisites() error {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return errors.New("it takes a container engine, which is started as root on Linux")
	}
	for command, install := range map[string]string{
		"dockerd": "docker.io", "docker": "docker.io, or docker-cli where there is one", "busybox": "busybox-static",
	} {
		if _, err := exec.LookPath(command); err != nil {
			return fmt.Errorf("there is no %s: install Debian's %s", command, install)
		}
	}
	if _, err := os.Stat(certificates); err != nil {
		return fmt.Errorf("%w: install ca-certificates", err)
	}
	path, _ := exec.LookPath("busybox")
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if !static(f) {
		return fmt.Errorf("%s needs libraries: install Debian's busybox-static", path)
	}
	return nil
}

// static tells whether a program runs without any library.
func static(f *elf.File) bool {
	libraries, err := f.ImportedLibraries()
	return err == nil && len(libraries) == 0 &&
		!slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// build makes the images that the Dockerfile begins with, and builds it.
func (e *engine) build(t *testing.T) {
	t.Helper()
	started := time.Now()
	for reference, b := range bases(t, read(t, root, "Dockerfile"), serveModules(t)) {
		e.load(t, reference, b)
	}
	t.Logf("made the bases in %s", time.Since(started).Round(time.Second))
	started = time.Now()
	e.docker(t, "build", "--network", "host", "--build-arg", "VERSION="+version, "--tag", image, root)
	t.Logf("built the image in %s", time.Since(started).Round(time.Second))
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// testContext sees that nothing but the program's sources is sent to a builder.
func (e *engine) testContext(t *testing.T) {
	list := e.command(nil, "build", "--quiet", "--file", "-", root)
	list.Stdin = strings.NewReader("FROM " + image + "\nCOPY . /context\n")
	r := run(t, list)
	if r.code != 0 {
		t.Fatal(r)
	}
	sent := e.docker(t, "run", "--rm", "--entrypoint", "find", strings.TrimSpace(r.stdout), "/context", "-type", "f")
	for name := range strings.FieldsSeq(sent) {
		name = strings.TrimPrefix(name, "/context/")
		source := strings.HasPrefix(name, "internal/") && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		embedded := []string{"internal/report/page.html", "internal/report/page.css"}
		if !source && !slices.Contains(append(embedded, "LICENSE", "go.mod", "go.sum", "main.go"), name) {
			t.Errorf("%s is sent", name)
		}
	}
}

// testConfig keeps to what the runners ask of an image: root, whatever folder,
// an absolute entry point in exec form, and no command of the base's.
func (e *engine) testConfig(t *testing.T) {
	var images []struct {
		Size   int64
		Config struct {
			User, WorkingDir      string
			Entrypoint, Cmd, Env  []string
			Labels                map[string]string
			Volumes, ExposedPorts map[string]any
		}
	}
	if err := json.Unmarshal([]byte(e.docker(t, "image", "inspect", image)), &images); err != nil {
		t.Fatal(err)
	}
	c := images[0].Config
	t.Logf("the image has %.1f MB", float64(images[0].Size)/1e6)
	if c.User != "" || c.WorkingDir != "" || len(c.Cmd)+len(c.Volumes)+len(c.ExposedPorts) > 0 ||
		!slices.Equal(c.Entrypoint, []string{"/usr/local/bin/berth"}) {
		t.Errorf("got %+v", c)
	}
	for _, variable := range c.Env {
		if !strings.HasPrefix(variable, "PATH=") {
			t.Errorf("%s is set in the image", variable)
		}
	}
	if c.Labels["org.opencontainers.image.source"] != "https://github.com/berth-dev/berth" {
		t.Errorf("the labels are %v", c.Labels)
	}
}

func (e *engine) testProgram(t *testing.T) {
	container := strings.TrimSpace(e.docker(t, "create", image))
	files := tar.NewReader(strings.NewReader(e.docker(t, "cp", container+":/usr/local/bin/berth", "-")))
	header, err := files.Next()
	if err != nil {
		t.Fatal(err)
	}
	program, err := io.ReadAll(files)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	if !static(f) || f.Section(".symtab") != nil || f.Section(".debug_info") != nil {
		t.Error("the program is not static and stripped")
	}
	if mode := header.FileInfo().Mode().Perm(); mode != 0o755 {
		t.Errorf("the program's mode is %s", mode)
	}
}

// testLicenses sees that the licences of what is in the program are beside it.
func (e *engine) testLicenses(t *testing.T) {
	const dir = "/usr/share/licenses/berth/"
	for name, want := range map[string]string{
		"LICENSE": "Apache License", "std/LICENSE": "Go Authors", "helm.sh/helm/v3/LICENSE": "Apache License",
		"README.md": "| github.com/hashicorp/errwrap | v1.1.0 | MPL-2.0 | https://proxy.golang.org/github.com/hashicorp/errwrap/@v/v1.1.0.zip |",
	} {
		if got := e.docker(t, "run", "--rm", "--network", "none", "--entrypoint", "cat", image, dir+name); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q:\n%.300s", name, want, got)
		}
	}
}

func (e *engine) testVersion(t *testing.T) {
	for name, args := range map[string][]string{
		"by its entry point": {image, "version"},
		"in another folder":  {"--workdir", "/github/workspace", image, "version"},
		"in a shell":         {"--entrypoint", "sh", image, "-c", "berth version"},
	} {
		if got := e.docker(t, append([]string{"run", "--rm", "--network", "none"}, args...)...); got != version+"\n" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if r := run(t, e.command(nil, "run", "--rm", "--network", "none", image)); r.code != 64 {
		t.Errorf("without a verb: %s", r)
	}
}
