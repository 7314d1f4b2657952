package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	imagelayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	title       = "Berth"
	description = "One review app per branch, deployed with Helm and proven to be there"
	repository  = "https://github.com/berth-dev/berth"
)

// makeImage writes the image for every Linux that a program was built for, as an OCI
// layout with one index.
func makeImage(d dist, o options) error {
	base, err := baseIndex(d.root, o)
	if err != nil {
		return err
	}
	labels := map[string]string{
		"org.opencontainers.image.title": title, "org.opencontainers.image.description": description,
		"org.opencontainers.image.source": repository, "org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.version": d.version, "org.opencontainers.image.revision": d.commit,
		"org.opencontainers.image.created":   d.built.UTC().Format(time.RFC3339),
		"org.opencontainers.image.base.name": base.name, "org.opencontainers.image.base.digest": base.digest,
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range d.platforms("linux/") {
		image, err := d.image(base, platform, labels)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		system, architecture, _ := strings.Cut(platform, "/")
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: system, Architecture: architecture}},
		})
	}
	index, ok := mutate.Annotations(index, labels).(v1.ImageIndex)
	if !ok {
		return errors.New("an index with annotations is no index any more")
	}
	folder := filepath.Join(d.path, "image")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	_, err = imagelayout.Write(folder, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index}))
	return err
}

// image returns the image for one platform: the base, the certificates and licences,
// which seldom change, and the program.
func (d dist) image(base base, platform string, labels map[string]string) (v1.Image, error) {
	image, err := base.image(platform)
	if err != nil {
		return nil, err
	}
	seldom := newLayer(d.built)
	seldom.add("etc/ssl/certs/ca-certificates.crt", 0o644, certificates())
	if err := seldom.tree("usr/share/licenses/berth", os.DirFS(filepath.Join(d.root, "bin/licenses"))); err != nil {
		return nil, err
	}
	program, err := os.ReadFile(d.programs[platform].Path)
	if err != nil {
		return nil, err
	}
	own := newLayer(d.built)
	own.add("usr/local/bin/berth", 0o755, program)
	image = mutate.MediaType(image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	for _, l := range []*layer{seldom, own} {
		made, err := l.done()
		if err != nil {
			return nil, err
		}
		image, err = mutate.Append(image, mutate.Addendum{
			Layer: made, MediaType: types.OCILayer,
			History: v1.History{Created: v1.Time{Time: d.built}, CreatedBy: "release image", Author: title},
		})
		if err != nil {
			return nil, err
		}
	}
	return d.configured(image, labels)
}

// configured returns the image with what the runners ask of it: GitHub's wants root and an
// absolute entry point, and a command of the base's would become berth's argument.
func (d dist) configured(image v1.Image, labels map[string]string) (v1.Image, error) {
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.Created, file.Author = v1.Time{Time: d.built}, title
	file.Config = v1.Config{Entrypoint: []string{"/usr/local/bin/berth"}, Env: file.Config.Env, Labels: labels}
	return mutate.ConfigFile(image, file)
}

// certificates are those of Mozilla's store, which Go keeps as a module: whoever builds
// the same commit has the same.
func certificates() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil { // what a constraint bounds cannot be said in this form
			_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		}
	}
	return b.Bytes()
}

// base is the image that Berth's stands on, for all platforms.
type base struct {
	name, digest string
	index        v1.ImageIndex
}

// baseIndex reads the base from its registry.
func baseIndex(root string, o options) (base, error) {
	reference := o.base
	if reference == "" {
		text, err := os.ReadFile(filepath.Join(root, "release/base/Dockerfile"))
		if err != nil {
			return base{}, err
		}
		from := regexp.MustCompile(`(?m)^FROM (\S+)$`).FindSubmatch(text)
		if from == nil {
			return base{}, errors.New("release/base/Dockerfile names no image")
		}
		reference = string(from[1])
	}
	tagged, digest, pinned := strings.Cut(reference, "@")
	if !pinned {
		return base{}, fmt.Errorf("the base %s has no digest, so that the same commit could give another image", reference)
	}
	options := []name.Option{name.StrictValidation}
	if o.insecure {
		options = append(options, name.Insecure)
	}
	// The tag says to people what the digest is of.
	if _, err := name.NewTag(tagged, options...); err != nil {
		return base{}, fmt.Errorf("the base %s needs a tag before its digest: %w", reference, err)
	}
	ref, err := name.NewDigest(tagged+"@"+digest, options[1:]...)
	if err != nil {
		return base{}, err
	}
	index, err := remote.Index(ref, remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return base{}, fmt.Errorf("read the base %s: %w", reference, err)
	}
	return base{tagged, digest, index}, nil
}

// image returns the base for one platform.
func (b base) image(platform string) (v1.Image, error) {
	manifest, err := b.index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, m := range manifest.Manifests {
		if m.Platform != nil && m.Platform.OS+"/"+m.Platform.Architecture == platform {
			return b.index.Image(m.Digest)
		}
	}
	return nil, fmt.Errorf("the base %s@%s is not to be had for %s", b.name, b.digest, platform)
}

// commitTime returns when a commit was made.
func commitTime(root, commit string) (time.Time, error) {
	out, err := git(root, "show", "--no-patch", "--format=%ct", commit)
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	return time.Unix(seconds, 0).UTC(), err
}
