package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestParseRemote(t *testing.T) {
	for address, want := range map[string][2]string{
		"git@github.com:acme/shop.git":                      {"github.com", "acme/shop"},
		"github.com:acme/shop":                              {"github.com", "acme/shop"},
		"https://github.com/acme/shop.git":                  {"github.com", "acme/shop"},
		"https://token:x@gitlab.example.com/group/sub/shop": {"gitlab.example.com", "group/sub/shop"},
		"ssh://git@gitlab.example.com:2222/group/shop.git":  {"gitlab.example.com", "group/shop"},
		"/srv/git/shop.git":                                 {},
		"../shop":                                           {},
		"file:///srv/git/shop":                              {},
		"C:\\git\\shop":                                     {},
		"":                                                  {},
		"git@github.com:shop":                               {},
		"git@work:acme/shop.git":                            {},
	} {
		if host, repository := parseRemote(address); host != want[0] || repository != want[1] {
			t.Errorf("%s: %q %q, want %q", address, host, repository, want)
		}
	}
}

func TestGit(t *testing.T) {
	folder := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", folder, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)
		cmd := exec.CommandContext(t.Context(), "git", args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	if got := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("no checkout: %+v", got)
	}
	git("init", "-q", "-b", "feature/login")
	git("commit", "-q", "--allow-empty", "-m", "one")
	if got := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("no remote: %+v", got)
	}
	git("remote", "add", "origin", "git@github.com:acme/shop.git")
	if branch, why := Git(t.Context(), folder, os.Environ()).Subject(); branch != "" || why == "" {
		t.Errorf("which may be the default branch: %q, %q", branch, why)
	}
	git("update-ref", "refs/remotes/origin/main", "HEAD")
	git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	got := Git(t.Context(), folder, os.Environ())
	if branch, _ := got.Subject(); branch != "feature/login" || got.Host != "github.com" || got.Repository != "acme/shop" ||
		got.HeadRepository != "acme/shop" || len(got.SHA) != 40 {
		t.Errorf("got %+v", got)
	}
	git("tag", "feature/login")
	git("branch", "-m", "login\u3000")
	git("tag", "login\u3000")
	if branch, _ := Git(t.Context(), folder, os.Environ()).Subject(); branch != "login\u3000" {
		t.Errorf("beside a tag of that name: %q", branch)
	}
	git("config", "branch.login\u3000.remote", "origin")
	git("config", "branch.login\u3000.merge", "refs/pull/8/head")
	if got := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("a pull request that was checked out: %+v", got)
	}
	git("branch", "-m", "main")
	git("config", "branch.main.merge", "refs/heads/main")
	if branch, why := Git(t.Context(), folder, os.Environ()).Subject(); branch != "" || why == "" {
		t.Errorf("on main: %q, %q", branch, why)
	}
	git("branch", "-m", "stable")
	git("update-ref", "refs/remotes/origin/stable", "HEAD")
	git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/stable")
	if branch, _ := Git(t.Context(), folder, os.Environ()).Subject(); branch != "" {
		t.Errorf("on the remote's default branch: %q", branch)
	}
	git("checkout", "-q", "--detach")
	if got := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("on no branch: %+v", got)
	}
}

// A branch can bring a folder that is a repository of its own and says that it is another
// branch of the same remote.
func TestGitOfAFolderThatABranchBrings(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"HEAD": "ref: refs/heads/login\n", "objects/x": "", "refs/heads/x": "",
		"config": "[core]\n\tbare = true\n[remote \"origin\"]\n\turl = git@github.com:acme/shop.git\n"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("got %+v", got)
	}
}
