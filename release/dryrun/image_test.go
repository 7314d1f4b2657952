//go:build dryrun

package dryrun

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/berth-dev/berth/test/docker"
)

// sizeLimit is what a runner has to pull at most, compressed.
const sizeLimit = 22 << 20

// pushBase puts a stand-in of the base into the registry: the machine's busybox, for both
// architectures, though it runs on this one alone. It returns its reference by digest.
func (w *world) pushBase(t *testing.T) string {
	t.Helper()
	var root bytes.Buffer
	files := tar.NewWriter(&root)
	if err := docker.Busybox(files); err != nil {
		t.Fatal(err)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(root.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	var index v1.ImageIndex = empty.Index
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := mutate.AppendLayers(empty.Image, layer)
		if err != nil {
			t.Fatal(err)
		}
		platform := &v1.Platform{OS: "linux", Architecture: architecture}
		image, err = mutate.ConfigFile(image, &v1.ConfigFile{
			OS: platform.OS, Architecture: architecture, RootFS: rootFS(t, image), Config: v1.Config{Cmd: []string{"sh"}}})
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	reference, err := name.ParseReference(w.registry+"/library/busybox:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(reference, index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return w.registry + "/library/busybox:1@" + digest.String()
}

func rootFS(t *testing.T, image v1.Image) v1.RootFS {
	t.Helper()
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return file.RootFS
}

// testRegistry pushes the image, and sees that a registry then has what was built, for
// each platform, small enough, with the lists of contents attached.
func (w *world) testRegistry(t *testing.T) {
	pushed := strings.TrimSpace(run(t, w.clones[0], "bin/release", "push", "dist", "--image", w.image(), "--insecure"))
	if want := w.pins(t).Image; pushed != want {
		t.Fatalf("pushed %s, release.json has %s", pushed, want)
	}
	index := w.index(t)
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		w.weigh(t, m, image)
		w.testAttached(t, m)
	}
	if count := len(manifest.Manifests); count != 2 && !fast || count == 0 {
		t.Errorf("the image is for %d platforms", count)
	}
}

// index is the image as the registry has it.
func (w *world) index(t *testing.T) v1.ImageIndex {
	t.Helper()
	reference, err := name.NewDigest(w.pins(t).Image, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(reference)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// weigh says what the image is made of, and holds it against the limit.
func (w *world) weigh(t *testing.T, m v1.Descriptor, image v1.Image) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	var parts []string
	for _, l := range layers {
		size, err := l.Size()
		if err != nil {
			t.Fatal(err)
		}
		sum += size
		parts = append(parts, fmt.Sprintf("%.2f", float64(size)/(1<<20)))
	}
	t.Logf("%s: %.2f MiB compressed (base, certificates and licences, program: %s)",
		m.Platform, float64(sum)/(1<<20), strings.Join(parts, " + "))
	if sum > sizeLimit {
		t.Errorf("%s: that is more than %d MiB", m.Platform, sizeLimit>>20)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	commit := strings.TrimSpace(run(t, w.clones[0], "git", "rev-parse", "HEAD"))
	for label, want := range map[string]string{"revision": commit, "source": "https://github.com/berth-dev/berth", "licenses": "Apache-2.0",
		"version": strings.TrimPrefix(version, "v"), "base.digest": w.base[strings.Index(w.base, "@")+1:]} {
		if got := file.Config.Labels["org.opencontainers.image."+label]; got != want {
			t.Errorf("%s: the label %s is %q, want %q", m.Platform, label, got, want)
		}
	}
}

// testAttached asks the registry for what refers to an image, as every client does.
func (w *world) testAttached(t *testing.T, m v1.Descriptor) {
	t.Helper()
	answer, err := http.Get("http://" + w.registry + "/v2/berth-dev/berth/referrers/" + m.Digest.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var list struct {
		Manifests []struct{ ArtifactType string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, a := range list.Manifests {
		has[a.ArtifactType] = true
	}
	if !has["application/spdx+json"] || !has["application/vnd.cyclonedx+json"] {
		t.Errorf("%s has %v attached", m.Platform, has)
	}
}

// testContainer runs the image by its digest, as GitHub's runner does and under the shell
// that GitLab's needs.
func (w *world) testContainer(t *testing.T) {
	if err := docker.Missing(); err != nil {
		leftOut(t, "THE IMAGE IS NOT RUN", err)
	}
	e, image := docker.Start(t), w.pins(t).Image
	e.Docker(t, "pull", "--quiet", image)
	const script = "berth version && test -s /etc/ssl/certs/ca-certificates.crt"
	for _, args := range [][]string{{image, "version"}, {"--entrypoint", "sh", image, "-c", script}} {
		got := e.Docker(t, append([]string{"run", "--rm", "--network", "none"}, args...)...)
		if !strings.Contains(got, version) {
			t.Errorf("%v: %q", args, got)
		}
	}
	licences := e.Docker(t, "run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", "cat /usr/share/licenses/berth/README.md")
	if licences != string(read(t, filepath.Join(w.clones[0], "bin/licenses/README.md"))) {
		t.Error("the image has other licences than the archives")
	}
}
