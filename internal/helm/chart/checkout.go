package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checkLinks refuses a path below the working directory that links lead out of it: what
// a branch may change would name a file of the machine, and set-file would bring that
// into the cluster. Whoever writes a path that leads elsewhere means it.
func checkLinks(path string) error {
	if !filepath.IsLocal(path) {
		return nil
	}
	here, err := os.Getwd()
	if err == nil {
		here, err = filepath.EvalSymlinks(here)
	}
	if err != nil {
		return nil //nolint:nilerr // whoever opens the file says what is wrong
	}
	target, err := filepath.EvalSymlinks(filepath.Join(here, path))
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	root := checkout(here)
	if target != root && !strings.HasPrefix(target, strings.TrimSuffix(root, "/")+"/") {
		return fmt.Errorf("links lead from it out of %s", root)
	}
	return nil
}

// checkout returns the Git work tree that a folder is in, or the folder itself.
func checkout(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}
