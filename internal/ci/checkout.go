package ci

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Bounds of git's files: a ref is one line, and a large repository has many of them packed.
const (
	maxRef        = 4 << 10
	maxPackedRefs = 64 << 20
)

var fullHash = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// CheckedOut reports whether a path is in a checkout of a commit, a whole hash: whether some
// folder above it is one, with that commit as its HEAD. A submodule is of the commit that its
// repository is of. Otherwise, at is the commit of the innermost checkout, or "" where there is none, or it cannot
// be read; and moved says that it was the head of the pull request when it was checked out as
// such, by the ref that actions/checkout keeps.
//
// Git's files are read by hand: the image has no git, which would trust no folder of another
// user's.
func CheckedOut(path, commit string, number int) (ok bool, at string, moved bool) {
	path, err := filepath.Abs(path)
	if err != nil {
		return false, "", false
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	for folder := path; ; folder = filepath.Dir(folder) {
		if git, found := gitFolder(folder); found {
			head := git.head()
			if head != "" && head == commit {
				return true, head, false
			}
			if at == "" && head != "" {
				at, moved = head, git.resolve(fmt.Sprintf("refs/remotes/pull/%d/head", number)) == head
			}
		}
		if folder == filepath.Dir(folder) {
			return false, at, moved
		}
	}
}

// gitFiles are the folders of git's own files: of a checkout, and of its repository where other
// checkouts share that.
type gitFiles struct{ own, common string }

// gitFolder returns git's files of a folder that is a checkout.
func gitFolder(folder string) (files gitFiles, found bool) {
	git := filepath.Join(folder, ".git")
	if _, err := readPlainFile(filepath.Join(git, "HEAD"), maxRef); err == nil {
		return gitFiles{git, git}, true
	}
	line, err := readPlainFile(git, maxRef)
	own, isLink := strings.CutPrefix(strings.TrimSpace(string(line)), "gitdir: ")
	if err != nil || !isLink {
		return gitFiles{}, false
	}
	if !filepath.IsAbs(own) {
		own = filepath.Join(folder, own)
	}
	common := own
	if line, err := readPlainFile(filepath.Join(own, "commondir"), maxRef); err == nil {
		if common = strings.TrimSpace(string(line)); !filepath.IsAbs(common) {
			common = filepath.Join(own, common)
		}
	}
	return gitFiles{own, common}, true
}

// head returns the commit that is checked out, or "".
func (g gitFiles) head() string {
	line, err := readPlainFile(filepath.Join(g.own, "HEAD"), maxRef)
	if err != nil {
		return ""
	}
	head := strings.TrimSpace(string(line))
	if ref, symbolic := strings.CutPrefix(head, "ref: "); symbolic {
		return g.resolve(ref)
	}
	return hashOf(head)
}

// resolve returns the commit of a ref, or "".
func (g gitFiles) resolve(ref string) string {
	if !strings.HasPrefix(ref, "refs/") || !filepath.IsLocal(ref) {
		return ""
	}
	if line, err := readPlainFile(filepath.Join(g.common, ref), maxRef); err == nil {
		return hashOf(strings.TrimSpace(string(line)))
	}
	packed, err := readPlainFile(filepath.Join(g.common, "packed-refs"), maxPackedRefs)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(packed)) {
		if hash, name, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " "); name == ref {
			return hashOf(hash)
		}
	}
	return ""
}

func hashOf(text string) string {
	if !fullHash.MatchString(text) {
		return ""
	}
	return text
}
