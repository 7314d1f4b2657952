package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runIn runs a deploy with the arguments in a folder, and returns what it said.
func runIn(t *testing.T, folder string, environ, args []string) string {
	t.Helper()
	t.Chdir(folder)
	var out strings.Builder
	args = append([]string{"deploy", "--repository=acme/shop", "--branch=login"}, args...)
	process := Process{Args: args, Environ: append(environ, "HOME="+folder), Stdout: &out, Stderr: &out}
	if code := Main(t.Context(), process); code != exitWrongInput {
		t.Errorf("ended with %d", code)
	}
	return out.String()
}

func TestAllThatIsWrongIsNamedAtOnce(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "deploy", "shop"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "deploy", "shop", "Chart.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	said := runIn(t, folder, nil, []string{"--chart=./chart", "--values=a.yaml,b.yaml", "--set-file=k=c.txt", "--ca-file=ca.pem",
		"--namespace={{ .Bracnh }}", "--url=https://x"})
	for _, part := range []string{
		"kubeconfig: none was given", `chart "./chart": there is no such file or folder; there is a chart in ./deploy/shop`,
		`values "a.yaml": there is no such`, `values "b.yaml"`, `set-file "c.txt"`, `ca-file "ca.pem"`, "the template of namespace",
	} {
		if !strings.Contains(said, part) {
			t.Errorf("it does not say %q:\n%s", part, said)
		}
	}
}

// What is given in place of a path may be what belongs into the file.
func TestContentInPlaceOfAPathIsNotShown(t *testing.T) {
	for _, flag := range []string{`--registry-config={"auths":{"x":{"auth":"hunter2"}}}`, "--ca-file=hunter2", "--values=hunter2",
		"--set-file=k=hunter2", "--kubeconfig=hunter2", "--chart=./x"} {
		said := runIn(t, t.TempDir(), nil, []string{"--chart=./x", flag})
		if strings.Contains(said, "hunter2") || !strings.Contains(said, "there is no such file") {
			t.Errorf("%s: it says:\n%s", flag, said)
		}
	}
}

// What helm repo add has named is known to that machine alone.
func TestChartOfANamedRepository(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "README.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := runIn(t, folder, nil, []string{"--chart=bitnami/nginx"}); !strings.Contains(said, "the repository's URL as repo") {
		t.Errorf("it says:\n%s", said)
	}
}

func TestNoCheckout(t *testing.T) {
	github := []string{"GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=acme/shop"}
	said := runIn(t, t.TempDir(), github, []string{"--chart=./chart", "--head-repository=acme/shop"})
	for _, part := range []string{"is the step that checks out the repository missing?", "kubeconfig: it is empty: is the secret set",
		"of Dependabot", "See https://github.com/berth-dev/berth/blob/main/docs/inputs.md"} {
		if !strings.Contains(said, part) {
			t.Errorf("it does not say %q:\n%s", part, said)
		}
	}
	said = runIn(t, t.TempDir(), []string{"GITLAB_CI=true"}, []string{"--chart=oci://h/x", "--head-repository=acme/shop"})
	if !strings.Contains(said, "BERTH_KUBECONFIG: it is empty, and so is KUBECONFIG") || strings.Contains(said, "chart") {
		t.Errorf("it says:\n%s", said)
	}
}
