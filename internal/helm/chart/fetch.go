// Package chart turns what a run was told about its chart and values into
// something that Helm can install: it fetches the chart, builds its
// dependencies, merges the values, and renders once before anything is written,
// so that a chart Helm would refuse never leaves a record behind.
//
// It needs neither a home folder nor Helm's own configuration, writes only below
// Source.CacheDir, and keeps values and credentials out of every error.
package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/berth-dev/berth/internal/problem"
)

// Fetch reads the chart and everything it depends on into memory. The user's
// folder is only read. The error is a *problem.Problem.
func Fetch(ctx context.Context, s Source) (*Archive, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	a, err := fetch(ctx, s)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return nil, &problem.Problem{Reason: problem.Interrupted, Tried: "fetch the chart " + tidy(s.Chart), Cause: ctx.Err()}
	}
	return a, err
}

func fetch(ctx context.Context, s Source) (*Archive, error) {
	// Ending this context on return releases what the transport hung on it.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir, err := os.MkdirTemp(s.CacheDir, "chart-")
	if err != nil {
		return nil, s.problem("make a folder to unpack the chart in", err, "Check that the temporary folder can be written.")
	}
	defer os.RemoveAll(dir)

	var a *Archive
	switch kind, address := s.locate(); kind {
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
	return a, s.accept(a)
}

// accept checks what holds for a chart from anywhere.
func (s Source) accept(a *Archive) error {
	c, err := a.Load()
	if err != nil {
		return err
	}
	if s.Version != "" && !chartutil.IsCompatibleRange(s.Version, a.Version) {
		return s.wrongInput(fmt.Sprintf("version %s was asked for, and the chart %s there is %s", s.Version, a.Name, a.Version),
			"Correct the input version, or leave it out.")
	}
	if missing := lacking(c); len(missing) > 0 {
		return s.problem("load the chart "+a.Name, fmt.Errorf("its dependencies %s are not in charts/", strings.Join(missing, ", ")),
			"Let Berth build them (dependency-update: true, for a folder), or run `helm dependency build` before `helm package`.")
	}
	if c.Metadata.Deprecated {
		s.logf("the chart %s is marked as deprecated", a.Name)
	}
	return nil
}
