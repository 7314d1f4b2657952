package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// dist is the folder that goreleaser wrote, with what it says is in it.
type dist struct {
	path    string
	root    string // the checkout, to which goreleaser's paths are relative
	version string // without the v
	commit  string
	built   time.Time
	// By platform, such as linux/amd64.
	programs, archives map[string]artifact
}

// artifact is a file of the release.
type artifact struct {
	Name, Path, Type string
	Goos, Goarch     string
	Extra            struct{ Checksum string } // sha256:…, of archives
}

func (a artifact) platform() string { return a.Goos + "/" + a.Goarch }

// openDist reads what goreleaser wrote about what it made.
func openDist(path string) (dist, error) {
	d := dist{path: path, root: filepath.Dir(filepath.Clean(path)), programs: map[string]artifact{}, archives: map[string]artifact{}}
	var metadata struct {
		Version, Commit string
	}
	if err := readJSON(filepath.Join(path, "metadata.json"), &metadata); err != nil {
		return d, err
	}
	d.version, d.commit = metadata.Version, metadata.Commit
	var err error
	if d.built, err = commitTime(d.root, metadata.Commit); err != nil {
		return d, err
	}
	var artifacts []artifact
	if err := readJSON(filepath.Join(path, "artifacts.json"), &artifacts); err != nil {
		return d, err
	}
	for _, a := range artifacts {
		switch a.Type {
		case "Binary":
			a.Path = filepath.Join(d.root, a.Path)
			d.programs[a.platform()] = a
		case "Archive":
			a.Path = filepath.Join(d.root, a.Path)
			d.archives[a.platform()] = a
		}
	}
	if len(d.programs) == 0 {
		return d, fmt.Errorf("%s has no programs: run goreleaser first", path)
	}
	return d, nil
}

// platforms are those that a program was built for, in order.
func (d dist) platforms(system string) []string {
	var found []string
	for platform := range d.programs {
		if strings.HasPrefix(platform, system) {
			found = append(found, platform)
		}
	}
	slices.Sort(found)
	return found
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
