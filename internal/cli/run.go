package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

// runVerb resolves a verb's inputs, runs it and returns the exit code.
func (p Process) runVerb(ctx context.Context, v verb.Verb, flags *pflag.FlagSet) int {
	about, aboutErr := ci.Detect(p.getenv, io.Discard, nil).Context()
	o, err := input.Resolve(flags, p.Environ, v, defaults(about))
	if err != nil {
		// An error of the platform matters only together with the inputs that are
		// missing because of it.
		o = p.readableOptions(flags)
		return p.conclude(p.console(o), o, wrongInput(v, errors.Join(err, aboutErr)))
	}
	out := p.console(o)
	for _, secret := range o.Secrets() {
		out.Mask(secret.Reveal())
	}
	if err := errors.Join(ci.CheckPaths(p.getenv, pathsOf(o)), ci.MakeReportFolder(o.ReportDir)); err != nil {
		o.ReportDir = ""
		return p.conclude(out, o, wrongInput(v, err))
	}
	if v == verb.Auto {
		intent := ci.Auto(about, p.hasCredentials(o))
		if intent.Verb == ci.Nothing {
			return p.conclude(out, o, nothingToDo(intent))
		}
		v = intent.Verb
		out.progress(fmt.Sprintf("auto: %s, since %s", v, intent.Reason))
		if err := o.Require(v); err != nil {
			return p.conclude(out, o, wrongInput(v, err))
		}
	}
	return p.conclude(out, o, p.runEngine(ctx, out, v, o))
}

// pathsOf returns the paths among the inputs. One with a template in it is not known
// yet.
func pathsOf(o *input.Options) []ci.PathInput {
	all := []ci.PathInput{{Input: "report-dir", Path: o.ReportDir, Written: true}}
	add := func(name string, paths ...string) {
		for _, path := range paths {
			if !strings.Contains(path, "{{") {
				all = append(all, ci.PathInput{Input: name, Path: path})
			}
		}
	}
	add("chart", o.Chart)
	add("values", o.Values...)
	for _, item := range o.SetFile {
		_, path, _ := strings.Cut(item, "=")
		add("set-file", path)
	}
	add("registry-config", o.RegistryConfig)
	add("ca-file", o.CAFile)
	add("kubeconfig", o.Kubeconfig.Path)
	add("kube-ca", o.KubeCA.Path)
	return all
}

func defaults(c ci.Context) input.Defaults {
	return input.Defaults{
		Host: c.Host, Repository: c.Repository, HeadRepository: c.HeadRepository, Branch: c.Branch,
		PullRequest: c.PullRequest, SHA: c.SHA, RunURL: c.RunURL, Attempt: c.Attempt,
	}
}

// hasCredentials reports whether the run was given any way to reach a cluster. The
// pull request of a fork is not.
func (p Process) hasCredentials(o *input.Options) bool {
	if o.Kubeconfig.Given() || o.KubeAPIServer != "" || p.getenv("KUBECONFIG") != "" || p.getenv("KUBERNETES_SERVICE_HOST") != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(p.getenv("HOME"), ".kube", "config"))
	return err == nil
}
