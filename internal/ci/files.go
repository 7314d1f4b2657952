package ci

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// WriteReports writes each file whole or not at all, so that whoever collects
// the folder while a job is being cancelled never finds half a report. It goes
// on after a file that cannot be written and names each.
func WriteReports(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the report folder %s: %w; set report-dir to a folder that can be written", dir, err)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != filepath.Base(name) || !filepath.IsLocal(name) {
			errs = append(errs, fmt.Errorf("write report %q: not the name of a file inside %s", name, dir))
			continue
		}
		if err := writeWhole(filepath.Join(dir, name), files[name]); err != nil {
			errs = append(errs, fmt.Errorf("write report %s: %w; check the space and the rights of report-dir", filepath.Join(dir, name), err))
		}
	}
	return errors.Join(errs...)
}

// writeWhole writes beside the file and renames.
func writeWhole(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".berth-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	// Readable for the runner, which collects artifacts as another user.
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
