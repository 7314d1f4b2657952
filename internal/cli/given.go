package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/verb"
)

// checkGiven returns all that is wrong with what the inputs lead to on this machine, at once
// and before anything is asked of anybody: files that are not there, names that cannot be
// made, no cluster.
func (p Process) checkGiven(o *input.Options) error {
	errs := []error{p.checkCluster(o), checkProbe(o)}
	for _, f := range filesOf(o) {
		if err := checkFile(f); err != nil {
			errs = append(errs, err)
		}
	}
	if o.OfMany() {
		return errors.Join(errs...)
	}
	if o.ByName || o.HeadRepository != "" && o.Branch != "" {
		_, err := newTarget(o)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkCluster says what to look at where no cluster is given. The pull requests of forks and
// of Dependabot are not given a workflow's secrets, and an expression for one is empty then.
func (p Process) checkCluster(o *input.Options) error {
	if p.hasCredentials(o) || o.PrintRole {
		return nil
	}
	in := input.Find("kubeconfig")
	switch o.Place {
	case input.OnGitHub:
		return &input.Error{Input: in.Name, Allowed: "it is empty: is the secret set, and may this event read it? " +
			"The pull requests of forks and of Dependabot may not; kube-apiserver with kube-token would do as well"}
	case input.OnGitLab:
		return &input.Error{Input: in.Env(), Allowed: "it is empty, and so is KUBECONFIG: is the variable set, and is it protected, " +
			"which hides it from unprotected branches? With GitLab's agent, set kube-context"}
	case input.ByHand:
	}
	return &input.Error{Input: in.Name, Allowed: "none was given, $KUBECONFIG is not set, there is no ~/.kube/config, and this is no pod " +
		"of a cluster; give " + in.In(o.Place) + ", or kube-apiserver with kube-token"}
}

// given is a path that an input gives.
type given struct{ input, path string }

// shown returns the path as it may be quoted, where nothing is there: what was given in its
// place may be what belongs into the file.
func (g given) shown() string {
	if g.input == "chart" || secrets.LooksLikePath(g.path) {
		return g.path
	}
	return input.Hidden
}

// filesOf returns the paths that have to lead to something on this machine. Those with a
// template in them are not known yet.
func filesOf(o *input.Options) (files []given) {
	add := func(name, path string) {
		if path != "" && path != "-" && !strings.Contains(path, "://") && !strings.Contains(path, "{{") {
			files = append(files, given{name, path})
		}
	}
	add("kubeconfig", o.Kubeconfig.Path)
	add("kube-ca", o.KubeCA.Path)
	if at := verb.Of(o.Verb); !at.NeedsChart && !at.TakesChart {
		return files
	}
	if o.ChartRepo == "" {
		add("chart", o.Chart)
	}
	for _, path := range o.Values {
		add("values", path)
	}
	for _, item := range o.SetFile {
		_, path, _ := strings.Cut(item, "=")
		add("set-file", path)
	}
	add("quota", o.Quota)
	add("ca-file", o.CAFile)
	add("registry-config", o.RegistryConfig)
	return files
}

// checkFile says what is there in place of a file or folder that is not.
func checkFile(f given) error {
	_, err := os.Stat(f.path)
	if !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong with it is told by what reads it
	}
	e := &input.Error{Input: f.input, Value: f.shown(), Allowed: "there is no such file or folder"}
	switch charts := chartsBelow("."); {
	case filepath.IsAbs(f.path):
	case isEmpty("."):
		e.Allowed += ", and the working folder is empty: is the step that checks out the repository missing?"
	case f.input == "chart" && !strings.HasPrefix(f.path, ".") && strings.Count(f.path, "/") == 1:
		e.Allowed += "; for a chart in a repository give its name alone and the repository's URL as repo, since names that " +
			"`helm repo add` made are not known here"
	case f.input == "chart" && len(charts) > 0:
		e.Allowed += "; there is a chart in " + strings.Join(charts, ", ")
	}
	return e
}

func isEmpty(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err == nil && len(entries) == 0
}

// Bounds of the search for charts, which only helps a person on.
const (
	chartDepth   = 4
	chartEntries = 5000
	chartsShown  = 5
)

// chartsBelow returns the folders with a chart in them, nearest first, within bounds.
func chartsBelow(folder string) (found []string) {
	entries := 0
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		entries++
		depth := strings.Count(filepath.ToSlash(path), "/")
		switch {
		case err != nil || entries > chartEntries:
			return fs.SkipAll
		case entry.IsDir() && path != folder && (depth > chartDepth || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return fs.SkipDir
		case entry.Name() == "Chart.yaml":
			found = append(found, fmt.Sprintf("./%s", filepath.ToSlash(filepath.Dir(path))))
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	return found[:min(len(found), chartsShown)]
}
