package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// commitOf is what git says of a ref.
func commitOf(t *testing.T, folder, ref string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", folder, "rev-parse", ref).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestCheckedOut(t *testing.T) {
	folder := t.TempDir()
	git := runGit(t, folder)
	if err := os.MkdirAll(filepath.Join(folder, "chart", "templates"), 0o755); err != nil {
		t.Fatal(err)
	}
	is := func(what, path, commit string, want, wantMoved bool) {
		t.Helper()
		if ok, at, moved := CheckedOut(path, commit, 7); ok != want || moved != wantMoved {
			t.Errorf("%s: %t, at %q, moved: %t", what, ok, at, moved)
		}
	}
	chart := filepath.Join(folder, "chart")
	is("no checkout", chart, hash, false, false)
	git("init", "-q", "-b", "main")
	is("no commit", chart, hash, false, false)
	git("commit", "-q", "--allow-empty", "-m", "one")
	one := commitOf(t, folder, "HEAD")
	is("a branch", chart, one, true, false)
	is("what is not there", filepath.Join(folder, "x", "y"), one, true, false)
	is("another commit", chart, hash, false, false)
	is("no commit is asked for", chart, "", false, false)
	git("pack-refs", "--all")
	is("a branch, packed", chart, one, true, false)
	git("commit", "-q", "--allow-empty", "-m", "two")
	two := commitOf(t, folder, "HEAD")
	is("an older commit", chart, one, false, false)

	// As actions/checkout does it by a pull request's ref.
	git("update-ref", "refs/remotes/pull/7/head", one)
	git("checkout", "-q", "refs/remotes/pull/7/head")
	is("the pull request", filepath.Join(chart, "templates"), one, true, false)
	is("the pull request, which has moved", chart, two, false, true)
	git("pack-refs", "--all")
	is("the same, packed", chart, two, false, true)
	if ok, _, moved := CheckedOut(chart, two, 8); ok || moved {
		t.Error("another pull request has moved")
	}

	inner := filepath.Join(chart, "inner")
	git("worktree", "add", "-q", inner, two)
	is("a worktree", inner, two, true, false)
	is("a worktree within the commit's checkout", inner, one, true, false)
	is("a worktree within another one's", inner, hash, false, false)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(chart, link); err != nil {
		t.Fatal(err)
	}
	is("a link to it", link, one, true, false)
}

// What git's files cannot say is not followed anywhere.
func TestCheckedOutByNonsense(t *testing.T) {
	for _, head := range []string{"", "ref: ", "ref: refs/heads/../../secret", "ref: /etc/passwd", "ref: HEAD", "ref: refs/heads/none",
		hash[:39], strings.ToUpper(hash) + "A", hash + "\n" + hash, strings.Repeat("a", maxRef+1)} {
		folder := t.TempDir()
		if err := os.Mkdir(filepath.Join(folder, ".git"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{".git/HEAD": head, "secret": hash, ".git/packed-refs": "# pack-refs\n^" + hash + "\n"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if ok, at, moved := CheckedOut(folder, hash, 7); ok || at != "" || moved {
			t.Errorf("%.60q: %t, at %q", head, ok, at)
		}
	}
}
