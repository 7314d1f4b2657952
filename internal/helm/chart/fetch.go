package chart

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/repo"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/secrets"
)

// Fetch reads the chart and its dependencies into memory. It writes nothing into the
// chart's folder. The error is a *problem.Problem.
func Fetch(ctx context.Context, s Source) (*Archive, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	a, err := aside(ctx, graceTime, func() (*Archive, error) { return fetch(ctx, s) })
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return nil, &problem.Problem{Reason: problem.Interrupted, Tried: "fetch the chart " + sanitize(s.shown()), Cause: ctx.Err()}
	}
	if err != nil {
		return nil, s.problem("fetch the chart "+s.shown(), err, "Check where it comes from, or give it more time with timeout.")
	}
	return a, nil
}

func fetch(ctx context.Context, s Source) (*Archive, error) {
	// The transports register functions on this context, which its end releases.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir, err := os.MkdirTemp(s.CacheDir, "chart-")
	if err != nil {
		return nil, s.problem("make a folder to unpack the chart in", err, "Check that the temporary folder can be written.")
	}
	defer os.RemoveAll(dir)

	var a *Archive
	switch kind, address := s.origin(); kind {
	case inRegistry:
		a, err = s.fromRegistry(ctx, dir, address)
	case inRepository:
		a, err = s.fromRepository(ctx, dir)
	case atURL:
		a, err = s.fromURL(ctx, dir, address)
	case inFolderOrFile:
		a, err = s.fromPath(ctx, dir)
	}
	if err != nil {
		return nil, err
	}
	return a, s.check(a)
}

// fromPath loads a folder or a .tgz.
func (s Source) fromPath(ctx context.Context, dir string) (*Archive, error) {
	tried := "load the chart " + s.shown()
	if err := CheckLinks(s.Chart); err != nil {
		return nil, s.problem(tried, err, "Move the chart into the checkout, or give where it is as a path that begins with /.")
	}
	info, err := os.Stat(s.Chart)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.Count(s.Chart, "/") < 2 && !strings.HasPrefix(s.Chart, "."):
		return nil, s.problem(tried, fmt.Errorf("there is no such folder or file here"),
			"Check the path (was the repository checked out?); for a chart in a repository give its name alone "+
				"and the repository's URL as repo, since names that `helm repo add` made are not known here.")
	case err != nil:
		return nil, s.problem(tried, unreadable(err),
			"Check the path; it is taken from the working directory, and the repository must be checked out.")
	case info.IsDir():
		return s.fromFolder(ctx, dir)
	}
	data, err := readNamed(s.Chart, maxDownload)
	if err != nil {
		return nil, s.problem(tried, unreadable(err), "Check that the file can be read.")
	}
	return s.unpack(data, s.Chart, "")
}

// fromFolder loads a folder, with its dependencies.
func (s Source) fromFolder(ctx context.Context, dir string) (*Archive, error) {
	files, err := readFolder(ctx, s.Chart)
	if err != nil {
		return nil, s.problem("load the chart "+s.shown(), err, "Correct the chart; `helm lint` names the same.")
	}
	if files, err = s.withDependencies(ctx, dir, files); err != nil {
		return nil, err
	}
	a, err := newArchive(files, digest(files))
	if a != nil {
		a.Folder = s.Chart
	}
	return a, err
}

// fromRegistry pulls the chart from an OCI registry.
func (s Source) fromRegistry(ctx context.Context, dir, ref string) (*Archive, error) {
	tried := "pull the chart " + ref
	u, err := url.Parse(ref)
	if err != nil {
		return nil, s.problem(tried, err, "Give it as oci://host/path/name.")
	}
	r, err := s.connect(ctx, dir, u)
	if err != nil {
		return nil, err
	}
	data, sum, err := r.pull(u, s.Version)
	if err != nil {
		return nil,
			s.problem(tried, err,
				"Check the address, the version, and that registry-username and registry-password (or registry-config) may read it.")
	}
	return s.unpack(data, ref, sum)
}

// fromURL downloads a .tgz.
func (s Source) fromURL(ctx context.Context, dir, address string) (*Archive, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, s.problem("download the chart", err, "Give a complete address.")
	}
	r, err := s.connect(ctx, dir, u)
	if err != nil {
		return nil, err
	}
	data, err := r.download(address)
	if err != nil {
		return nil, s.problem("download the chart "+address, err, "Check the address and the credentials.")
	}
	return s.unpack(data, address, "")
}

// fromRepository looks the chart up in a repository's index and downloads it.
func (s Source) fromRepository(ctx context.Context, dir string) (*Archive, error) {
	tried := fmt.Sprintf("find the chart %s in the repository %s", s.shown(), secrets.Address(s.Repo))
	u, err := url.Parse(s.Repo)
	if err != nil {
		return nil, s.problem(tried, err, "Give repo as a complete address.")
	}
	r, err := s.connect(ctx, dir, u)
	if err != nil {
		return nil, err
	}
	index, err := r.index(s.Repo, "repository")
	if err != nil {
		return nil,
			s.problem(tried, err, "Check repo (index.yaml must lie below it) and, if it is private, registry-username and registry-password.")
	}
	found, err := index.Get(s.Chart, s.Version)
	if err != nil || len(found.URLs) == 0 {
		return nil, s.problem(tried, notInIndex(index, s.Chart, s.Version), "Correct chart or version.")
	}
	address, err := repo.ResolveReferenceURL(s.Repo, found.URLs[0])
	if err != nil {
		return nil, s.problem(tried, err, "Ask who runs the repository to repair its index.")
	}
	data, err := r.download(address)
	if err != nil {
		return nil, s.problem("download the chart "+address, err, "Check that the credentials may read it.")
	}
	return s.unpack(data, address, "")
}

// notInIndex returns an error that names what the index has instead.
func notInIndex(index *repo.IndexFile, name, version string) error {
	versions := index.Entries[name]
	if len(versions) == 0 {
		return errors.New("the repository has no chart of that name")
	}
	var have []string
	for _, v := range versions[:min(len(versions), 5)] {
		have = append(have, v.Version)
	}
	if version == "" {
		version = "(newest stable)"
	}
	return fmt.Errorf("the repository has no version %s of it; the newest are %s", version, strings.Join(have, ", "))
}

// unpack reads a packaged chart. sum is its digest, or "" where the source has none.
func (s Source) unpack(data []byte, from, sum string) (*Archive, error) {
	files, err := unpackArchive(data)
	if err != nil {
		return nil, s.problem("unpack the chart "+filepath.Base(from), err, "Give a chart that `helm package` made.")
	}
	if sum == "" {
		sum = sha256Of(data)
	}
	return newArchive(files, sum)
}

// check refuses a chart of another version than asked for, one that lacks
// dependencies, and one whose form Helm 3 and Helm 4 read in two ways.
func (s Source) check(a *Archive) error {
	c, err := a.Load()
	if err != nil {
		return err
	}
	if s.Version != "" && !chartutil.IsCompatibleRange(s.Version, a.Version) {
		return s.wrongInput(fmt.Sprintf("version %s was asked for, and the chart %s there is %s", s.Version, a.Name, a.Version),
			"Correct the input version, or leave it out.")
	}
	if missing := missingDependencies(c); len(missing) > 0 {
		return s.problem("load the chart "+a.Name, fmt.Errorf("its dependencies %s are not in charts/", strings.Join(missing, ", ")),
			"Let Berth build them (dependency-update: true, for a folder), or run `helm dependency build` before `helm package`.")
	}
	if err := checkForm(c); err != nil {
		return s.problem("load the chart "+a.Name, err, "Correct the chart, or give another version of it.")
	}
	if c.Metadata.Deprecated {
		s.logf("the chart %s is marked as deprecated", a.Name)
	}
	return nil
}
