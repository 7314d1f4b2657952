//go:build dryrun

package dryrun

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// unpacked is what is in an archive, by name.
func (w *world) unpacked(t *testing.T, name string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	data := read(t, w.path(name))
	if strings.HasSuffix(name, ".zip") {
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if files[f.Name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		return files
	}
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(zipped); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
		if program := h.Name == "berth"; h.Uname != "root" || program != (h.Mode&0o111 != 0) {
			t.Errorf("%s: %s is %s's with mode %o", name, h.Name, h.Uname, h.Mode)
		}
	}
}

// testArchives sees that whoever gets the program gets its licences.
func (w *world) testArchives(t *testing.T) {
	for platform, archive := range w.pins(t).Archives {
		files := w.unpacked(t, archive.Name)
		program := "berth"
		if strings.HasPrefix(platform, "windows") {
			program += ".exe"
		}
		for _, name := range []string{program, "LICENSE", "README.md", "licenses/README.md", "licenses/helm.sh/helm/v3/LICENSE"} {
			if len(files[name]) == 0 {
				t.Errorf("%s has no %s", archive.Name, name)
			}
		}
		t.Logf("%s: %d files, %.1f MB", archive.Name, len(files), float64(len(read(t, w.path(archive.Name))))/1e6)
	}
}

// testPrograms sees that each program is for the platform that its archive is named
// after, needs no library, and says the release's version where it can be run here.
func (w *world) testPrograms(t *testing.T) {
	run(t, w.clones[1], "make", "--no-print-directory", "build", "VERSION="+version)
	if !bytes.Equal(read(t, filepath.Join(w.clones[1], "bin/berth")), w.unpacked(t, w.pins(t).Archives[here()].Name)["berth"]) {
		t.Error("make build gives another program than the release has")
	}
	ran := 0
	for platform, archive := range w.pins(t).Archives {
		files := w.unpacked(t, archive.Name)
		system, architecture, _ := strings.Cut(platform, "/")
		program := files["berth"]
		if system == "windows" {
			program = files["berth.exe"]
		}
		if got := machineOf(program); got != platform {
			t.Errorf("%s holds a program for %s", archive.Name, got)
		}
		if runner := runnerOf(system, architecture); runner != nil {
			path := filepath.Join(t.TempDir(), "berth")
			if err := os.WriteFile(path, program, 0o755); err != nil {
				t.Fatal(err)
			}
			ran++
			if got := run(t, ".", runner[0], append(runner[1:], path, "version")...); !strings.Contains(got, version) {
				t.Errorf("%s says it is %q", platform, got)
			}
		} else {
			t.Logf("not run here: the program for %s", platform)
		}
	}
	if ran == 0 || !fast && ran < 2 && runtime.GOOS == "linux" {
		t.Errorf("%d programs were run; for the other Linux install Debian's qemu-user-static", ran)
	}
}

// runnerOf is what runs a program for a platform on this machine; env where nothing else
// is needed, nil where it cannot be.
func runnerOf(system, architecture string) []string {
	if system != runtime.GOOS {
		return nil
	}
	if architecture == runtime.GOARCH {
		return []string{"env"}
	}
	emulator := map[string]string{"arm64": "qemu-aarch64-static", "amd64": "qemu-x86_64-static"}[architecture]
	if _, err := exec.LookPath(emulator); err != nil {
		return nil
	}
	return []string{emulator}
}

// machineOf reads from a program which platform it is for, and "" where it needs libraries
// on Linux.
func machineOf(program []byte) string {
	r := bytes.NewReader(program)
	if f, err := elf.NewFile(r); err == nil {
		dynamic := slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
		switch {
		case dynamic:
			return ""
		case f.Machine == elf.EM_X86_64:
			return "linux/amd64"
		case f.Machine == elf.EM_AARCH64:
			return "linux/arm64"
		}
	}
	if f, err := macho.NewFile(r); err == nil {
		return map[macho.Cpu]string{macho.CpuAmd64: "darwin/amd64", macho.CpuArm64: "darwin/arm64"}[f.Cpu]
	}
	if f, err := pe.NewFile(r); err == nil && f.Machine == pe.IMAGE_FILE_MACHINE_AMD64 {
		return "windows/amd64"
	}
	return ""
}
