package chart

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CheckLinks refuses a path that links of the checkout lead out of it, however the path is
// written: what a branch may change would name a file of the machine, and set-file would
// bring that into the cluster. So would one that they lead to git's own files, where a
// checkout keeps its token. Whoever writes a path that leads elsewhere by itself means it.
func CheckLinks(path string) error {
	here, err := os.Getwd()
	if err == nil {
		here, err = filepath.EvalSymlinks(here)
	}
	if err != nil {
		return nil //nolint:nilerr // whoever opens the file says what is wrong
	}
	root := checkout(here)
	out, err := linksLeadOut(root, here, path)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	if out {
		return fmt.Errorf("links lead from it out of %s", root)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil && isGits(root, absolute(here, target)) && !isGits(root, absolute(here, path)) {
		return errors.New("links lead from it to git's own files")
	}
	return nil
}

func absolute(here, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(here, path)
}

// checkout returns the Git work tree that a folder is in, or the folder itself.
func checkout(dir string) string {
	if root := workTree(dir); root != "" {
		return root
	}
	return dir
}

// workTree returns the Git work tree that a folder is in, or "".
func workTree(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// checkWay refuses a path from the chart's folder to a neighbour's that leads out of the
// checkout, with links or without: whoever may change the branch has written it, and would
// choose among the charts of the machine. The neighbours of a chart that is in no checkout
// are wherever it says.
func checkWay(folder, path string) error {
	here, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return err
	}
	root := checkout(here)
	if filepath.IsAbs(path) {
		return checkWayFromRoot(root, here, path)
	}
	switch target, err := filepath.EvalSymlinks(filepath.Join(folder, path)); {
	case err != nil:
		return err
	case isWithin(root, target):
	case target != filepath.Join(here, path):
		return fmt.Errorf("links lead from %s out of %s", path, root)
	case workTree(here) != "" && !besideCheckout(target):
		return fmt.Errorf("%s leads out of %s; have what is there in the checkout, or both in the working directory", path, root)
	}
	return nil
}

func checkWayFromRoot(root, here, path string) error {
	if target, err := filepath.EvalSymlinks(path); err == nil && !isWithin(root, target) {
		return fmt.Errorf("%s is not in %s; write the path from the chart's folder", path, root)
	}
	out, err := linksLeadOut(root, here, path)
	if err == nil && out {
		err = fmt.Errorf("links lead from %s out of %s", path, root)
	}
	return err
}

// besideCheckout reports whether a folder, without links, is in the working directory: a
// workflow may check out several repositories side by side.
func besideCheckout(folder string) bool {
	here, err := os.Getwd()
	if err == nil {
		here, err = filepath.EvalSymlinks(here)
	}
	return err == nil && isWithin(here, folder)
}

// linksLeadOut reports whether a path, absolute or taken from the folder here, ends outside
// of root after a link in root has left it, or although it is one below root as it is
// written. root and here have no links in them. It goes the way as the system does, for
// which .. is above where a link leads.
func linksLeadOut(root, here, path string) (bool, error) {
	at, written := here, filepath.Join(here, path)
	if filepath.IsAbs(path) {
		at, written = string(filepath.Separator), filepath.Clean(path)
	}
	left := isWithin(root, written)
	for part := range strings.SplitSeq(path, string(filepath.Separator)) {
		switch part {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		next, err := filepath.EvalSymlinks(filepath.Join(at, part))
		if err != nil {
			return false, err
		}
		left = left || isWithin(root, at) && !isWithin(root, next)
		at = next
	}
	return left && !isWithin(root, at), nil
}

func isWithin(root, target string) bool {
	return target == root || strings.HasPrefix(target, strings.TrimSuffix(root, "/")+"/")
}
