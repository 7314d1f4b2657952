package engine

import (
	"context"

	"github.com/berth-dev/berth/internal/facts"
)

// chartSource fetches and renders the chart, each rendering once. Both are bounded by
// the timeout: a chart and its values come from a branch, and need not have an end.
type chartSource struct {
	chart    Chart
	budget   budget
	rendered rendering
	hooks    []facts.Hook // of the last rendering
}

// rendering is what a chart is rendered for; the zero value is none.
type rendering struct {
	revision int
	upgrade  bool
}

// has returns whether this rendering was made, and is not out of date.
func (c *chartSource) has(r rendering) bool { return c.rendered == r }

// makesSecret returns whether the chart, as it was last rendered, makes a Secret of this name.
func (c *chartSource) makesSecret(name string) bool { return c.chart.MakesSecret(name) }

// fetch brings the chart and its values into memory.
func (c *chartSource) fetch(ctx context.Context) error {
	ctx, cancel := c.budget.limit(ctx)
	defer cancel()
	return c.chart.Fetch(ctx)
}

// name returns the name of the chart that was fetched, or "".
func (c *chartSource) name() string { return c.chart.ChartName() }

// render renders the chart, so that what is wrong with it is found before
// anything is written.
func (c *chartSource) render(ctx context.Context, r rendering) error {
	ctx, cancel := c.budget.limit(ctx)
	defer cancel()
	hooks, err := c.chart.Render(ctx, r.revision, r.upgrade)
	if err != nil {
		return err
	}
	c.rendered, c.hooks = r, hooks
	return nil
}

// refresh makes every rendering out of date. It follows each wait for another
// run, which may have brought kinds of object that the chart asks for.
func (c *chartSource) refresh() {
	c.chart.Refresh()
	c.rendered = rendering{}
}
