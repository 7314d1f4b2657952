//go:build image || ci || dryrun

package docker

import (
	"archive/tar"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// serveModules serves the machine's module cache on loopback, where a build in
// a container finds it, after everything go.mod asks for is there.
func serveModules(t *testing.T) (url string) {
	t.Helper()
	download := exec.Command("go", "mod", "download")
	download.Dir = Root
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("go mod download: %v\n%s", err, out)
	}
	cache, err := goEnv("GOMODCACHE")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(cache, "cache", "download"))))
	t.Cleanup(server.Close)
	return server.URL
}

func goEnv(name string) (string, error) {
	out, err := exec.Command("go", "env", name).Output()
	return strings.TrimSpace(string(out)), err
}

// golang writes the machine's Go beside the tools of busybox.
func golang(w *tar.Writer) error {
	goroot, err := goEnv("GOROOT")
	if err != nil {
		return err
	}
	errs := []error{Busybox(w), copyFile(w, Certificates[1:], Certificates)}
	for _, part := range []string{"LICENSE", "PATENTS", "VERSION", "go.env", "bin", "lib", "pkg", "src"} {
		errs = append(errs, filepath.WalkDir(filepath.Join(goroot, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			name, err := filepath.Rel(goroot, path)
			return errors.Join(err, copyFile(w, "usr/local/go/"+name, path))
		}))
	}
	return errors.Join(append(errs, compiled(w))...)
}

// compiled writes what the machine's build cache has of Berth's packages, which
// makes minutes of compiling seconds of linking. Go takes an entry for exactly
// the source, settings and compiler that it was made with, else it compiles.
func compiled(w *tar.Writer) error {
	cache, err := goEnv("GOCACHE")
	if err != nil {
		return err
	}
	list := exec.Command("go", "list", "-deps", "-export", "-trimpath", "-f", "{{.BuildID}} {{.Export}}", ".")
	list.Dir, list.Env, list.Stderr = Root, append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	packages, err := list.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	var errs []error
	for line := range strings.Lines(string(packages)) {
		// A build ID begins with half of the hash that is the entry's name.
		id, archive, _ := strings.Cut(strings.TrimSpace(line), " ")
		action, _, _ := strings.Cut(id, "/")
		hash, err := base64.URLEncoding.DecodeString(action)
		if err != nil || len(hash) == 0 {
			continue
		}
		entries, err := filepath.Glob(filepath.Join(cache, hex.EncodeToString(hash[:1]), hex.EncodeToString(hash)+"*-a"))
		for _, path := range append(entries, archive) {
			name, relErr := filepath.Rel(cache, path)
			err = errors.Join(err, relErr, copyFile(w, "root/.cache/go-build/"+name, path))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
