package main

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	imagelayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// The notes begin where the last release ended, which is tagged beside the branch.
func TestCommitsSinceTheLastRelease(t *testing.T) {
	root := t.TempDir()
	do := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	commit := func(subject string) { do("commit", "--quiet", "--allow-empty", "--message", subject) }
	tag := func(version string) {
		do("checkout", "--quiet", "--detach")
		commit("Pin " + version)
		do("tag", "--annotate", "--message", version, version)
		do("checkout", "--quiet", "main")
	}
	do("init", "--quiet", "--initial-branch=main")
	for _, step := range []string{"one", "v1.9.0", "two", "v1.10.0", "three", "v1.11.0-rc.1", "four"} {
		if strings.HasPrefix(step, "v") {
			tag(step)
		} else {
			commit(step)
		}
	}
	do("tag", "v1")
	for version, want := range map[string]string{"1.11.0": "three four", "1.11.0-rc.2": "four", "1.10.0": "two three four"} {
		list, err := dist{root: root, version: version, commit: "main"}.commits()
		got := strings.Join(strings.Fields(regexp.MustCompile(`(?m)^- [0-9a-f]{12} `).ReplaceAllString(list, "")), " ")
		if err != nil || got != want {
			t.Errorf("%s: %v, has %q, want %q", version, err, list, want)
		}
	}
	do("tag", "--delete", "v1.9.0", "v1.10.0", "v1.11.0-rc.1")
	if list, err := (dist{root: root, version: "1.0.0", commit: "main"}).commits(); err != nil || list != "" {
		t.Errorf("the first release: %v, %q", err, list)
	}
}

// The major version's tag goes to the image of a release, and not to that of a pre-release.
func TestMove(t *testing.T) {
	d, o, index := builtImage(t)
	repo, err := o.repository()
	if err != nil {
		t.Fatal(err)
	}
	want, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(name.Reference(repo.Digest(want.String())), index); err != nil {
		t.Fatal(err)
	}
	pre := d
	pre.version = "1.2.3-rc.1"
	if err := move(pre, o); err == nil || !strings.Contains(err.Error(), "is a pre-release") {
		t.Errorf("a pre-release: %v", err)
	}
	if tagged, err := remote.Head(repo.Tag("v1")); err == nil {
		t.Errorf("v1 is %s already", tagged.Digest)
	}
	if err := move(d, o); err != nil {
		t.Fatal(err)
	}
	if tagged, err := remote.Head(repo.Tag("v1")); err != nil || tagged.Digest != want {
		t.Errorf("v1 is %v (%v), want %s", tagged, err, want)
	}
}

// A version that is in the registry is pushed again only as it is.
func TestPushMovesNoVersion(t *testing.T) {
	d, o, index := builtImage(t)
	repo, err := o.repository()
	if err != nil {
		t.Fatal(err)
	}
	other, err := random.Index(8, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(repo.Tag("v1.2.3"), other); err != nil {
		t.Fatal(err)
	}
	if err := push(d, o); err == nil || !strings.Contains(err.Error(), "a release does not move") {
		t.Errorf("another one is there: %v", err)
	}
	if err := remote.WriteIndex(repo.Tag("v1.2.3"), index); err != nil {
		t.Fatal(err)
	}
	// It goes on, to the lists, which this one lacks.
	if err := push(d, o); err == nil || strings.Contains(err.Error(), "does not move") {
		t.Errorf("the same one is there: %v", err)
	}
}

// builtImage is a folder with an image of version 1.2.3, and a registry for it.
func builtImage(t *testing.T) (dist, options, v1.ImageIndex) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	image := strings.TrimPrefix(server.URL, "http://") + "/berth"
	d, o := dist{path: t.TempDir(), version: "1.2.3"}, options{image: image, insecure: true}
	index, err := random.Index(8, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	index = mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index.(mutate.Appendable),
		Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	layout := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index})
	if _, err := imagelayout.Write(filepath.Join(d.path, "image"), layout); err != nil {
		t.Fatal(err)
	}
	return d, o, index
}
