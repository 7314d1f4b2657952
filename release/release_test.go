package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

var dated = time.Unix(1_760_000_000, 0).UTC()

func TestLayer(t *testing.T) {
	files := fstest.MapFS{"b/two": {Data: []byte("2")}, "b/ü": {Data: []byte("3")}, "one": {Data: []byte("1")},
		strings.Repeat("long/", 30) + "four": {Data: []byte("4")}}
	pack := func() []byte {
		l := newLayer(dated)
		if err := l.tree("usr/share", files); err != nil {
			t.Fatal(err)
		}
		l.add("usr/bin/program", 0o755, []byte("p"))
		data, err := l.packed()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	data := pack()
	if !bytes.Equal(data, pack()) {
		t.Error("the same files give other bytes")
	}
	seen := map[string]int64{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := seen[h.Name]; twice || !h.ModTime.Equal(dated) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%+v, seen before: %v", h, twice)
		}
		seen[h.Name] = h.Mode
	}
	for name, mode := range map[string]int64{"usr/": 0o755, "usr/share/b/": 0o755, "usr/share/b/ü": 0o644, "usr/bin/program": 0o755} {
		if seen[name] != mode {
			t.Errorf("%s has mode %o in %v", name, seen[name], seen)
		}
	}
}

// The certificates are a file as every program reads it, and none that a program may only
// trust for some names.
func TestCertificates(t *testing.T) {
	pool, count := x509.NewCertPool(), 0
	for rest := certificates(); ; count++ {
		block, more := pem.Decode(rest)
		if block == nil {
			break
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			t.Error(err)
		}
		rest = more
	}
	if !pool.AppendCertsFromPEM(certificates()) || count < 100 {
		t.Errorf("%d certificates", count)
	}
}

func TestAddChecksums(t *testing.T) {
	d := dist{path: t.TempDir()}
	for name, text := range map[string]string{"checksums.txt": "11  a\n22  c\n", "b": "b", "folder/c": "c"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(d.path, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d.path, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const want = "11  a\n" +
		"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b\n" +
		"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6  c\n"
	for range 2 { // the second time it is replaced
		if err := d.addChecksums("folder/c", "b"); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(d.path, "checksums.txt")); err != nil || string(got) != want {
			t.Errorf("%v, %s", err, got)
		}
	}
	if err := d.addChecksums("absent"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestLicences(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "bin/licenses"), 0o755); err != nil {
		t.Fatal(err)
	}
	const index = "| module | version | licence | source |\n|---|---|---|---|\n" +
		"| std | go1.26.8 | BSD-3-Clause | https://go.dev/dl/go1.26.8.src.tar.gz |\n| a.b/c | v1.0.0 | MIT AND ISC | https://x |\n"
	if err := os.WriteFile(filepath.Join(root, "bin/licenses/README.md"), []byte(index), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := dist{root: root}.licences()
	if err != nil || found["a.b/c"] != (module{"a.b/c", "v1.0.0", "MIT AND ISC", "https://x"}) || found["std"].licence != "BSD-3-Clause" {
		t.Errorf("%v, %v", found, err)
	}
}

// A base without a digest would let the same commit give another image.
func TestBaseIsPinned(t *testing.T) {
	for reference, want := range map[string]string{
		"busybox:1.37": "has no digest",
		"busybox@sha256:9db7b59979c38555a39def84a31fb98b5296952f9e3afd4f6f11f05b07adfab0": "needs a tag",
		"busybox:1.37@sha256:12": "12",
	} {
		if _, err := baseIndex(".", options{base: reference}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", reference, err, want)
		}
	}
}

func TestUsage(t *testing.T) {
	empty := t.TempDir()
	for want, args := range map[string][]string{
		"usage":         nil,
		"is no command": {"sign", empty},
		"metadata.json": {"image", empty},
		"not defined":   {"describe", empty, "--tag", "x"},
		"what is":       {"sbom", empty, "more"},
	} {
		if err := run(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}
