package chart

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/downloader"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/repo"
)

const localRepository = "file://"

// withDependencies returns the files of the chart's folder with its dependencies in
// charts/. Helm's manager writes into the folder that it works on, so it works on a
// copy below dir.
func (s Source) withDependencies(ctx context.Context, dir string, files []*loader.BufferedFile) ([]*loader.BufferedFile, error) {
	c, err := loader.LoadFiles(files)
	if err != nil {
		return nil, s.problem("load the chart "+s.shown(), err, "Correct the chart; `helm lint` names the same.")
	}
	wanted := len(missingDependencies(c)) > 0
	if s.DependencyUpdate != nil {
		wanted = *s.DependencyUpdate && len(c.Metadata.Dependencies) > 0
	}
	if !wanted {
		return files, nil
	}

	tried := "build the dependencies of the chart " + c.Name()
	origin, err := filepath.Abs(s.Chart)
	if err != nil {
		return nil, s.problem(tried, err, "Give chart as an absolute path.")
	}
	if err := checkLock(c); err != nil {
		return nil, s.problem(tried, err, "Run `helm dependency update` and commit Chart.lock.")
	}
	addresses, err := s.repositories(c)
	if err != nil {
		return nil, s.problem(tried, err, "Correct the dependency in Chart.yaml, or put it into charts/.")
	}
	// The copy has the original's path below dir in place of /, so that links can be
	// put where relative file:// paths lead.
	folder := filepath.Join(dir, "root", origin)
	if err := copyFolder(folder, files); err != nil {
		return nil, s.problem(tried, err, "Check that the temporary folder has room.")
	}
	if err := linkNeighbours(ctx, c, origin, folder, dir); err != nil {
		return nil, s.problem(tried, err, "Correct the file:// path in Chart.yaml; it is taken from the chart's own folder.")
	}
	r, err := s.connect(ctx, dir, addresses...)
	if err != nil {
		return nil, err
	}
	if err := s.download(r, c, folder, addresses); err != nil {
		err = rewordedError{strings.ReplaceAll(err.Error(), folder, origin), err}
		return nil, s.problem(tried, err, "Check the dependencies in Chart.yaml and the credentials; "+
			"if Chart.lock is out of step, run `helm dependency update` and commit it."+s.withheld(addresses))
	}
	return readFolder(ctx, folder)
}

// checkLock refuses a lock file that names other dependencies, or other places for them,
// than the chart does. Helm's manager builds what the lock names, and asks of it no more
// than a checksum that anybody can work out: a folder of which only the lock tells would be
// read with all the files of the machine to which links in it lead.
func checkLock(c *helmchart.Chart) error {
	if c.Lock == nil {
		return nil
	}
	same := func(a, b *helmchart.Dependency) bool {
		return b != nil && a.Name == b.Name && a.Repository == b.Repository
	}
	if !slices.EqualFunc(c.Metadata.Dependencies, c.Lock.Dependencies, same) {
		return errors.New("its Chart.lock names other dependencies than Chart.yaml, or other places for them")
	}
	return nil
}

// withheld says which of the dependencies' hosts get no credentials, since a chart names
// them and not the user; "" where that is none.
func (s Source) withheld(addresses []*url.URL) string {
	named := s.namedHosts()
	var hosts []string
	for _, u := range addresses {
		if host := canonicalHost(u.Host); !slices.Contains(named, host) && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	if s.Username == "" || len(hosts) == 0 {
		return ""
	}
	return sanitize(" registry-username and registry-password are not sent to "+strings.Join(hosts, ", ")+
		", since the chart alone names it") + ": give as registry-host what may have them, or registry-config."
}

// download lets Helm's manager resolve and download the dependencies of the chart in
// folder. It downloads the repositories' indexes itself, since the manager only
// prints why one cannot be had.
func (s Source) download(r *remote, c *helmchart.Chart, folder string, addresses []*url.URL) error {
	known := repo.NewFile()
	for i, u := range addresses {
		if u.Scheme == registry.OCIScheme {
			continue
		}
		entry := &repo.Entry{Name: fmt.Sprintf("dependency-%d", i), URL: u.String()}
		if _, err := r.index(entry.URL, entry.Name); err != nil {
			return fmt.Errorf("read the index of the repository %s: %w", entry.URL, err)
		}
		known.Add(entry)
	}
	config := filepath.Join(r.dir, "repositories.yaml")
	if err := known.WriteFile(config, 0o600); err != nil {
		return err
	}
	manager := &downloader.Manager{
		Out:              logWriter{s.logf},
		ChartPath:        folder,
		SkipUpdate:       true,
		Getters:          r.getters,
		RegistryClient:   r.registry,
		RepositoryConfig: config,
		RepositoryCache:  r.dir,
	}
	if c.Lock != nil {
		return manager.Build()
	}
	return manager.Update()
}

// repositories returns the addresses of the repositories and registries that the
// dependencies come from, each once.
func (s Source) repositories(c *helmchart.Chart) ([]*url.URL, error) {
	missing := missingDependencies(c)
	var addresses []*url.URL
	for _, dep := range c.Metadata.Dependencies {
		switch {
		case dep.Repository == "" && slices.Contains(missing, dep.Name):
			return nil, fmt.Errorf("the dependency %s names no repository and is not in charts/", dep.Name)
		case dep.Repository == "", strings.HasPrefix(dep.Repository, localRepository):
			continue
		case !isHTTP(dep.Repository) && !registry.IsOCI(dep.Repository):
			return nil,
				fmt.Errorf("the dependency %s comes from %s, a name that `helm repo add` made on some machine; write the repository's URL", dep.Name,
					dep.Repository)
		}
		u, err := url.Parse(dep.Repository)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("the repository of the dependency %s is not a complete address", dep.Name)
		}
		if u.User != nil {
			return nil,
				fmt.Errorf("the repository of the dependency %s holds credentials; give them as registry-username and registry-password, "+
					"and its host as registry-host", dep.Name)
		}
		if !slices.ContainsFunc(addresses, func(have *url.URL) bool { return have.String() == u.String() }) {
			addresses = append(addresses, u)
		}
	}
	return addresses, nil
}

// copyFolder writes the files into the folder to.
func copyFolder(to string, files []*loader.BufferedFile) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		if err := root.MkdirAll(filepath.Dir(f.Name), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(f.Name, f.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// linkNeighbours makes, for each dependency with a relative file:// path, a link to
// the original's neighbour where the path leads from the copy in folder.
func linkNeighbours(ctx context.Context, c *helmchart.Chart, origin, folder, dir string) error {
	for _, dep := range c.Metadata.Dependencies {
		path, local := strings.CutPrefix(dep.Repository, localRepository)
		if !local {
			continue
		}
		target, link := filepath.Join(origin, path), filepath.Join(folder, path)
		if filepath.IsAbs(path) {
			target, link = path, path
		}
		if info, err := os.Stat(target); err != nil {
			return fmt.Errorf("the dependency %s: %w", dep.Name, err)
		} else if !info.IsDir() {
			return fmt.Errorf("the dependency %s: %s is not a folder", dep.Name, target)
		}
		if !filepath.IsAbs(path) && !strings.HasPrefix(link, dir+string(filepath.Separator)) {
			return fmt.Errorf("the dependency %s: its path leads above the root folder", dep.Name)
		}
		if err := checkNeighbour(ctx, origin, path, target); err != nil {
			return fmt.Errorf("the dependency %s: %w", dep.Name, err)
		}
		if filepath.IsAbs(path) {
			continue
		}
		if _, err := os.Lstat(link); err == nil {
			continue // within the chart, so it was copied, or another dependency's as well
		}
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			return err
		}
		if err := os.Symlink(target, link); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// checkNeighbour refuses a dependency's folder that does not keep to what is asked of a
// chart's: Helm's manager reads it by itself.
func checkNeighbour(ctx context.Context, origin, path, dir string) error {
	if err := checkWay(origin, path); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, chartutil.ChartfileName)); err != nil {
		return err // not a whole disk, to see that it is no chart
	}
	_, err := read(ctx, dir, true)
	return err
}

// logWriter logs what Helm's manager prints, line by line.
type logWriter struct{ logf func(string, ...any) }

// Write implements io.Writer.
func (w logWriter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if line = strings.TrimSpace(line); line != "" {
			w.logf("%s", line)
		}
	}
	return len(p), nil
}
