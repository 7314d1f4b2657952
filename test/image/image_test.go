//go:build image

// Package image builds the Dockerfile with a container engine of its own, and runs
// the image as the runners of GitHub and GitLab do.
package image

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/docker"
)

const (
	root    = docker.Root
	image   = docker.Image
	version = docker.Version
)

// engine is the container engine that has the image.
type engine struct{ *docker.Engine }

func TestImage(t *testing.T) {
	if err := docker.Missing(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; in CI nothing may be left out", err)
		}
		t.Skipf("!! THE IMAGE IS NOT TESTED: %v", err)
	}
	e := engine{docker.Start(t)}
	e.Build(t)
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

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// testContext sees that nothing but the program's sources is sent to a builder.
func (e engine) testContext(t *testing.T) {
	list := e.Command(nil, "build", "--quiet", "--file", "-", root)
	list.Stdin = strings.NewReader("FROM " + image + "\nCOPY . /context\n")
	r := docker.Run(t, list)
	if r.Code != 0 {
		t.Fatal(r)
	}
	sent := e.Docker(t, "run", "--rm", "--entrypoint", "find", strings.TrimSpace(r.Stdout), "/context", "-type", "f")
	for name := range strings.FieldsSeq(sent) {
		name = strings.TrimPrefix(name, "/context/")
		source := strings.HasPrefix(name, "internal/") && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		embedded := []string{"internal/report/page.html", "internal/report/page.css",
			"internal/report/fleet_page.html", "internal/report/fleet_page.css", "internal/report/fleet_page.js"}
		if !source && !slices.Contains(append(embedded, "LICENSE", "go.mod", "go.sum", "main.go"), name) {
			t.Errorf("%s is sent", name)
		}
	}
}

// testConfig keeps to what the runners ask of an image: root, whatever folder,
// an absolute entry point in exec form, and no command of the base's.
func (e engine) testConfig(t *testing.T) {
	var images []struct {
		Size   int64
		Config struct {
			User, WorkingDir      string
			Entrypoint, Cmd, Env  []string
			Labels                map[string]string
			Volumes, ExposedPorts map[string]any
		}
	}
	if err := json.Unmarshal([]byte(e.Docker(t, "image", "inspect", image)), &images); err != nil {
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

func (e engine) testProgram(t *testing.T) {
	container := strings.TrimSpace(e.Docker(t, "create", image))
	files := tar.NewReader(strings.NewReader(e.Docker(t, "cp", container+":/usr/local/bin/berth", "-")))
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
	if !docker.Static(f) || f.Section(".symtab") != nil || f.Section(".debug_info") != nil {
		t.Error("the program is not static and stripped")
	}
	if mode := header.FileInfo().Mode().Perm(); mode != 0o755 {
		t.Errorf("the program's mode is %s", mode)
	}
}

// testLicenses sees that the licences of what is in the program are beside it.
func (e engine) testLicenses(t *testing.T) {
	const dir = "/usr/share/licenses/berth/"
	for name, want := range map[string]string{
		"LICENSE": "Apache License", "std/LICENSE": "Go Authors", "helm.sh/helm/v3/LICENSE": "Apache License",
		"README.md": "| github.com/hashicorp/errwrap | v1.1.0 | MPL-2.0 | https://proxy.golang.org/github.com/hashicorp/errwrap/@v/v1.1.0.zip |",
	} {
		if got := e.Docker(t, "run", "--rm", "--network", "none", "--entrypoint", "cat", image, dir+name); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q:\n%.300s", name, want, got)
		}
	}
}

func (e engine) testVersion(t *testing.T) {
	for name, args := range map[string][]string{
		"by its entry point": {image, "version"},
		"in another folder":  {"--workdir", "/github/workspace", image, "version"},
		"in a shell":         {"--entrypoint", "sh", image, "-c", "berth version"},
	} {
		if got := e.Docker(t, append([]string{"run", "--rm", "--network", "none"}, args...)...); got != version+"\n" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if r := docker.Run(t, e.Command(nil, "run", "--rm", "--network", "none", image)); r.Code != 64 {
		t.Errorf("without a verb: %s", r)
	}
}
