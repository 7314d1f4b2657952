package ci

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// The names of the report files.
const (
	fileJSON        = "report.json"
	fileMarkdown    = "report.md"
	filePage        = "report.html"
	fileJUnit       = "junit.xml"
	fileAnnotations = "annotations.json"
	fileDotenv      = "berth.env"
)

// reportFiles returns the content, by file name, of the files that every
// platform writes.
func reportFiles(r result.Result) (map[string][]byte, error) {
	asJSON, err := report.JSON(r)
	if err != nil {
		return nil, err
	}
	junit, err := report.JUnit(r)
	if err != nil {
		return nil, err
	}
	page, err := report.HTML(r)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		fileJSON:     asJSON,
		fileMarkdown: []byte(report.Markdown(r)),
		filePage:     page,
		fileJUnit:    junit,
	}, nil
}

// reportPath returns the output "report": the path as the user gave it, since the
// absolute path inside a container means nothing to the next step.
func reportPath(dir, document string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, document)
}

// MakeReportFolder makes the report folder and tries to write there, so that one that
// cannot be written is told before anything is touched. An empty dir is none. A disk
// that is full is no wrong input: it may have room again, and a report is not worth a
// deploy.
func MakeReportFolder(dir string) error {
	if dir == "" {
		return nil
	}
	if err := makeFolder(dir); err != nil {
		return unlessFull(fmt.Errorf("report-dir: %w; give a folder that can be made", err))
	}
	f, err := os.CreateTemp(dir, ".berth-*")
	if err != nil {
		return unlessFull(fmt.Errorf("report-dir: %w; give a folder that can be written to", err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func unlessFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	return err
}

// makeFolder makes a folder and those above it. Each belongs to the owner of the
// folder that it is in.
func makeFolder(dir string) error {
	var missing []string
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); err == nil || d == filepath.Dir(d) {
			break
		}
		missing = append(missing, d)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, made := range slices.Backward(missing) {
		giveAway(made)
	}
	return nil
}

// writeFiles writes each file as a whole or not at all, so that nobody who
// collects the folder while a job is being cancelled finds half a report. A file
// that cannot be written does not keep the others from being written; the error
// names each such file.
func writeFiles(dir string, files map[string][]byte) error {
	if err := makeFolder(dir); err != nil {
		return fmt.Errorf("make the report folder %s: %w; set report-dir to a folder that can be written", dir, err)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != filepath.Base(name) || !filepath.IsLocal(name) {
			errs = append(errs, fmt.Errorf("write report %q: not the name of a file inside %s", name, dir))
			continue
		}
		if err := replaceFile(filepath.Join(dir, name), files[name]); err != nil {
			errs = append(errs, fmt.Errorf("write report %s: %w; check the space and the rights of report-dir", filepath.Join(dir, name), err))
		}
	}
	return errors.Join(errs...)
}

// replaceFile writes a temporary file beside path and renames it.
func replaceFile(path string, data []byte) (err error) {
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
	giveFileAway(f)
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
