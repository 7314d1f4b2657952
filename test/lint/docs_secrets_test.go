//go:build lint

package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/input"
)

// fence matches a block of YAML in a page.
var fence = regexp.MustCompile("(?ms)^ *```yaml\n(.*?)^ *```$")

// GitHub prints what a step is given, all but what it knows to be secret: that is what the CI
// keeps as such, and what a step says is. So where a page gives a secret of a step's making to
// Berth, that step says so.
func TestDocsMaskWhatStepsMake(t *testing.T) {
	var secret []string
	for i := range input.Table {
		if input.Table[i].Secret {
			secret = append(secret, input.Table[i].Name)
		}
	}
	made := regexp.MustCompile(`\b(` + strings.Join(secret, "|") + `|kubeconfig):\s*["']?\$\{\{\s*steps\.([\w-]+)\.outputs\.([\w-]+)`)
	found := 0
	for _, name := range pages(t) {
		page := string(read(t, name))
		for _, given := range made.FindAllStringSubmatch(page, -1) {
			found++
			masks := strings.HasSuffix(given[3], "_path") // of a file, which is no secret
			for _, block := range fence.FindAllStringSubmatch(page, -1) {
				masks = masks || strings.Contains(block[1], given[0]) && strings.Contains(block[1], "id: "+given[2]) &&
					strings.Contains(block[1], "::add-mask::")
			}
			if !masks {
				t.Errorf("%s gives %s, and the block that it stands in has no step %s which masks that", name, given[0], given[2])
			}
		}
	}
	if found == 0 {
		t.Error("no page gives Berth what a step makes")
	}
}

// pages are what has YAML to copy.
func pages(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md"}
	for _, pattern := range []string{"docs/*.md", "examples/workflows/*.yml"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			names = append(names, strings.TrimPrefix(filepath.ToSlash(name), root+"/"))
		}
	}
	return names
}

// A branch's pipeline can read what a variable holds, and who pushes a branch writes the
// pipeline. So no page asks for a token that may do what a person may.
func TestDocsAskForNoPersonsToken(t *testing.T) {
	for _, name := range append(pages(t), ".gitlab-ci-template.yml", "action.yml") {
		if strings.Contains(strings.ToLower(string(read(t, name))), "personal access token") {
			t.Errorf("%s asks for a personal access token", name)
		}
	}
	if !strings.Contains(string(read(t, "docs/start.md")), "**Who can read it.**") {
		t.Error("docs/start.md does not say who can read what the CI is given")
	}
}

// decrypted is what SOPS gives: passwords that a shell, a command of the runner's and the
// form of an output could take for their own.
const decrypted = `db:
  password: p4ss%word "with" 'all' $(of) \it
  END: x
tls:
  key: |
    -----BEGIN KEY-----
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASC==
    -----END KEY-----
content<<EOF
kubeconfig=mallory
EOF
`

// What the page says about values that a step decrypts is done here, as GitHub's runner does
// it: nothing of them is left in what it prints, and all of them reaches Berth.
func TestDocsDecryptWithoutTelling(t *testing.T) {
	script := sopsStep(t)
	dir := t.TempDir()
	sops := "#!/bin/sh\ncat <<'NEVER'\n" + decrypted + "NEVER\n"
	if err := os.WriteFile(filepath.Join(dir, "sops"), []byte(sops), 0o755); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(dir, "output")
	said, stderr, err := run(dir, "env", "PATH="+dir+":"+os.Getenv("PATH"), "GITHUB_OUTPUT="+output, "bash", "-e", "-c", script)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	written, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	name, content := outputOf(t, string(written))
	if name != "content" || content+"\n" != decrypted {
		t.Errorf("the output %s is\n%s", name, content)
	}
	shown := content
	for line := range strings.Lines(said) {
		mask, isMask := strings.CutPrefix(strings.TrimRight(line, "\n"), "::add-mask::")
		if !isMask {
			t.Errorf("printed: %s", line)
			continue
		}
		shown = strings.ReplaceAll(shown, strings.ReplaceAll(mask, "%25", "%"), "***")
	}
	for _, secret := range []string{"p4ss", "word", "MIIE", "mallory"} {
		if strings.Contains(shown, secret) {
			t.Errorf("GitHub prints %s:\n%s", secret, shown)
		}
	}
}

// sopsStep returns the script of the step that decrypts.
func sopsStep(t *testing.T) string {
	t.Helper()
	for _, block := range fence.FindAllStringSubmatch(string(read(t, "docs/start.md")), -1) {
		var steps []struct{ ID, Run string }
		if strings.Contains(block[1], "sops --decrypt") && yaml.Unmarshal([]byte(block[1]), &steps) == nil && steps[0].ID == "sops" {
			return steps[0].Run
		}
	}
	t.Fatal("docs/start.md has no step that decrypts")
	return ""
}

// outputOf reads a step's only output, in the form that has several lines.
func outputOf(t *testing.T, file string) (name, value string) {
	t.Helper()
	head, rest, _ := strings.Cut(file, "\n")
	name, end, found := strings.Cut(head, "<<")
	value, after, ended := strings.Cut(rest, "\n"+end+"\n")
	if !found || !ended || after != "" {
		t.Fatalf("the outputs are\n%s", file)
	}
	return name, value
}
