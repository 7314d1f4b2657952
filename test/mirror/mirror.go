//go:build ci || conformance

// Package mirror serves a release on loopback: the archive of a program for this machine. It
// makes the files that the tagged commit of that release has.
package mirror

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// root is the checkout, seen from the folder of a test's package.
const root = "../.."

// Number and Version are what the release is called, whatever its program says.
const (
	Number  = "1.2.3"
	Version = "v" + Number
)

// Mirror is a release, and the server that it is downloaded from.
type Mirror struct {
	URL     string
	Served  string // the folder that is served
	Tree    string // the files that the tagged commit has, as far as they are generated
	Archive string // the name of this machine's archive

	downloads atomic.Int64
}

// Malice is what the program prints that Tamper puts in the place of the release's own.
const Malice = "this is not Berth"

// New serves a release of a program.
func New(t *testing.T, program string) *Mirror {
	t.Helper()
	m := &Mirror{Served: t.TempDir(), Tree: t.TempDir(), Archive: name(runtime.GOOS + "/" + runtime.GOARCH)}
	files := http.FileServer(http.Dir(m.Served))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/"+m.Archive {
			m.downloads.Add(1)
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	m.URL = server.URL
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	m.pack(t, binary)
	m.pin(t)
	return m
}

// Downloads is how often the archive was asked for.
func (m *Mirror) Downloads() int64 { return m.downloads.Load() }

// Tamper puts another program into the archive.
func (m *Mirror) Tamper(t *testing.T) { t.Helper(); m.pack(t, []byte("#!/bin/sh\necho "+Malice+"\n")) }

func name(platform string) string {
	ending := ".tar.gz"
	if platform == "windows/amd64" {
		ending = ".zip"
	}
	return "berth_" + Number + "_" + strings.ReplaceAll(platform, "/", "_") + ending
}

func (m *Mirror) pack(t *testing.T, program []byte) {
	t.Helper()
	f, err := os.Create(filepath.Join(m.Served, m.Archive))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, file := range []struct {
		name string
		data []byte
	}{{"LICENSE", []byte("as it is\n")}, {"berth", program}} {
		if err := w.WriteHeader(&tar.Header{Name: file.name, Mode: 0o755, Size: int64(len(file.data)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(file.data); err != nil {
			t.Fatal(err)
		}
	}
	for _, closing := range []func() error{w.Close, z.Close, f.Close} {
		if err := closing(); err != nil {
			t.Fatal(err)
		}
	}
}

// pin has the generator write the files of the release.
func (m *Mirror) pin(t *testing.T) {
	t.Helper()
	archive, err := os.ReadFile(filepath.Join(m.Served, m.Archive))
	if err != nil {
		t.Fatal(err)
	}
	archives := map[string]map[string]string{}
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"} {
		archives[platform] = map[string]string{"name": name(platform), "sha256": strings.Repeat("0", 64)}
	}
	archives[runtime.GOOS+"/"+runtime.GOARCH]["sha256"] = fmt.Sprintf("%x", sha256.Sum256(archive))
	release, err := json.Marshal(map[string]any{"version": Version, "image": "ghcr.io/berth-dev/berth@sha256:" + strings.Repeat("0", 64),
		"download": m.URL, "archives": archives})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "release.json")
	if err := os.WriteFile(path, release, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, byHand := range []string{".gitlab-ci-template.yml", "plugin.yaml", "LICENSE"} {
		text, err := os.ReadFile(filepath.Join(root, byHand))
		if err == nil {
			err = os.WriteFile(filepath.Join(m.Tree, byHand), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	generate := exec.CommandContext(t.Context(), "go", "run", "./internal/input/gen", "--release", path, m.Tree)
	generate.Dir = root
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", generate, err, out)
	}
}
