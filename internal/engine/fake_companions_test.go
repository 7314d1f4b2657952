package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
)

// fakeCompanions are what is beside the release.
type fakeCompanions struct {
	calls
	sources []facts.Source
	wanted  []facts.Companion
	others  []facts.Companion
	scopes  []facts.CompanionScope
	did     []string
}

func (c *fakeCompanions) Conceal(ctx context.Context) error { return c.enter(ctx, "Conceal") }

func (c *fakeCompanions) Sources(ctx context.Context) ([]facts.Source, error) {
	return c.sources, c.enter(ctx, "Sources")
}

func (c *fakeCompanions) Look(ctx context.Context, s facts.CompanionScope) (wanted, others []facts.Companion, err error) {
	c.scopes = append(c.scopes, s)
	return c.wanted, c.others, c.enter(ctx, "Look")
}

func (c *fakeCompanions) Write(ctx context.Context, one facts.Companion, releases []string) error {
	return c.do(ctx, "write", one, releases)
}

func (c *fakeCompanions) Share(ctx context.Context, one facts.Companion, releases []string) error {
	return c.do(ctx, "share", one, releases)
}

func (c *fakeCompanions) Remove(ctx context.Context, one facts.Companion) error {
	return c.do(ctx, "remove", one, nil)
}

func (c *fakeCompanions) Enforced(ctx context.Context, _ facts.Companion) (bool, error) {
	return true, c.enter(ctx, "Enforced")
}

func (c *fakeCompanions) do(ctx context.Context, what string, one facts.Companion, releases []string) error {
	err := c.enter(ctx, what)
	if err == nil {
		c.did = append(c.did, strings.TrimSpace(fmt.Sprintf("%s %s %s", what, one.Name, strings.Join(releases, " "))))
	}
	return err
}

func (a *fakeAccess) SourceNeeds() []problem.Permission {
	return []problem.Permission{{Verb: "get", Resource: "secrets", Namespace: "platform", Name: "registry", Why: "copy it"}}
}

func (a *fakeAccess) CompanionNeeds(_ verb.Verb, copies, quota bool) (needs []problem.Permission) {
	if copies {
		needs = append(needs, problem.Permission{Verb: "delete", Resource: "secrets", Namespace: "review", Why: "keep the copies"})
	}
	if quota {
		needs = append(needs, problem.Permission{Verb: "create", Resource: "resourcequotas", Namespace: "review", Why: "apply the quota"})
	}
	return needs
}
