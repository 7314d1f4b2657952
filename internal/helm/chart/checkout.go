package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CheckLinks refuses a path below the working directory that links lead out of it: what
// a branch may change would name a file of the machine, and set-file would bring that
// into the cluster. Whoever writes a path that leads elsewhere means it.
func CheckLinks(path string) error {
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
	if !isWithin(root, target) {
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

// checkWay refuses a path from the chart's folder to a neighbour's from which links lead
// out of the checkout: a branch may change them, too. Whoever writes an absolute path, or
// one that leads elsewhere by itself, means it.
func checkWay(folder, path string) error {
	if filepath.IsAbs(path) {
		return nil
	}
	here, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return err
	}
	target, err := filepath.EvalSymlinks(filepath.Join(folder, path))
	if err != nil {
		return err
	}
	if root := checkout(here); target != filepath.Join(here, path) && !isWithin(root, target) {
		return fmt.Errorf("links lead from %s out of %s", path, root)
	}
	return nil
}

func isWithin(root, target string) bool {
	return target == root || strings.HasPrefix(target, strings.TrimSuffix(root, "/")+"/")
}
