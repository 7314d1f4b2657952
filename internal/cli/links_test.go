package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/input"
)

// Whoever may change a branch puts no file of the machine in the place of one of the
// checkout, and no report elsewhere.
func TestLinksOutOfTheCheckout(t *testing.T) {
	machine, checkout := t.TempDir(), t.TempDir()
	t.Chdir(checkout)
	for name, target := range map[string]string{"out": machine, "admin": filepath.Join(machine, "config"), "in": "own", ".git": "own"} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"own", filepath.Join(machine, "config")} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, refused := range map[string]bool{
		"admin": true, "out/config": true, "in": false, "own": false, "missing": false, filepath.Join(machine, "config"): false,
		filepath.Join(checkout, "admin"): true, filepath.Join(checkout, "in"): false,
	} {
		o := input.Options{Cluster: input.Cluster{Kubeconfig: input.Material{Path: path}, KubeCA: input.Material{Path: path}},
			ChartSource: input.ChartSource{CAFile: path, RegistryConfig: path}}
		err := (Process{}).checkLinks(&o)
		if (err != nil) != refused {
			t.Errorf("%s: got %v", path, err)
		}
		for _, name := range []string{"kubeconfig: ", "kube-ca: ", "ca-file: ", "registry-config: "} {
			if refused && err != nil && !strings.Contains(err.Error(), name+path+": links lead from it out of") {
				t.Errorf("%s: %q does not name it", name, err)
			}
		}
	}
	for path, refused := range map[string]bool{
		"out": true, "out/a/b": true, "reports/new": false, "": false, machine: false, "out/../reports": true, "own-folder/../reports": false,
		filepath.Join(checkout, "out/a"): true, filepath.Join(checkout, "reports/new"): false,
	} {
		if err := (Process{}).checkLinks(&input.Options{Reporting: input.Reporting{ReportDir: path}}); (err != nil) != refused {
			t.Errorf("report-dir %q: got %v", path, err)
		}
	}
}
