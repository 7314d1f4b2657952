package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// gitSubject returns the branch that a checkout is about, or why it is about none.
func gitSubject(t *testing.T, folder string) (branch, why string) {
	t.Helper()
	c, why := Git(t.Context(), folder, os.Environ())
	if why != "" {
		return "", why
	}
	return c.Subject()
}

// runGit returns what runs git in a folder.
func runGit(t *testing.T, folder string) func(args ...string) {
	return func(args ...string) {
		t.Helper()
		args = append([]string{"-C", folder, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)
		cmd := exec.CommandContext(t.Context(), "git", args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
}

func TestGit(t *testing.T) {
	folder := t.TempDir()
	git := runGit(t, folder)
	if got, _ := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("no checkout: %+v", got)
	}
	git("init", "-q", "-b", "feature/login")
	git("commit", "-q", "--allow-empty", "-m", "one")
	if got, _ := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("no remote: %+v", got)
	}
	git("remote", "add", "origin", "git@github.com:acme/shop.git")
	if branch, why := gitSubject(t, folder); branch != "" || why == "" {
		t.Errorf("which may be the default branch: %q, %q", branch, why)
	}
	git("update-ref", "refs/remotes/origin/main", "HEAD")
	git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	got, _ := Git(t.Context(), folder, os.Environ())
	if branch, _ := got.Subject(); branch != "feature/login" || got.Host != "github.com" || got.Repository != "acme/shop" ||
		got.HeadRepository != "acme/shop" || len(got.SHA) != 40 {
		t.Errorf("got %+v", got)
	}
	git("tag", "feature/login")
	git("branch", "-m", "login\u3000")
	git("tag", "login\u3000")
	if branch, _ := gitSubject(t, folder); branch != "login\u3000" {
		t.Errorf("beside a tag of that name: %q", branch)
	}
	git("config", "branch.login\u3000.remote", "origin")
	git("config", "branch.login\u3000.merge", "refs/pull/8/head")
	if got, _ := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("a pull request that was checked out: %+v", got)
	}
	git("branch", "-m", "main")
	git("config", "branch.main.merge", "refs/heads/main")
	if branch, why := gitSubject(t, folder); branch != "" || why == "" {
		t.Errorf("on main: %q, %q", branch, why)
	}
	git("branch", "-m", "stable")
	git("update-ref", "refs/remotes/origin/stable", "HEAD")
	git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/stable")
	if branch, _ := gitSubject(t, folder); branch != "" {
		t.Errorf("on the remote's default branch: %q", branch)
	}
	git("checkout", "-q", "--detach")
	if got, _ := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("on no branch: %+v", got)
	}
}

// A branch that goes by the name of a remote's is not that one for it.
func TestGitOfAnothersName(t *testing.T) {
	clone := func(t *testing.T) (string, func(args ...string)) {
		folder := t.TempDir()
		git := runGit(t, folder)
		git("init", "-q", "-b", "login")
		git("commit", "-q", "--allow-empty", "-m", "one")
		for _, remote := range []string{"origin", "fork"} {
			git("remote", "add", remote, "git@github.com:"+remote+"/shop.git")
		}
		git("update-ref", "refs/remotes/origin/main", "HEAD")
		git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
		return folder, git
	}
	follow := func(git func(args ...string), remote, branch string) {
		git("config", "branch.login.remote", remote)
		git("config", "branch.login.merge", "refs/heads/"+branch)
	}
	for name, c := range map[string]struct {
		set  func(git func(args ...string))
		want string // what is said of it; "": it is taken
	}{
		"not pushed yet":          {func(func(args ...string)) {}, ""},
		"not pushed yet, of main": {func(git func(args ...string)) { follow(git, "origin", "main") }, ""},
		"pushed": {func(git func(args ...string)) {
			git("update-ref", "refs/remotes/origin/login", "HEAD")
			follow(git, "origin", "login")
		}, ""},
		"pushed to where it comes from": {func(git func(args ...string)) {
			git("config", "remote.pushDefault", "fork")
			git("config", "branch.login.pushRemote", "origin")
			follow(git, "origin", "login")
		}, ""},
		"a pull request's, fetched under that name": {func(git func(args ...string)) {
			git("update-ref", "refs/remotes/origin/login", "HEAD")
		}, "does not say that it is the one that origin has; git branch --set-upstream-to tells it"},
		"begun of main, and pushed to a fork": {func(git func(args ...string)) {
			git("update-ref", "refs/remotes/fork/login", "HEAD")
			follow(git, "origin", "main")
		}, "the one that fork has"},
		"pushed to a fork, as git is told for it": {func(git func(args ...string)) {
			git("config", "branch.login.pushRemote", "fork")
			follow(git, "origin", "main")
		}, "pulls from origin and pushes to another place (branch.login.pushRemote)"},
		"pushed to a fork, as git is told for all": {func(git func(args ...string)) {
			git("config", "remote.pushDefault", "fork")
			follow(git, "origin", "login")
		}, "pushes to another place (remote.pushDefault)"},
	} {
		folder, git := clone(t)
		c.set(git)
		branch, why := gitSubject(t, folder)
		if taken := c.want == ""; taken != (branch == "login") || !strings.Contains(why, c.want) {
			t.Errorf("%s: %q, %q", name, branch, why)
		}
	}
}

// Whoever may push can push a tag by which git calls the remote's branches otherwise.
func TestGitOnADefaultBranchBesideATag(t *testing.T) {
	folder := t.TempDir()
	git := runGit(t, folder)
	git("init", "-q", "-b", "main")
	git("commit", "-q", "--allow-empty", "-m", "one")
	git("remote", "add", "origin", "git@github.com:acme/shop.git")
	git("update-ref", "refs/remotes/origin/main", "HEAD")
	git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	git("tag", "origin/main")
	if branch, why := gitSubject(t, folder); branch != "" || why == "" {
		t.Errorf("%q, %q", branch, why)
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
	if got, _ := Git(t.Context(), folder, os.Environ()); got.Branch != "" {
		t.Errorf("got %+v", got)
	}
}
