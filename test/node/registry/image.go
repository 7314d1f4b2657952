package registry

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
)

// The media types of an image's parts.
const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar"
)

// applets are the commands of the shell that the images have.
var applets = []string{"sh", "sleep", "cat", "echo", "mkdir", "touch", "test", "true", "false"}

// image is one image, as a registry hands it out.
type image struct {
	digest   string // of the manifest
	manifest []byte
	blobs    map[string][]byte // by digest: the configuration and the one layer
}

// layer is the file system of an image: the program, a shell, and a mark without
// which two images would have the same layer.
func layer(program, busybox, mark string) ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, folder := range []string{"bin/", "etc/", "tmp/"} {
		if err := archive.WriteHeader(&tar.Header{Name: folder, Mode: 0o1777, Typeflag: tar.TypeDir}); err != nil {
			return nil, err
		}
	}
	add := func(name string, mode int64, content []byte) error {
		header := &tar.Header{Name: name, Mode: mode, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := archive.Write(content)
		return err
	}
	for name, path := range map[string]string{"bin/app": program, "bin/busybox": busybox} {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading what the image holds: %w", err)
		}
		if err := add(name, 0o755, content); err != nil {
			return nil, err
		}
	}
	for _, applet := range applets {
		link := &tar.Header{Name: "bin/" + applet, Linkname: "busybox", Mode: 0o777, Typeflag: tar.TypeSymlink}
		if err := archive.WriteHeader(link); err != nil {
			return nil, err
		}
	}
	if err := add("etc/passwd", 0o644, []byte("root:x:0:0::/:/bin/sh\n")); err != nil {
		return nil, err
	}
	if err := add("etc/mark", 0o644, []byte(mark)); err != nil {
		return nil, err
	}
	return out.Bytes(), archive.Close()
}

// newImage is the image of one layer that runs the command.
func newImage(layer []byte, command ...string) (*image, error) {
	made := &image{blobs: map[string][]byte{}}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Env": []string{"PATH=/bin"}, "Entrypoint": command, "WorkingDir": "/"},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
	if err != nil {
		return nil, fmt.Errorf("encoding an image's configuration: %w", err)
	}
	made.manifest, err = json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": made.hold(configType, config), "layers": []any{made.hold(layerType, layer)},
	})
	if err != nil {
		return nil, fmt.Errorf("encoding an image's manifest: %w", err)
	}
	made.digest = digest(made.manifest)
	return made, nil
}

// hold adds a blob and describes it.
func (i *image) hold(kind string, blob []byte) map[string]any {
	i.blobs[digest(blob)] = blob
	return map[string]any{"mediaType": kind, "digest": digest(blob), "size": len(blob)}
}

func digest(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }
