package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// release is what was built of a commit, as release.json says it. The files that are
// generated from it name all of it by digest, so that whoever pins their commit pins
// everything.
type release struct {
	Version  string             `json:"version"`  // v1.2.3
	Image    string             `json:"image"`    // ghcr.io/berth-dev/berth@sha256:…
	Download string             `json:"download"` // URL of the folder that the archives are in
	Archives map[string]archive `json:"archives"` // by platform, such as linux/amd64
}

// archive is a file with the binary for one platform.
type archive struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// platforms are those that a release has an archive for, with the ending of its name.
var platforms = map[string]string{
	"linux/amd64": ".tar.gz", "linux/arm64": ".tar.gz", "darwin/amd64": ".tar.gz", "darwin/arm64": ".tar.gz", "windows/amd64": ".zip",
}

// The forms of what goes into the text of scripts and of YAML, where nothing is quoted.
var (
	versionForm  = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z][0-9A-Za-z.-]*)?$`)
	imageForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$`)
	downloadForm = regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~-]+)*$`)
	digestForm   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// readRelease reads a release.json. It takes nothing that it does not know and leaves nothing
// out: what is wrong here would be pinned for good.
func readRelease(path string) (*release, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &release{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: there is more after the end", path)
	}
	if err := errors.Join(r.wrong()...); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// wrong returns everything that is wrong with a release.
func (r *release) wrong() (errs []error) {
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !versionForm.MatchString(r.Version) {
		refuse("version is %q, want one such as v1.2.3", r.Version)
	}
	if !imageForm.MatchString(r.Image) {
		refuse("image is %q, want NAME@sha256:DIGEST", r.Image)
	}
	if u, err := url.Parse(r.Download); err != nil || !downloadForm.MatchString(r.Download) || u.Scheme != "https" && !loopback(u.Hostname()) {
		refuse("download is %q, want a URL that begins with https and has no slash at its end", r.Download)
	}
	for _, platform := range slices.Sorted(maps.Keys(platforms)) {
		a, ok := r.Archives[platform]
		name := "berth_" + r.number() + "_" + strings.ReplaceAll(platform, "/", "_") + platforms[platform]
		switch {
		case !ok:
			refuse("archives has none for %s", platform)
		case a.Name != name:
			refuse("archives: the one for %s is called %q, want %q", platform, a.Name, name)
		case !digestForm.MatchString(a.SHA256):
			refuse("archives: the sha256 of %s is %q, want 64 lower-case hexadecimal digits", a.Name, a.SHA256)
		}
	}
	for _, platform := range slices.Sorted(maps.Keys(r.Archives)) {
		if platforms[platform] == "" {
			refuse("archives has one for %s, which nothing knows", platform)
		}
	}
	return errs
}

// number is the version without its letter.
func (r *release) number() string { return strings.TrimPrefix(r.Version, "v") }

// loopback tells whether a host is this machine, as it is in tests and in a dry run.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
