package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// lists are the forms of the lists of contents, by what their files end with.
var lists = map[string]types.MediaType{
	cycloneDXFile: "application/vnd.cyclonedx+json",
	spdxFile:      "application/spdx+json",
}

// push pushes the image under its version, and attaches the lists of contents of each
// platform's program to the image of that platform, as artifacts that refer to it.
func push(d dist, o options) error {
	repo, err := o.repository()
	if err != nil {
		return err
	}
	index, descriptor, err := d.madeImage()
	if err != nil {
		return err
	}
	auth := remote.WithAuthFromKeychain(authn.DefaultKeychain)
	// One that cannot be asked for is not there, or the push will say why.
	if tagged, err := remote.Head(repo.Tag("v"+d.version), auth); err == nil && tagged.Digest != descriptor.Digest {
		return fmt.Errorf("%s:v%s is there already, as %s, and what was built is %s: a release does not move. "+
			"Where nothing else of that version is public, delete the tag from the registry and run it again",
			repo, d.version, tagged.Digest, descriptor.Digest)
	}
	if err := remote.WriteIndex(repo.Tag("v"+d.version), index, auth); err != nil {
		return fmt.Errorf("push %s: %w", repo, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, image := range manifest.Manifests {
		archive := d.archives[image.Platform.OS+"/"+image.Platform.Architecture]
		for ending, form := range lists {
			list, err := os.ReadFile(filepath.Join(d.path, archive.Name+ending))
			if err != nil {
				return err
			}
			attached, err := attachment(list, form, image)
			if err != nil {
				return err
			}
			digest, err := attached.Digest()
			if err != nil {
				return err
			}
			if err := remote.Write(repo.Digest(digest.String()), attached, auth); err != nil {
				return fmt.Errorf("attach %s: %w", archive.Name+ending, err)
			}
		}
	}
	_, err = fmt.Fprintln(os.Stdout, o.image+"@"+descriptor.Digest.String())
	return err
}

// move moves the tag of the major version to the image, which comes last: nobody takes by it
// what is not signed yet. A pre-release moves nothing.
func move(d dist, o options) error {
	if strings.Contains(d.version, "-") {
		return errors.New(d.version + " is a pre-release")
	}
	repo, err := o.repository()
	if err != nil {
		return err
	}
	index, _, err := d.madeImage()
	if err != nil {
		return err
	}
	major, _, _ := strings.Cut(d.version, ".")
	if err := remote.Tag(repo.Tag("v"+major), index, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("tag %s:v%s: %w", repo, major, err)
	}
	return nil
}

// repository is where the image is.
func (o options) repository() (name.Repository, error) {
	var options []name.Option
	if o.insecure {
		options = append(options, name.Insecure)
	}
	repo, err := name.NewRepository(o.image, options...)
	if err != nil {
		return repo, fmt.Errorf("--image: %w", err)
	}
	return repo, nil
}

// attachment returns an artifact that holds a list and refers to the image that it is of.
func attachment(list []byte, form types.MediaType, of v1.Descriptor) (v1.Image, error) {
	image, err := mutate.Append(
		mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), form),
		mutate.Addendum{Layer: static.NewLayer(list, form)})
	if err != nil {
		return nil, err
	}
	subject := v1.Descriptor{MediaType: of.MediaType, Size: of.Size, Digest: of.Digest}
	attached, ok := mutate.Subject(image, subject).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("an image that refers to %s is no image any more", of.Digest)
	}
	return attached, nil
}
