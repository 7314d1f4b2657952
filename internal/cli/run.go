package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// runVerb resolves a verb's inputs, runs it and returns the exit code.
func (p Process) runVerb(ctx context.Context, v verb.Verb, flags *pflag.FlagSet) int {
	about, aboutErr := ci.Detect(p.getenv, io.Discard, nil).Context()
	known := defaults(about)
	if aboutErr != nil {
		known.NoBranch, known.EventUnread = "", true // the error says why
	}
	o, err := input.Resolve(flags, p.Environ, v, known)
	git := func(console) {}
	if at := verb.Of(v); err != nil && input.PlaceOf(p.Environ) == input.ByHand && (at.OnRelease || at.OnFleet) {
		known, git = p.askGit(ctx, flags)
		o, err = input.Resolve(flags, p.Environ, v, known)
	}
	if err != nil {
		// An error of the platform matters together with the inputs that are missing
		// because of it, to auto, and where it leaves open whose the branch is.
		o = p.readableOptions(flags)
		return p.conclude(p.console(o), o, p.wrongInput(v, errors.Join(err, aboutErr)))
	}
	out := p.console(o)
	if p.OwnLogs { // before anything is asked of anybody
		defer kube.CaptureLogs(func(line string) { out.debug("%s", line) })()
	}
	for _, secret := range o.Secrets() {
		out.Mask(secret.Reveal())
	}
	p.mask.Give(o.InAddresses()...)
	if err := p.checkPaths(o); err != nil {
		o.ReportDir = ""
		return p.conclude(out, o, p.wrongInput(v, err))
	}
	git(out)
	if v == verb.List {
		return p.list(ctx, out, o)
	}
	c := choice{verb: v, options: o, about: about, aboutErr: aboutErr, known: known, react: reaction{out: out}}
	defer func() { c.react.end(ctx) }()
	if v == verb.Auto {
		if ended := p.auto(ctx, out, flags, &c); ended != nil {
			return p.conclude(out, c.options, *ended)
		}
	} else if err := o.CheckRef(known); verb.Of(v).Writes && !o.OfMany() && err != nil {
		return p.conclude(out, o, p.wrongInput(v, errors.Join(err, aboutErr)))
	}
	switch {
	case o.All:
		return p.mendAll(ctx, out, o)
	case verb.Of(c.verb).OnFleet:
		return p.sweepOut(ctx, out, &c)
	}
	return p.carryOut(ctx, out, &c)
}

// carryOut does what was chosen, about the branch that it finds, and tells how that went.
func (p Process) carryOut(ctx context.Context, out console, c *choice) int {
	if c.options.DryRun && c.verb == verb.Deploy {
		c.rehearse()
	}
	v, o := c.verb, c.options
	if err := errors.Join(o.Require(v), p.checkGiven(o)); err != nil {
		return p.conclude(out, o, p.wrongInput(v, err))
	}
	if o.PrintRole {
		return p.printRole(ctx, out, o)
	}
	ended, err := finding{Process: p, out: out, verb: v, options: o, about: c.about, aboutErr: c.aboutErr}.find(ctx)
	switch {
	case err != nil:
		return p.conclude(out, o, p.notFound(v, err))
	case ended != nil:
		c.react.done = exitCode(ended.Reason) == exitOK
		return p.conclude(out, o, *ended)
	}
	if o.ByEvent {
		if err := o.CheckEvent(c.known); err != nil {
			return p.conclude(out, o, p.wrongInput(v, err))
		}
	}
	told := p.telling(out, o, c.about, "")
	r, code := p.publish(out, o, p.runEngine(ctx, out, v, o, func() { told.begin(ctx) }))
	told.end(ctx, r)
	c.react.done = r.ExitCode == exitOK && r.Reason != problem.NothingToDo
	return code
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
	add("quota", o.Quota)
	add("registry-config", o.RegistryConfig)
	add("ca-file", o.CAFile)
	add("kubeconfig", o.Kubeconfig.Path)
	add("kube-ca", o.KubeCA.Path)
	return all
}

// checkPaths returns what is wrong with the paths among the inputs. Nothing is made in the
// report's folder where something is.
func (p Process) checkPaths(o *input.Options) error {
	if err := errors.Join(ci.CheckPaths(p.getenv, pathsOf(o)), p.checkLinks(o)); err != nil {
		return err
	}
	return ci.MakeReportFolder(o.ReportDir)
}

// notFound returns the result of a run that could not find out which branch it is for.
func (p Process) notFound(v verb.Verb, err error) result.Result {
	var known *problem.Problem
	if errors.As(err, &known) {
		return p.notStarted(v, err)
	}
	return p.wrongInput(v, err)
}

func defaults(c ci.Context) input.Defaults {
	branch, why := c.Subject()
	return input.Defaults{
		Host: c.Host, Repository: c.Repository, HeadRepository: c.HeadRepository, HeadUnknown: c.HeadUnknown,
		Branch: branch, NoBranch: why, OnRef: c.OnRef, EventName: c.Event.Name, RefBranch: c.RefBranch, DefaultBranch: c.DefaultBranch,
		Mention: input.Mention{
			Branch: c.Mention.Branch, HeadRepository: c.Mention.HeadRepository, HeadUnknown: c.Mention.HeadUnknown,
			PullRequest: c.Mention.PullRequest, Instead: c.Mention.Instead, Tag: c.Mention.Tag, Unread: c.Mention.Unread,
		},
		PullRequest: c.PullRequest, SHA: c.SHA, RunURL: c.RunURL, RunMark: c.RunMark, Actor: c.Actor, Attempt: c.Attempt,
		CommitPages: c.Pages.Commits, PullPages: c.Pages.Pulls,
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
