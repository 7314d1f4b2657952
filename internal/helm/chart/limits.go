package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
)

// How much is read. A chart, a registry and a values file come from somebody whom
// nobody knows, and Helm's own bounds are those of one archive: what its archives hold
// in theirs, and how many files, it does not count.
const (
	maxDownload  = 128 << 20 // of one answer
	maxManifest  = 4 << 20   // of an OCI manifest, as oras has it
	maxChart     = 100 << 20 // of a chart with all that is in it, unpacked
	maxChartFile = 5 << 20   // of one file of it
	maxFiles     = 10_000    // in a chart with all that is in it
	maxNesting   = 8         // archives within each other
	maxInput     = 16 << 20  // of a values file, a file of set-file, standard input
)

// tooLarge is the error for what is larger than is read. what begins the sentence.
func tooLarge(what string, limit int64) error {
	return fmt.Errorf("%s is larger than %d MiB, the most that is read", what, limit>>20)
}

// readAll reads to the end, but no more than limit bytes. what names it in the error.
func readAll(r io.Reader, what string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, tooLarge(what, limit)
	}
	return data, err
}

// readNamed reads a file that the user named, which may be a pipe: <(sops -d values.yaml).
func readNamed(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, "the file", limit)
}

// boundedBody is a response's body that fails where it goes on beyond a limit.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooLarge("the answer", maxDownload)
	}
	return n, err
}

// allowance is how much a chart may still hold.
type allowance struct {
	files int
	bytes int64
}

func newAllowance() *allowance { return &allowance{files: maxFiles, bytes: maxChart} }

// take accounts for a file.
func (a *allowance) take(size int64) error {
	a.files--
	a.bytes -= size
	switch {
	case a.files < 0:
		return fmt.Errorf("the chart holds more than %d files, the most that are read", maxFiles)
	case a.bytes < 0:
		return tooLarge("the chart", maxChart)
	}
	return nil
}

// unpackArchive returns the files of a packaged chart, after all that is packed in it
// was found to be within the bounds: Helm unpacks archives within archives without end.
func unpackArchive(data []byte) ([]*loader.BufferedFile, error) {
	return unpackWithin(data, newAllowance(), 1)
}

func unpackWithin(data []byte, left *allowance, depth int) ([]*loader.BufferedFile, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("archives lie within each other more than %d deep, the most that are read", maxNesting)
	}
	if err := measure(data, left); err != nil {
		return nil, err
	}
	files, err := loader.LoadArchiveFiles(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return files, checkNested(files, left, depth)
}

// measure accounts for an archive's files by their headers. The end of one that is
// broken is left to Helm, whose error says how.
func measure(data []byte, left *allowance) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil //nolint:nilerr // not an archive: Helm's loader says so
	}
	defer unzipped.Close()
	// A header takes 512 bytes, and can have many more that are none of a file.
	archive := tar.NewReader(&endless{r: unzipped, left: maxChart + maxFiles*4096})
	for {
		header, err := archive.Next()
		switch {
		case errors.Is(err, errEndless):
			return tooLarge("the chart", maxChart)
		case err != nil:
			return nil //nolint:nilerr // its end, or Helm's loader says what is wrong with it
		}
		if err := left.take(max(header.Size, 0)); err != nil {
			return err
		}
	}
}

var errEndless = errors.New("it goes on")

// endless fails a read that goes on for too long.
type endless struct {
	r    io.Reader
	left int64
}

func (e *endless) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if e.left -= int64(n); e.left < 0 {
		return 0, errEndless
	}
	return n, err
}

// checkNested looks through the archives in charts/, and those within them, as Helm's
// loader will. One that is broken is left to the loader.
func checkNested(files []*loader.BufferedFile, left *allowance, depth int) error {
	for _, f := range files {
		if !isNestedArchive(f.Name) {
			continue
		}
		if _, err := unpackWithin(f.Data, left, depth+1); err != nil {
			return fmt.Errorf("%s: %w", sanitize(f.Name), err)
		}
	}
	return nil
}

// isNestedArchive reports whether Helm unpacks this file of a chart: charts/a.tgz, or
// charts/b/charts/a.tgz.
func isNestedArchive(name string) bool {
	if path.Ext(name) != ".tgz" {
		return false
	}
	parts := strings.Split(name, "/")
	for i := 0; i < len(parts)-1; i += 2 {
		if parts[i] != "charts" {
			return false
		}
	}
	return len(parts)%2 == 0
}
