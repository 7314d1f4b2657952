package main

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

// notes are the release's: what to write to have exactly this release, and the commits.
var notes = template.Must(template.New("notes").Parse("" +
	"On GitHub, pin the commit of this tag: `uses: berth-dev/berth@<commit> # v{{ .Version }}`. Its action names the image by digest.\n\n" +
	"On GitLab:\n\n```yaml\ninclude:\n  - remote: {{ .Template }}\n    integrity: {{ .Integrity }}\n```\n\n" +
	"Image: `{{ .Image }}`\n\n" +
	"Checksums, signatures and provenance, and how to verify them: [docs/install.md]({{ .Install }}).\n\n{{ .Changes }}"))

// longest is what of a list of commits GitHub takes in the notes of a release, with room for
// the rest: 125,000 characters in all.
const longest = 100_000

// writeNotes writes DIST/notes.md. The template's checksum is that of the pinned file, so
// this comes after the pinning.
func writeNotes(d dist, _ options) error {
	pinned, err := os.ReadFile(filepath.Join(d.root, ".gitlab-ci-template.yml"))
	if err != nil {
		return err
	}
	var p pins
	if err := readJSON(filepath.Join(d.path, "release.json"), &p); err != nil {
		return err
	}
	if !strings.Contains(string(pinned), p.Image) {
		return errors.New(".gitlab-ci-template.yml does not name " + p.Image + ": run make release-pin first")
	}
	changes := "What it changes for users: [CHANGELOG.md](" + repository + "/blob/" + p.Version + "/CHANGELOG.md).\n"
	list, err := d.commits()
	if err != nil {
		return err
	}
	if list != "" && len(list) < longest {
		changes += "\n" + list
	}
	sum := sha256.Sum256(pinned)
	var text strings.Builder
	err = notes.Execute(&text, map[string]string{
		"Version": d.version, "Image": p.Image, "Changes": changes,
		"Template":  "https://raw.githubusercontent.com/berth-dev/berth/" + p.Version + "/.gitlab-ci-template.yml",
		"Integrity": "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
		"Install":   repository + "/blob/" + p.Version + "/docs/install.md",
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.path, "notes.md"), []byte(text.String()), 0o644)
}

// commits lists what was committed since the last release, in order. For a release, a
// pre-release is none; for the first of all there is no list. A tag is on a commit beside
// the branch, so that git describe does not find it.
func (d dist) commits() (string, error) {
	tags, err := git(d.root, "-c", "versionsort.suffix=-", "tag", "--list", "v*.*.*", "--sort=-version:refname")
	if err != nil {
		return "", err
	}
	own := "v" + d.version
	for tag := range strings.FieldsSeq(tags) {
		if tag == own || strings.Contains(tag, "-") && !strings.Contains(own, "-") {
			continue
		}
		return git(d.root, "log", "--no-merges", "--reverse", "--abbrev=12", "--format=- %h %s", tag+".."+d.commit)
	}
	return "", nil
}

// git returns what git prints in the checkout.
func git(root string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", cmd, err)
	}
	return string(out), nil
}
