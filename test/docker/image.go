//go:build image || ci || dryrun

// Package docker starts a container engine of a test's own, which takes root and
// Docker on Linux, and builds Berth's image in it. No image is pulled: those that the
// Dockerfile begins with are made from the machine's Go and busybox.
package docker

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// Root is the checkout, seen from the folder of a test's package; Image is what is
// built of it, and Version what the program in it calls itself.
const (
	Root         = "../.."
	Certificates = "/etc/ssl/certs/ca-certificates.crt"
	Image        = "berth:test"
	Version      = "v0.0.0-image"
)

// Missing names what the machine lacks, or is nil.
func Missing() error {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return errors.New("it takes a container engine, which is started as root on Linux")
	}
	for command, install := range map[string]string{
		"dockerd": "docker.io", "docker": "docker.io, or docker-cli where there is one", "busybox": "busybox-static",
	} {
		if _, err := exec.LookPath(command); err != nil {
			return fmt.Errorf("there is no %s: install Debian's %s", command, install)
		}
	}
	if _, err := os.Stat(Certificates); err != nil {
		return fmt.Errorf("%w: install ca-certificates", err)
	}
	path, _ := exec.LookPath("busybox")
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if !Static(f) {
		return fmt.Errorf("%s needs libraries: install Debian's busybox-static", path)
	}
	return nil
}

// Static tells whether a program runs without any library.
func Static(f *elf.File) bool {
	libraries, err := f.ImportedLibraries()
	return err == nil && len(libraries) == 0 &&
		!slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// Build makes the images that the Dockerfile begins with, and builds it.
func (e *Engine) Build(t *testing.T) {
	t.Helper()
	started := time.Now()
	dockerfile, err := os.ReadFile(filepath.Join(Root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for reference, b := range bases(t, string(dockerfile), serveModules(t)) {
		e.load(t, reference, b)
	}
	t.Logf("made the bases in %s", time.Since(started).Round(time.Second))
	started = time.Now()
	e.Docker(t, "build", "--network", "host", "--build-arg", "VERSION="+Version, "--tag", Image, Root)
	t.Logf("built the image in %s", time.Since(started).Round(time.Second))
}
