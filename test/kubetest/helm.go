package kubetest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Helm returns the path of the real Helm CLI of that major version, 3 or 4. It
// fails the test when there is none.
func Helm(t testing.TB, version int) string {
	t.Helper()
	variable := fmt.Sprintf("BERTH_TEST_HELM%d", version)
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set: this test compares with the real Helm %d. Run `make test`, which builds it", variable, version)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return path
}

// HelmRun runs Helm with a kubeconfig and namespace, and with folders of its
// own, so that neither the machine's settings nor another test reach it.
func (c *Cluster) HelmRun(t testing.TB, helm, kubeconfig, namespace string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	home := t.TempDir()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), helm, append(args, "--kubeconfig", kubeconfig, "--namespace", namespace)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = []string{
		"HOME=" + home,
		"PATH=" + os.Getenv("PATH"),
		"HELM_CACHE_HOME=" + filepath.Join(home, "cache"),
		"HELM_CONFIG_HOME=" + filepath.Join(home, "config"),
		"HELM_DATA_HOME=" + filepath.Join(home, "data"),
	}
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("running %s: %v", helm, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
