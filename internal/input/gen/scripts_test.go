package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Of machines that are not here, it is seen which archive the scripts ask for, or what they say.
func TestScriptsOnOtherMachines(t *testing.T) {
	native, plugin := "bash -eo pipefail native.sh", "sh plugin.sh"
	const zip = "download https://github.com/berth-dev/berth/releases/download/v1.2.3/berth_1.2.3_windows_amd64.zip (SHA-256 "
	for _, tt := range []struct{ script, system, machine, says string }{
		{native, "Linux", "x86_64", "berth_1.2.3_linux_amd64.tar.gz"}, {plugin, "Linux", "x86_64", "berth_1.2.3_linux_amd64.tar.gz"},
		{native, "Linux", "aarch64", "berth_1.2.3_linux_arm64.tar.gz"}, {plugin, "Linux", "arm64", "berth_1.2.3_linux_arm64.tar.gz"},
		{native, "Darwin", "x86_64", "berth_1.2.3_darwin_amd64.tar.gz"}, {plugin, "Darwin", "x86_64", "berth_1.2.3_darwin_amd64.tar.gz"},
		{native, "Darwin", "arm64", "berth_1.2.3_darwin_arm64.tar.gz"}, {plugin, "Darwin", "arm64", "berth_1.2.3_darwin_arm64.tar.gz"},
		{native, "MINGW64_NT-10.0-26100", "x86_64", "::error title=Berth::berth-dev/berth/native takes a runner on Linux or macOS"},
		{plugin, "MSYS_NT-10.0", "x86_64", zip + strings.Repeat("e", 64) + "), and put its berth.exe into "},
		{native, "FreeBSD", "amd64", "::error title=Berth::There is no Berth for FreeBSD on amd64"},
		{plugin, "Linux", "riscv64", "berth: There is no Berth for Linux on riscv64"},
	} {
		out, err := runScript(t, released(t), tt.script, tt.system, tt.machine)
		if err == nil || !strings.Contains(out, tt.says) {
			t.Errorf("%s on %s %s (%v), want %s, got\n%s", tt.script, tt.system, tt.machine, err, tt.says, out)
		}
	}
}

// Of a commit that nothing was built of, one sentence says so.
func TestScriptsWithoutARelease(t *testing.T) {
	for script, says := range map[string]string{
		"bash -eo pipefail native.sh": "::error title=Berth::" + unreleased, "sh plugin.sh": "berth: " + unreleased,
	} {
		if out, err := runScript(t, nil, script, "Linux", "x86_64"); err == nil || !strings.HasPrefix(out, says) {
			t.Errorf("%s (%v) says\n%s", script, err, out)
		}
	}
}

// What the tool cache has is compared before it is unpacked, also where the copy that is
// compared breaks off, of a full disk or here of a bound on a file's size.
func TestNativeScriptUnpacksNoBrokenCopy(t *testing.T) {
	cache := t.TempDir()
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	packed := tar.NewWriter(zipped)
	const program = "#!/bin/sh\n"
	_ = packed.WriteHeader(&tar.Header{Name: "berth", Mode: 0o755, Size: int64(len(program))})
	_, _ = packed.Write([]byte(program))
	if err := errors.Join(packed.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	archive.Write(make([]byte, 4<<20)) // which gzip leaves unread
	folder := filepath.Join(cache, "berth/1.2.3/x64")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	bounded := filepath.Join(cache, "bounded.sh")
	for path, data := range map[string][]byte{
		filepath.Join(folder, "berth_1.2.3_linux_amd64.tar.gz"): archive.Bytes(),
		bounded: []byte("trap '' XFSZ; ulimit -f 1024; exec bash -eo pipefail native.sh\n"),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := runScript(t, released(t), "bash "+bounded, "Linux", "x86_64", "RUNNER_TOOL_CACHE="+cache)
	if err == nil || !strings.Contains(out, "::warning title=Berth::") || !strings.Contains(out, "cannot be downloaded") {
		t.Errorf("a copy that broke off is unpacked (%v):\n%s", err, out)
	}
}

// runScript runs a script on what it takes for such a machine, which has no network.
func runScript(t *testing.T, r *release, command, system, machine string, env ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"uname":     "#!/bin/sh\ncase $1 in -s) echo " + system + " ;; -m) echo " + machine + " ;; esac\n",
		"curl":      "#!/bin/sh\nexit 22\n",
		"native.sh": script("native.sh", r), "plugin.sh": script("plugin.sh", r),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	words := strings.Fields(command)
	if _, err := exec.LookPath(words[0]); err != nil {
		t.Skipf("there is no %s", words[0])
	}
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "RUNNER_TEMP=" + dir, "GITHUB_OUTPUT=/dev/null"}
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
