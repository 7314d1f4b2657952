package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

// The commit that is tagged has the files of its release, which are held against it where it
// is made.
func TestGeneratedFilesAreInSync(t *testing.T) {
	tagged := !strings.Contains(read(t, pluginFile), "\nversion: 0.0.0\n")
	for name, text := range generate(t, nil) {
		if got := read(t, name); got != text && (!tagged || name == "docs/inputs.md") {
			t.Errorf("%s is not what the table of inputs says: run go generate ./internal/input", name)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func generate(t *testing.T, r *release) map[string]string {
	t.Helper()
	all, err := files(root, r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func released(t *testing.T) *release {
	t.Helper()
	r, err := readRelease(filepath.Join(root, example))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What was built is named by its digest, wherever it is named.
func TestReleaseIsPinned(t *testing.T) {
	r := released(t)
	all := generate(t, r)
	image := "ghcr.io/berth-dev/berth@sha256:" + strings.Repeat("0123456789abcdef", 4)
	for name, lines := range map[string][]string{
		"action.yml":          {"  image: docker://" + image},
		gitlabFile:            {"      default: " + image},
		"templates/berth.yml": {"      default: " + image, "#     - component: $CI_SERVER_FQDN/berth-dev/berth/berth@v1.2.3"},
		pluginFile:            {"version: 1.2.3"},
		"plugin.sh":           {"Darwin/arm64) arch=arm64 archive=berth_1.2.3_darwin_arm64.tar.gz sha256=" + strings.Repeat("d", 64) + " ;;"},
		"native/action.yml": {"        Linux/x86_64) arch=x64 archive=berth_1.2.3_linux_amd64.tar.gz sha256=" + strings.Repeat("a", 64) + " ;;",
			"        download='https://github.com/berth-dev/berth/releases/download/v1.2.3'"},
	} {
		for _, line := range lines {
			if strings.Count(all[name], "\n"+line+"\n") != 1 {
				t.Errorf("%s has no line %s", name, line)
			}
		}
	}
	for name, text := range all {
		if strings.Contains(text, unreleased) || strings.Contains(text, "berth:v1\n") || strings.Contains(text, "image: Dockerfile") {
			t.Errorf("%s is that of no release", name)
		}
	}
	if !maps.Equal(all, generate(t, r)) {
		t.Error("the same release gives other files")
	}
}

// The generator can be run on what it wrote, for a release and for none.
func TestReleaseIsTakenBack(t *testing.T) {
	dir := t.TempDir()
	copied := func(all map[string]string) {
		for _, name := range []string{gitlabFile, pluginFile} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(all[name]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := generate(t, nil)
	copied(generate(t, released(t)))
	again, err := files(dir, nil)
	if err != nil || !maps.Equal(before, again) {
		t.Errorf("of a release there is left what was not there (%v)", err)
	}
	for _, name := range []string{"native/action.yml", "plugin.sh"} {
		if strings.Count(before[name], unreleased) != 1 || strings.Contains(before[name], "curl") {
			t.Errorf("%s downloads what was never built", name)
		}
	}
}

// What is set by pattern is there exactly once, or nothing is written.
func TestLinesThatAreNotThere(t *testing.T) {
	template := generate(t, nil)[gitlabFile]
	image := regexp.MustCompile(`(?m)^    image:\n.*\n.*\n`).FindString(template)
	for what, text := range map[string]string{
		"no image": strings.Replace(template, image, "", 1), "two": strings.Replace(template, image, image+image, 1),
		"nothing": "",
	} {
		if got, err := gitlabTemplate(text, nil); err == nil || !strings.Contains(err.Error(), gitlabFile) {
			t.Errorf("%s: %v\n%s", what, err, got)
		}
	}
	if _, err := plugin("name: berth\n", nil); err == nil || !strings.Contains(err.Error(), pluginFile) {
		t.Errorf("a plugin without a version: %v", err)
	}
	if _, err := component("inputs:\n", nil); err == nil {
		t.Error("a template without a spec is made a component")
	}
}
