//go:build ci

package docker

import (
	"archive/tar"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// ImportTools makes an image of busybox and the machine's own programs of these names,
// with the libraries that they need.
func (e *Engine) ImportTools(t *testing.T, reference string, programs ...string) {
	t.Helper()
	e.load(t, reference, base{changes: []string{`CMD ["sh"]`}, fill: func(w *tar.Writer) error {
		errs := []error{Busybox(w)}
		for _, path := range needed(t, programs) {
			errs = append(errs, copyFile(w, path[1:], path))
		}
		return errors.Join(errs...)
	}})
}

// needed are the paths of programs and their libraries. A program is put where each
// image looks for it, a library where the program does.
func needed(t *testing.T, programs []string) []string {
	t.Helper()
	seen, all := map[string]bool{}, []string{}
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		libraries, err := exec.CommandContext(t.Context(), "ldd", path).Output()
		if err != nil {
			t.Fatal(fmt.Errorf("the libraries of %s: %w", path, err))
		}
		for _, file := range append([]string{path}, regexp.MustCompile(`/\S+`).FindAllString(string(libraries), -1)...) {
			if file = filepath.Clean(file); !seen[file] {
				seen[file], all = true, append(all, file)
			}
		}
	}
	return all
}
