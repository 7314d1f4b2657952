//go:build conformance

package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/berth-dev/berth/test/platform"
)

// headOfSeven is what GitHub says of pull request 7.
const headOfSeven = `{"number": 7, "state": "open", "draft": false, "labels": [], "user": {"login": "opener", "id": 5, "type": "User"},
	"author_association": "MEMBER", "head": {"ref": "login", "sha": "` + commit + `", "label": "acme:login",
		"repo": {"full_name": "acme/shop"}}}`

// commanded is a GitHub on which ada may write to the repository.
func (s *fixture) commanded() *platform.Fake {
	s.t.Helper()
	f := s.platform(false)
	f.Pull = headOfSeven
	f.Rights = map[string]platform.Right{"ada": {Permission: "write", Of: platform.Person}}
	return f
}

// comment has the next runs be about a comment of ada's on pull request 7.
func (s *fixture) comment(f *platform.Fake, body string, change ...string) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.onGitHub("issue_comment", strings.NewReplacer(change...).Replace(fmt.Sprintf(`{"action": "created",
		"issue": {"number": 7, "pull_request": {"url": ""}}, "comment": {"id": 99, "body": %s,
		"user": {"login": "ada", "id": 1001, "type": "User"}}, %s}`, text, shop)))
	maps.Copy(s.env, f.Env(1))
	s.env["BERTH_COMMANDS"], s.env["BERTH_GITHUB_TOKEN"], s.env["GITHUB_SHA"] = "true", platform.Token, otherCommit
}

// checkedOut makes the row's chart one of a checkout of a commit, and returns its folder.
func (s *fixture) checkedOut(commit string) string {
	s.t.Helper()
	folder := s.t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "app"), os.DirFS(s.chart)); err != nil {
		s.t.Fatal(err)
	}
	s.putFile(folder, ".git/HEAD", commit+"\n")
	s.chart = filepath.Join(folder, "app")
	return folder
}

func (s *fixture) putFile(folder, name, content string) {
	s.t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// answered fails the row unless these are the reactions since it was last asked.
func (s *fixture) answered(f *platform.Fake, want ...string) {
	s.t.Helper()
	if got := f.Reactions(); !slices.Equal(got, want) {
		s.t.Errorf("the reactions are %q, want %q", got, want)
	}
	f.Forget()
}

// begins fails the row unless that is the first line, but for what the runner is to mask.
func (e ended) begins(text string) ended {
	e.s.t.Helper()
	for line := range strings.Lines(e.out.String()) {
		if strings.HasPrefix(line, "::add-mask::") {
			continue
		}
		if !strings.Contains(line, text) {
			e.s.t.Errorf("%s begins with %q, want %q", e.verb, line, text)
		}
		break
	}
	return e
}
