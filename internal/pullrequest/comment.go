package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// thread is the comments of one pull or merge request. It is no interface, and neither is
// part: of what is in one the linker keeps every method, and of GitHub's client those are
// 3 MiB.
type thread struct {
	// marked returns the comments that begin with a mark of this key, whoever wrote
	// them.
	marked func(ctx context.Context, key string) ([]comment, error)
	// self returns whom the token belongs to.
	self func(ctx context.Context) (author, error)
	// create writes a comment and returns its author.
	create func(ctx context.Context, body string) (author, error)
	edit   func(ctx context.Context, id int64, body string) error
	remove func(ctx context.Context, id int64) error
}

// opener returns the comments of the pull request that a run is about, or nil where there
// is no such one.
type opener func(ctx context.Context) (*thread, error)

// commenting keeps one comment for a review app.
type commenting struct {
	open opener
	key  string
	run  Run
	down bool

	thread *thread // once it is open
	me     author  // whom the token belongs to, once it is known
	had    claim
}

// begin is part's.
func (c *commenting) begin(ctx context.Context, u Update) error {
	if err := c.find(ctx); err != nil {
		return err
	}
	own, err := c.own(ctx)
	if err != nil {
		return err
	}
	change := begin(own, c.run, c.key, u.Stage)
	if err := c.carryOut(ctx, change, u.Body); err != nil {
		return err
	}
	c.had = claim{turn: change.mark.turn, taken: !change.leave}
	return nil
}

// end is part's.
func (c *commenting) end(ctx context.Context, u Update) error {
	if err := c.find(ctx); err != nil {
		if c.down && errors.Is(err, errNoPull) {
			return nil // and nobody was told of the app
		}
		return err
	}
	own, err := c.own(ctx)
	if err != nil {
		return err
	}
	return c.carryOut(ctx, end(own, c.run, c.key, u.Stage, c.down, c.had), u.Body)
}

// errNoPull says that there is nothing to comment on.
var errNoPull = errors.New("the branch has no open pull request that is known here; give pull-request its number where it has one")

// find opens the pull request, once.
func (c *commenting) find(ctx context.Context) (err error) {
	if c.thread != nil {
		return nil
	}
	if c.thread, err = c.open(ctx); err == nil && c.thread == nil {
		err = errNoPull
	}
	return err
}

// own returns the comments of the app that the token's own account has written. Who that
// is is asked only where there is one.
func (c *commenting) own(ctx context.Context) ([]comment, error) {
	marked, err := c.thread.marked(ctx, c.key)
	if err != nil || len(marked) == 0 {
		return nil, err
	}
	if c.me == (author{}) {
		if c.me, err = c.thread.self(ctx); err != nil {
			return nil, err
		}
	}
	own := written(marked, c.me)
	if len(own) == 0 && c.me.assumed && slices.ContainsFunc(marked, func(m comment) bool { return m.author.bot }) {
		return nil, errors.New("it is not known whom the token belongs to, and another app's comment has this one's mark; " +
			"give github-token the job's own token, or a person's")
	}
	return own, nil
}

// carryOut writes what was decided. Comments that are one too many are of no importance:
// the next run tries again.
func (c *commenting) carryOut(ctx context.Context, change change, body string) error {
	if !change.leave {
		if err := c.write(ctx, change.edit, change.mark.String()+"\n"+body); err != nil {
			return err
		}
	}
	for _, id := range change.remove {
		if err := c.thread.remove(ctx, id); err != nil {
			return fmt.Errorf("%w; it is one of several that runs wrote at the same time", err)
		}
	}
	return nil
}

func (c *commenting) write(ctx context.Context, id int64, body string) (err error) {
	if id != 0 {
		return c.thread.edit(ctx, id, body)
	}
	c.me, err = c.thread.create(ctx, body)
	return err
}
