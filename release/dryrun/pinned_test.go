//go:build dryrun

package dryrun

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pinned are the files that a tag's commit has changed. Whoever pins that commit has
// pinned everything that will run.
var pinned = []string{".gitlab-ci-template.yml", "action.yml", "native/action.yml", "plugin.sh", "plugin.yaml", "templates/berth.yml"}

// testPinned makes the commit that a tag names, in the clone: a child of the one that
// was built, whose files name what was built by digest and checksum.
func (w *world) testPinned(t *testing.T) {
	clone := w.clones[0]
	source := strings.TrimSpace(run(t, clone, "git", "rev-parse", "HEAD"))
	w.pin(t, clone)
	run(t, clone, "git", "-c", "user.name=dry run", "-c", "user.email=dry-run@example.com",
		"commit", "--quiet", "--all", "--message", "Pin "+version)
	run(t, clone, "git", "tag", version)
	if parent := strings.TrimSpace(run(t, clone, "git", "rev-parse", version+"^")); parent != source {
		t.Errorf("the tag's commit is a child of %s, %s was built", parent, source)
	}
	if left := run(t, clone, "git", "status", "--porcelain"); left != "" {
		t.Errorf("the build leaves files in the checkout:\n%s", left)
	}
	if changed := strings.Fields(run(t, clone, "git", "diff", "--name-only", "HEAD~1")); !slices.Equal(changed, pinned) {
		t.Errorf("pinned are %q, want %q", changed, pinned)
	}
	p := w.pins(t)
	for name, wants := range map[string][]string{
		"action.yml":              {"image: docker://" + p.Image + "\n"},
		".gitlab-ci-template.yml": {"default: " + p.Image + "\n"},
		"templates/berth.yml":     {"default: " + p.Image + "\n"},
		"native/action.yml":       {version, p.Archives[here()].SHA256},
		"plugin.sh":               {version, p.Archives[here()].SHA256},
		"plugin.yaml":             {"version: " + strings.TrimPrefix(version, "v") + "\n"},
	} {
		text := string(read(t, filepath.Join(clone, name)))
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not have %q", name, want)
			}
		}
	}
	w.pin(t, w.clones[1])
	for _, name := range pinned {
		if !bytes.Equal(read(t, filepath.Join(clone, name)), read(t, filepath.Join(w.clones[1], name))) {
			t.Errorf("%s is pinned to something else by the other build", name)
		}
	}
	plugin := "berth-" + strings.TrimPrefix(version, "v") + ".tgz"
	if !bytes.Equal(read(t, w.path(plugin)), read(t, filepath.Join(w.clones[1], "dist", plugin))) {
		t.Errorf("%s has other bytes when built again", plugin)
	}
}

// pin pins the files of a clone to what was built in it.
func (w *world) pin(t *testing.T, clone string) {
	t.Helper()
	if fast {
		complete(t, filepath.Join(clone, "dist/release.json"))
	}
	run(t, clone, "make", "--no-print-directory", "release-pin", "--assume-old="+filepath.Join(clone, "bin/release"))
}

// complete says in release.json that this machine's archive is that of every platform:
// nothing is pinned to a release that lacks one.
func complete(t *testing.T, path string) {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(read(t, path), &p); err != nil {
		t.Fatal(err)
	}
	archives, _ := p["archives"].(map[string]any)
	own, _ := archives[here()].(map[string]any)
	for platform, ending := range map[string]string{
		"linux/amd64": ".tar.gz", "linux/arm64": ".tar.gz", "darwin/amd64": ".tar.gz", "darwin/arm64": ".tar.gz", "windows/amd64": ".zip",
	} {
		name := "berth_" + strings.TrimPrefix(version, "v") + "_" + strings.ReplaceAll(platform, "/", "_") + ending
		archives[platform] = map[string]any{"name": name, "sha256": own["sha256"]}
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
