package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube/access"
	"github.com/berth-dev/berth/internal/needs"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// printRole prints the roles that a chart takes with these inputs, and returns the exit code. It
// asks no cluster. Whoever runs it has chosen the chart and reads what comes of it, so that what reaches
// out of the release's namespace, and what the chart hands on, is written as well.
func (p Process) printRole(ctx context.Context, out console, o *input.Options) int {
	var aside notes
	roles, err := p.roles(ctx, out, &aside, o)
	if err == nil {
		_, err = io.WriteString(p.Stdout, report.WithoutCommands(p.mask.Text(roles))) // it may be a job's log
	}
	for _, note := range aside.list() {
		out.Warn(note.Title, note.Message)
	}
	if err != nil {
		r := p.notStarted(o.Verb, err)
		r.Notes = append(r.Notes, result.Note{Level: result.LevelError, Title: "No role is printed", Message: err.Error()})
		return p.conclude(out, o, r)
	}
	return exitOK
}

// roles returns the YAML.
func (p Process) roles(ctx context.Context, out console, aside *notes, o *input.Options) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if o.HeadRepository == "" { // it makes no difference to a role
		o.HeadRepository = o.Repository
	}
	if o.Branch == "" {
		return "", &input.Error{Input: "branch", Allowed: "print-role asks nobody for it; give " + input.Find("branch").In(o.Place)}
	}
	t, err := newTarget(o)
	if err != nil {
		return "", err
	}
	kind, err := record.ParseDriver(p.getenv("HELM_DRIVER"))
	if err != nil {
		return "", err
	}
	cache, err := workingFolder()
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(cache)
	helming := p.helmOptions(out, t, o, cache)
	helming.Warn = aside.note
	rendered, err := helm.RenderAlone(ctx, helming)
	if err != nil {
		return "", err
	}
	all := needsAlone(rendered, t.Namespace, o)
	own := permissions{resource: kind.Resource(), namespace: t.Namespace, perBranch: t.PerBranch, copies: o.Copies(), quota: o.Quota != ""}
	var granted []problem.Permission
	for _, n := range all.At(true) {
		granted = append(granted, n.Granted()...)
	}
	roles := access.Write(access.Grant{User: o.For, Needs: own.all(granted), PerBranch: t.PerBranch, Namespace: t.Namespace,
		Explained: true, Notes: all.Notes})
	if roles == "" {
		return "", nobodyToGrantTo(o.For)
	}
	return roles, nil
}

// needsAlone returns what a chart takes that was rendered without a cluster.
func needsAlone(r helm.Rendered, namespace string, o *input.Options) problem.Needs {
	chart := chartOf(r)
	resources := needs.NewResources(nil).With(chart.Definitions, chart.Objects)
	for _, l := range r.Missed {
		chart.Lookups = append(chart.Lookups, resources.Lookup(l.APIVersion, l.Kind, l.Namespace, l.Name))
	}
	return needs.Life(chart, needs.Scope{Namespace: namespace, Resources: resources, Tests: o.HelmTest})
}

// nobodyToGrantTo is the problem of a name that no RBAC is written for.
func nobodyToGrantTo(user string) error {
	return &problem.Problem{Reason: problem.WrongInput, Tried: "write what " + user + " needs",
		Cause: errors.New("nothing can be granted to such a name"),
		Next:  "Give for as system:serviceaccount:NAMESPACE:NAME, or the name of a user as the API server knows it."}
}
