package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	imagelayout "github.com/google/go-containerregistry/pkg/v1/layout"
)

// pins are release.json, which internal/input/gen reads to pin the action, the
// template and the plugin.
type pins struct {
	Version  string                `json:"version"`
	Image    string                `json:"image"`    // by digest
	Download string                `json:"download"` // URL of the folder that the archives are in
	Archives map[string]downloaded `json:"archives"` // by platform, such as linux/amd64
}

type downloaded struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// describe writes release.json, and lists it with what else says checksums of the archives.
func describe(d dist, o options) error {
	if _, err := name.NewRepository(o.image); err != nil {
		return fmt.Errorf("--image: %w", err)
	}
	if u, err := url.Parse(o.download); err != nil || u.Host == "" || strings.HasSuffix(o.download, "/") {
		return fmt.Errorf("--download %q is no URL of a folder, without a slash at its end", o.download)
	}
	_, descriptor, err := d.madeImage()
	if err != nil {
		return err
	}
	described := pins{"v" + d.version, o.image + "@" + descriptor.Digest.String(), o.download, map[string]downloaded{}}
	for platform, archive := range d.archives {
		sum, found := strings.CutPrefix(archive.Extra.Checksum, "sha256:")
		if !found {
			return fmt.Errorf("goreleaser tells no checksum of %s", archive.Name)
		}
		described.Archives[platform] = downloaded{archive.Name, sum}
	}
	text, err := json.MarshalIndent(described, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.path, "release.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return d.addChecksums("release.json", "homebrew/Formula/berth.rb", "krew/berth.yaml")
}

// madeImage returns the image for all platforms that release image has made.
func (d dist) madeImage() (v1.ImageIndex, v1.Descriptor, error) {
	folder := filepath.Join(d.path, "image")
	layout, err := imagelayout.ImageIndexFromPath(folder)
	if err != nil {
		return nil, v1.Descriptor{}, fmt.Errorf("%w: run release image first", err)
	}
	manifest, err := layout.IndexManifest()
	if err != nil {
		return nil, v1.Descriptor{}, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, v1.Descriptor{}, errors.New(folder + " does not hold one image")
	}
	index, err := layout.ImageIndex(manifest.Manifests[0].Digest)
	return index, manifest.Manifests[0], err
}
