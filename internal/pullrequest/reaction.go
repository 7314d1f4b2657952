package pullrequest

import (
	"context"
	"errors"

	"github.com/berth-dev/berth/internal/result"
)

// NewReaction returns a Teller that reacts to the comment which commands the run: eyes when it
// begins, and at its end +1 where the stage is that the command is done, and -1 otherwise.
func NewReaction(o Options, comment int64) *Teller {
	p, err := newReacting(o, comment)
	if err != nil {
		p = unable(err)
	}
	return &Teller{parts: []part{p}}
}

func newReacting(o Options, comment int64) (part, error) {
	if !o.onGitHub() || comment < 1 {
		return part{}, errors.New("only GitHub has comments that command")
	}
	g, err := o.gitHubRepository("pull-requests: write")
	if err != nil {
		return part{}, err
	}
	react := func(ctx context.Context, content string) error {
		if _, _, err := g.client.Reactions.CreateIssueCommentReaction(ctx, g.owner, g.repo, comment, content); err != nil {
			return gitHubFailed("react to the comment", "pull-requests: write", err)
		}
		return nil
	}
	return part{
		begin: func(ctx context.Context, _ Update) error { return react(ctx, "eyes") },
		end: func(ctx context.Context, u Update) error {
			if u.Stage == result.StageReady {
				return react(ctx, "+1")
			}
			return react(ctx, "-1")
		},
	}, nil
}
