package pullrequest

import (
	"slices"
	"testing"

	"github.com/berth-dev/berth/test/platform"
)

// fake is the platform that a test tells of runs.
type fake struct{ *platform.Fake }

func newFake(t testing.TB, onGitLab bool) fake { return fake{platform.New(t, onGitLab)} }

func (f fake) env(run int) func(string) string {
	env := f.Env(run)
	return func(name string) string { return env[name] }
}

// options are those of a run that comments on pull request 7.
func (f fake) options(run int) Options {
	return Options{Comment: true, Getenv: f.env(run), GitHubToken: platform.Token, GitLabToken: platform.Token,
		Transport: f.Server.Client().Transport,
		Own:       true, Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "feature/login", Number: 7, Key: Key("identity", "shop")}
}

func (f fake) run(number int, change ...func(*Options)) *Teller {
	o := f.options(number)
	for _, c := range change {
		c(&o)
	}
	return New(o)
}

func down(o *Options) { o.Down = true }

// is fails the test unless these are the comments.
func (f fake) is(t *testing.T, want ...string) {
	t.Helper()
	if got := f.Bodies(); !slices.Equal(got, want) {
		t.Errorf("the comments are %q, want %q", got, want)
	}
}
