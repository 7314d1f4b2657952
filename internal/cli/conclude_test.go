package cli

import (
	"testing"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

func TestTellOrigin(t *testing.T) {
	o := &input.Options{Identity: input.Identity{SHA: "abc123", PullRequest: 7, RunURL: "https://ci.example/42",
		CommitPages: "https://ci.example/commit/", PullPages: "https://ci.example/pull/"}}
	unknown := &input.Options{Identity: input.Identity{SHA: "abc123", PullRequest: 7}}
	about := func(v verb.Verb, o *input.Options) result.Subject {
		r := result.Result{Subject: result.Subject{Verb: v}}
		tellOrigin(&r, o)
		return r.Subject
	}
	for name, c := range map[string]struct{ got, want result.Subject }{
		"deploy": {about(verb.Deploy, o), result.Subject{Verb: verb.Deploy, Commit: "abc123", PullRequest: 7, Pages: result.Pages{
			Commit: "https://ci.example/commit/abc123", PullRequest: "https://ci.example/pull/7", Run: "https://ci.example/42"}}},
		"check": {about(verb.Check, o), result.Subject{Verb: verb.Check, PullRequest: 7, Pages: result.Pages{
			PullRequest: "https://ci.example/pull/7", Run: "https://ci.example/42"}}},
		"no pages": {about(verb.Deploy, unknown), result.Subject{Verb: verb.Deploy, Commit: "abc123", PullRequest: 7}},
		"nothing":  {about(verb.Deploy, &input.Options{}), result.Subject{Verb: verb.Deploy}},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, c.got, c.want)
		}
	}
}
