//go:build dryrun

package dryrun

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// testTwice holds the two builds against each other: the same commit gives the same
// bytes, wherever it is built.
func (w *world) testTwice(t *testing.T) {
	one, other := w.built(t, w.clones[0]), w.built(t, w.clones[1])
	if !slices.Equal(one, other) {
		t.Fatalf("built\n%q and\n%q", one, other)
	}
	for _, name := range one {
		if !bytes.Equal(read(t, filepath.Join(w.clones[0], "dist", name)), read(t, filepath.Join(w.clones[1], "dist", name))) {
			t.Errorf("%s has other bytes when built again", name)
		}
	}
	t.Logf("%d files have the same bytes twice", len(one))
	// The workflow compares all that was written.
	for _, line := range strings.Split(diff(t, w.clones[0], w.clones[1]), "\n") {
		if line != "" {
			t.Error(line)
		}
	}
}

// testChecksums sees that everything that can be downloaded is listed with its checksum, and
// that release.json has the same.
func (w *world) testChecksums(t *testing.T) {
	sums := map[string]string{}
	for line := range strings.Lines(string(read(t, w.path("checksums.txt")))) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sums[name] = sum
	}
	for _, name := range w.built(t, w.clones[0]) {
		if slices.Contains([]string{"checksums.txt", "image/index.json"}, name) {
			continue
		}
		sum := sha256.Sum256(read(t, w.path(name)))
		if listed := sums[filepath.Base(name)]; listed != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: checksums.txt has %q, it is %x", name, listed, sum)
		}
	}
	p := w.pins(t)
	if p.Version != version || len(p.Archives) == 0 || !fast && len(p.Archives) != 5 {
		t.Errorf("release.json is %+v", p)
	}
	for platform, archive := range p.Archives {
		if sums[archive.Name] != archive.SHA256 {
			t.Errorf("%s: release.json has %s of %s, checksums.txt %s", platform, archive.SHA256, archive.Name, sums[archive.Name])
		}
	}
}

// diff compares the two builds as the release's workflow does.
func diff(t *testing.T, one, other string) string {
	t.Helper()
	compare := regexp.MustCompile(`diff --recursive .*`).Find(read(t, filepath.Join(root, ".github/workflows/release.yml")))
	command := strings.NewReplacer("built/dist-first", one+"/dist", "built/dist-second", other+"/dist").Replace(string(compare))
	if command == "" || !strings.Contains(command, one) || !strings.Contains(command, other) {
		t.Fatalf("the workflow compares by %q", compare)
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", command+" || true").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
