//go:build lint

package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// What the workflow of a release is started with may be anything: it is held against what a
// release is before it is used.
func TestReleaseRefuses(t *testing.T) {
	script := refusing(t)
	dir := repository(t, "main", map[string]string{"CHANGELOG.md": "## [1.2.3]\n\n## [1.10.0]\n\n## [2.0.0]\n", "page.md": "A page.\n"})
	for _, tag := range []string{"v1", "v1.2.2", "v1.9.0", "v1.11.0-rc.1"} {
		if out, err := exec.CommandContext(t.Context(), "git", "-C", dir, "tag", tag).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	const form, main = "the version has to be one such as", "refs/heads/main"
	for _, tt := range []struct{ version, ref, says string }{
		{"v1.10.0", main, ""}, {"v2.0.0", main, ""}, {"v1.2.3-rc.1", main, ""},
		{"v1.2", main, form}, {"1.2.3", main, form}, {"v1.2.3+x", main, form}, {"v01.2.3", main, form}, {"", main, form},
		{"v1.2.3';id;'", main, form}, {"v1.2.3$(shell id)", main, form}, {"v1.2.3\nv1.2.4", main, form}, {"v1.2.3-", main, form},
		{"v1.10.0", "refs/heads/other", "start it on main"}, {"v1.10.0", "refs/tags/main", "start it on main"},
		{"v1.2.2", main, "there is a v1.2.2"}, {"v1.11.0-rc.1", main, "there is a v1.11.0-rc.1"},
		{"v1.2.3", main, "there is a v1.9.0, and v1 does not move back"},
		{"v1.12.0", main, "CHANGELOG.md does not say what 1.12.0 changes"},
	} {
		out, err := refused(t, dir, script, tt.version, tt.ref)
		want := ""
		if tt.says != "" {
			want = "::error title=Nothing is released::" + tt.says
		}
		if (err == nil) != (want == "") || !strings.HasPrefix(out, want) || want == "" && out != "" {
			t.Errorf("%q on %s: %v, want %q, says\n%s", tt.version, tt.ref, err, tt.says, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "page.md"), []byte("No version is released yet.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := refused(t, dir, script, "v1.10.0", main); err == nil || !strings.Contains(out, "pages say that no version") {
		t.Errorf("%v\n%s", err, out)
	}
}

// refusing is the script of the step that refuses.
func refusing(t *testing.T) string {
	t.Helper()
	var workflow struct {
		Jobs map[string]struct{ Steps []struct{ Name, Run string } }
	}
	if err := yaml.Unmarshal(read(t, ".github/workflows/release.yml"), &workflow); err != nil {
		t.Fatal(err)
	}
	for _, step := range workflow.Jobs["build"].Steps {
		if strings.HasPrefix(step.Name, "Refuse ") {
			return step.Run
		}
		if strings.Contains(step.Run, "make") {
			t.Fatal("something is made before the version is looked at")
		}
	}
	t.Fatal("no step refuses anything")
	return ""
}

// refused runs the script as GitHub's runner does.
func refused(t *testing.T, dir, script, version, ref string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "VERSION="+version, "GITHUB_REF="+ref)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
