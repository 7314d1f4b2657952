package ci

import (
	"os"
	"path/filepath"
	"testing"
)

// A place is told where the platform finds the file, and nowhere else.
func TestInWorkspace(t *testing.T) {
	root := t.TempDir()
	workspace := filepath.Join(root, "shop")
	for _, dir := range []string{"shop/chart/templates", "other"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"shop/chart/templates/web.yaml", "other/key.pem"} {
		if err := os.WriteFile(filepath.Join(root, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"shop/out.yaml": "../other/key.pem", "shop/in.yaml": "chart/templates/web.yaml"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(workspace)
	const web = "chart/templates/web.yaml"
	for _, variable := range []string{"GITHUB_WORKSPACE", "CI_PROJECT_DIR", ""} {
		getenv := func(name string) string {
			if name == variable {
				return workspace
			}
			return ""
		}
		for file, want := range map[string]string{
			web: web, "./" + web: web, "chart/../" + web: web, filepath.Join(workspace, web): web, "in.yaml": web,
			"": "", "chart": "", "chart/templates/none.yaml": "", "../other/key.pem": "", filepath.Join(root, "other/key.pem"): "",
			"out.yaml": "", "/etc/hostname": "", "/dev/null": "", "a\nb": "", " x": "",
		} {
			inside, line := InWorkspace(getenv, file, 7)
			if inside != want || (line == 7) != (want != "") {
				t.Errorf("%s: %q is %q, line %d, want %q", variable, file, inside, line, want)
			}
		}
	}
	if _, line := InWorkspace(func(string) string { return "" }, web, -1); line != 0 {
		t.Errorf("line %d", line)
	}
}
