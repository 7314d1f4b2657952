//go:build lint

package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// In a folder with a blank in its name, make would remove and write what lies beside it.
func TestMakeRefusesABlank(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip(err)
	}
	beside := filepath.Join(t.TempDir(), "work")
	checkout := filepath.Join(beside+" here", "berth")
	for _, dir := range []string{beside, checkout} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(checkout, "Makefile"), read(t, "Makefile"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "make", "licenses")
	cmd.Dir = checkout
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "takes no folder with a blank") {
		t.Errorf("make (%v) says\n%s", err, out)
	}
	if _, err := os.Stat(beside); err != nil {
		t.Errorf("make has removed what lies beside: %v", err)
	}
}
