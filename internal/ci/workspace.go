package ci

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/berth-dev/berth/internal/text"
)

// InWorkspace returns a place in a file as the platform finds it: the file's path from the
// workspace on, which is the folder of the checkout. It returns none for what is not there,
// is no plain file, or is outside once links are followed: the path may be made of what a
// chart says.
func InWorkspace(getenv func(string) string, file string, line int) (inside string, at int) {
	if file == "" || text.OneLine(file) != file {
		return "", 0
	}
	workspace, err := filepath.EvalSymlinks(cmp.Or(getenv("GITHUB_WORKSPACE"), getenv("CI_PROJECT_DIR"), "."))
	if err != nil {
		return "", 0
	}
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", 0
	}
	if workspace, err = filepath.Abs(workspace); err != nil {
		return "", 0
	}
	if target, err = filepath.Abs(target); err != nil {
		return "", 0
	}
	inside, err = filepath.Rel(workspace, target)
	if err != nil || !filepath.IsLocal(inside) || text.OneLine(inside) != inside {
		return "", 0
	}
	if info, err := os.Stat(target); err != nil || !info.Mode().IsRegular() {
		return "", 0
	}
	return filepath.ToSlash(inside), max(0, line)
}
