package main

import (
	"embed"
	"strings"
	"text/template"
)

// The scripts that put a released binary in place. Both have archive.sh in them, so that each
// is whole by itself.
//
//go:embed scripts/*.sh
var scriptFiles embed.FS

var scripts = template.Must(template.ParseFS(scriptFiles, "scripts/*.sh"))

// unreleased is what a script says of a commit that nothing was built of.
const unreleased = "This commit is no release of Berth, so there is nothing to download."

// unix is a platform as uname names it and as GitHub's tool cache does, with its archive.
type unix struct {
	Uname, Arch string
	archive
}

// script returns the text of a script for what was released, or for nothing.
func script(name string, r *release) string {
	fill := struct {
		*release
		Generated, Unreleased, Number, Protocol string
		Unix                                    []unix
		Windows                                 archive
	}{release: &release{}, Generated: generated, Unreleased: unreleased}
	if r != nil {
		fill.release, fill.Number, fill.Windows = r, r.number(), r.Archives["windows/amd64"]
		fill.Protocol, _, _ = strings.Cut(r.Download, "://")
		fill.Unix = []unix{
			{"Linux/x86_64", "x64", r.Archives["linux/amd64"]},
			{"Linux/aarch64 | Linux/arm64", "arm64", r.Archives["linux/arm64"]},
			{"Darwin/x86_64", "x64", r.Archives["darwin/amd64"]},
			{"Darwin/arm64", "arm64", r.Archives["darwin/arm64"]},
		}
	}
	var b strings.Builder
	if err := scripts.ExecuteTemplate(&b, name, fill); err != nil {
		panic(err) // the template and its data are both ours
	}
	return b.String()
}
