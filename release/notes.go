package main

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// notes are the release's: what to write to have exactly this release, and the commits.
var notes = template.Must(template.New("notes").Parse("" +
	"On GitHub, pin the commit of this tag: `uses: berth-dev/berth@<commit> # v{{ .Version }}`. Its action names the image by digest.\n\n" +
	"On GitLab:\n\n```yaml\ninclude:\n  - remote: {{ .Template }}\n    integrity: {{ .Integrity }}\n```\n\n" +
	"Image: `{{ .Image }}`\n\n" +
	"Checksums, signatures and provenance, and how to verify them: [docs/install.md]({{ .Install }}).\n\n{{ .Changelog }}"))

// longest is what of a list of commits GitHub takes in the notes of a release, with room for
// the rest: 125,000 characters in all. The first release has all commits.
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
	changelog, err := os.ReadFile(filepath.Join(d.path, "CHANGELOG.md"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the first release has none
		return err
	}
	if len(changelog) > longest {
		changelog = []byte("The commits are more than fit here; what they change for users: [CHANGELOG.md](" +
			repository + "/blob/" + p.Version + "/CHANGELOG.md).\n")
	}
	sum := sha256.Sum256(pinned)
	var text strings.Builder
	err = notes.Execute(&text, map[string]string{
		"Version": d.version, "Image": p.Image, "Changelog": string(changelog),
		"Template":  "https://raw.githubusercontent.com/berth-dev/berth/" + p.Version + "/.gitlab-ci-template.yml",
		"Integrity": "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
		"Install":   repository + "/blob/" + p.Version + "/docs/install.md",
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.path, "notes.md"), []byte(text.String()), 0o644)
}
