package cli

import (
	"context"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/access"
	"github.com/berth-dev/berth/internal/needs"
	"github.com/berth-dev/berth/internal/problem"
)

// chartNeeds implements engine.Needs with internal/needs.
type chartNeeds struct {
	conn   *kube.Conn
	target target
	chart  *helm.Releases
	inputs *input.Options
}

func (c chartNeeds) OfLife(ctx context.Context) (problem.Needs, error) {
	chart, scope, err := c.rendered(ctx)
	if err != nil {
		return problem.Needs{}, err
	}
	return needs.Life(chart, scope), nil
}

func (c chartNeeds) OfDeploy(ctx context.Context, before *facts.Record) (problem.Needs, error) {
	chart, scope, err := c.rendered(ctx)
	if err != nil {
		return problem.Needs{}, err
	}
	return needs.Deploy(chart, revisionOf(before), scope), nil
}

func (c chartNeeds) OfRollback(ctx context.Context, from, to *facts.Record) (problem.Needs, error) {
	scope, err := c.scope(ctx)
	if err != nil {
		return problem.Needs{}, err
	}
	return needs.Rollback(revisionOf(from), revisionOf(to), scope), nil
}

func (c chartNeeds) OfTeardown(ctx context.Context, stored *facts.Record) (problem.Needs, error) {
	scope, err := c.scope(ctx)
	if err != nil {
		return problem.Needs{}, err
	}
	scope.HookLeft = c.inputs.DeleteHooks
	return needs.Teardown(revisionOf(stored), scope), nil
}

// revisionOf returns what a record says that there is.
func revisionOf(stored *facts.Record) needs.Revision {
	if stored == nil || stored.DecodeError != "" {
		return needs.Revision{}
	}
	return needs.Parse(stored.Manifest, stored.Hooks)
}

// rendered returns the chart as it was rendered last.
func (c chartNeeds) rendered(ctx context.Context) (needs.Chart, needs.Scope, error) {
	scope, err := c.scope(ctx)
	if err != nil {
		return needs.Chart{}, scope, err
	}
	chart := chartOf(c.chart.Rendered())
	scope.Resources = scope.Resources.With(chart.Definitions, chart.Objects)
	return chart, scope, nil
}

func (c chartNeeds) scope(ctx context.Context) (needs.Scope, error) {
	mapper, err := c.conn.Mapper(ctx)
	if err != nil {
		return needs.Scope{}, apifailure.Classify(err, "ask the API server for its kinds of object")
	}
	return needs.Scope{Namespace: c.target.Namespace, Resources: needs.NewResources(mapper), Tests: c.inputs.HelmTest,
		Served: needs.ServedBy(mapper), Rules: access.RulesOf(ctx, c.conn.Clientset())}, nil
}

// chartOf returns a chart as it was rendered.
func chartOf(r helm.Rendered) needs.Chart {
	chart := needs.Chart{Revision: needs.Parse(r.Manifest, r.Hooks), Definitions: needs.Parse(r.Definitions, nil).Objects}
	for _, l := range r.Lookups {
		chart.Lookups = append(chart.Lookups, problem.Permission{Verb: l.Verb, Group: l.Group, Resource: l.Resource, Namespace: l.Namespace,
			Name: l.Name})
	}
	return chart
}
