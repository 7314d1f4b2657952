//go:build dryrun

package dryrun

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testSignatures signs as the workflow does, but with a key that is made here and without
// the public log, and sees that what was changed afterwards is refused.
func (w *world) testSignatures(t *testing.T) {
	dir := t.TempDir()
	w.cosign(t, dir, true, "generate-key-pair")
	offline := []string{"--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", "--yes"}
	verify := []string{"--key", "cosign.pub", "--insecure-ignore-tlog=true"}

	sums := w.path("checksums.txt")
	w.cosign(t, dir, true, append(append([]string{"sign-blob"}, offline...), "--bundle", "sums.sigstore.json", sums)...)
	w.cosign(t, dir, true, append(append([]string{"verify-blob"}, verify...), "--bundle", "sums.sigstore.json", sums)...)
	changed := filepath.Join(dir, "changed.txt")
	if err := os.WriteFile(changed, append(read(t, sums), '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	w.cosign(t, dir, false, append(append([]string{"verify-blob"}, verify...), "--bundle", "sums.sigstore.json", changed)...)

	image := w.pins(t).Image
	w.cosign(t, dir, false, append(append([]string{"verify"}, verify...), "--allow-http-registry", image)...)
	w.cosign(t, dir, true, append(append([]string{"sign", "--recursive"}, offline...), "--allow-http-registry", image)...)
	w.cosign(t, dir, true, append(append([]string{"verify"}, verify...), "--allow-http-registry", image)...)
}

// cosign runs cosign, which has to succeed or to fail.
func (w *world) cosign(t *testing.T, dir string, succeeds bool, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "cosign"), args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "COSIGN_PASSWORD=", "HOME="+dir)
	out, err := cmd.CombinedOutput()
	if (err == nil) != succeeds {
		t.Errorf("cosign %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
