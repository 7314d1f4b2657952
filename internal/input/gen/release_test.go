package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// example is a release.json, seen from the root.
const example = "internal/input/gen/testdata/release.json"

// A release.json that says anything else than what was built is refused, and the error says
// what it is.
func TestReleaseIsReadStrictly(t *testing.T) {
	good := read(t, example)
	const image = "ghcr.io/berth-dev/berth@sha256:"
	for name, tt := range map[string]struct{ from, to, says string }{
		"unknown field":          {`"version"`, `"commit": "", "version"`, `unknown field "commit"`},
		"more":                   {good, good + "{}", "more after the end"},
		"no JSON":                {good, "", "EOF"},
		"version without its v":  {`"v1.2.3"`, `"1.2.3"`, `version is "1.2.3"`},
		"version of two numbers": {`"v1.2.3"`, `"v1.2"`, `version is "v1.2"`},
		"image by a tag":         {image, "ghcr.io/berth-dev/berth:v1.2.3", "image is"},
		"image's digest":         {image + "0", image + "g", "image is"},
		"download over http":     {"https://github.com", "http://github.com", "download is"},
		"download with a quote":  {"/download/v1.2.3", "/download/'$(id)'", "download is"},
		"download with a slash":  {"/download/v1.2.3", "/download/v1.2.3/", "download is"},
		"missing platform":       {`"linux/arm64"`, `"linux/riscv64"`, "none for linux/arm64\narchives has one for linux/riscv64"},
		"another version's name": {"berth_1.2.3_darwin_amd64", "berth_1.2.4_darwin_amd64", `darwin/amd64 is called "berth_1.2.4_`},
		"digest that is short":   {strings.Repeat("e", 64), strings.Repeat("e", 63), "sha256 of berth_1.2.3_windows_amd64.zip"},
		"digest in capitals":     {strings.Repeat("a", 64), strings.Repeat("A", 64), "sha256 of berth_1.2.3_linux_amd64.tar.gz"},
	} {
		if _, err := readRelease(written(t, strings.Replace(good, tt.from, tt.to, 1))); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A dry run has its registry and its archives on this machine.
func TestReleaseOnLoopback(t *testing.T) {
	text := strings.NewReplacer("https://github.com", "http://127.0.0.1:8080", "ghcr.io/", "127.0.0.1:5000/", "v1.2.3\"", "v1.2.3-rc.1\"",
		"_1.2.3_", "_1.2.3-rc.1_").Replace(read(t, example))
	r, err := readRelease(written(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if native := native(r); !strings.Contains(native, "--proto '=http' ") || !strings.Contains(native, "/berth/1.2.3-rc.1/$arch") {
		t.Error(native)
	}
}

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "release.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
