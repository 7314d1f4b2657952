package chart

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/berth-dev/berth/internal/problem"
)

// Archive is a chart with its dependencies, held in memory.
type Archive struct {
	Name    string
	Version string
	Digest  string // sha256:…, of the manifest of an OCI artifact, else of the content
	Folder  string // where it lies, as it was given; "": it is no folder

	files []*loader.BufferedFile
}

// Load returns a new chart made of the archive. Helm changes a chart while it works
// out the dependencies, so each operation needs one of its own. The error is a
// *problem.Problem.
func (a *Archive) Load() (*helmchart.Chart, error) {
	c, err := loader.LoadFiles(a.files)
	if err != nil {
		return nil, &problem.Problem{
			Reason: problem.ChartInvalid,
			Tried:  sanitize("load the chart " + a.Name),
			Cause:  sanitizeError(err),
			Next:   "Correct the chart; `helm lint` names the same.",
		}
	}
	return c, nil
}

// newArchive returns the archive of a chart's files.
func newArchive(files []*loader.BufferedFile, sum string) (*Archive, error) {
	a := &Archive{files: files, Digest: sum}
	c, err := a.Load()
	if err != nil {
		return nil, err
	}
	a.Name, a.Version = c.Name(), c.Metadata.Version
	return a, nil
}

// digest returns a digest of the files' content. Packaged dependencies count by what
// they contain, and lock files, which contain a time, do not count.
func digest(files []*loader.BufferedFile) string {
	sum := sha256.New()
	hashFiles(sum, "", files)
	return fmt.Sprintf("sha256:%x", sum.Sum(nil))
}

func hashFiles(w io.Writer, prefix string, files []*loader.BufferedFile) {
	sorted := slices.SortedFunc(slices.Values(files), func(a, b *loader.BufferedFile) int {
		return strings.Compare(a.Name, b.Name)
	})
	for _, f := range sorted {
		if base := path.Base(f.Name); base == "Chart.lock" || base == "requirements.lock" {
			continue
		}
		name := prefix + f.Name
		if strings.HasPrefix(f.Name, "charts/") && path.Ext(f.Name) == ".tgz" {
			if inner, err := loader.LoadArchiveFiles(bytes.NewReader(f.Data)); err == nil {
				hashFiles(w, name+"/", inner)
				continue
			}
		}
		fmt.Fprintf(w, "%d %s %d ", len(name), name, len(f.Data))
		_, _ = w.Write(f.Data) // a hash takes every write
	}
}

func sha256Of(data []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(data))
}

// missingDependencies returns the names of the declared dependencies that are not in
// charts/.
func missingDependencies(c *helmchart.Chart) []string {
	var names []string
	for _, want := range c.Metadata.Dependencies {
		if !slices.ContainsFunc(c.Dependencies(), func(have *helmchart.Chart) bool { return have.Name() == want.Name }) {
			names = append(names, want.Name)
		}
	}
	return names
}
