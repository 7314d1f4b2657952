package fleet

import (
	"slices"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

func TestPages(t *testing.T) {
	shop := facts.Origin{Repository: "acme/shop", Branch: "b", PullRequest: 7}
	for _, tt := range []struct {
		name              string
		app               App
		pull, commit, run string
	}{
		{"GitHub", App{Host: "github.com", Origin: shop, Commit: "abc", RunURL: "https://github.com/acme/shop/actions/runs/1/attempts/2"},
			"https://github.com/acme/shop/pull/7", "https://github.com/acme/shop/commit/abc",
			"https://github.com/acme/shop/actions/runs/1/attempts/2"},
		{"GitLab, with the pipeline behind it", App{Host: "gitlab.example", Origin: shop, Commit: "abc",
			RunURL: "https://gitlab.example/acme/shop/-/jobs/12#pipeline=3"},
			"https://gitlab.example/acme/shop/-/merge_requests/7", "https://gitlab.example/acme/shop/-/commit/abc",
			"https://gitlab.example/acme/shop/-/jobs/12#pipeline=3"},
		{"by hand", App{Host: "github.com", Origin: shop, Commit: "abc", RunURL: "laptop, process 7"}, "", "", ""},
		{"a run of another repository", App{Host: "github.com", Origin: shop, Commit: "abc",
			RunURL: "https://github.com/acme/shopping/actions/runs/1"}, "", "", ""},
		{"a run of another host", App{Host: "github.com", Origin: shop, RunURL: "https://github.com.evil/acme/shop/actions/runs/1"}, "", "", ""},
		{"a commit that is none", App{Host: "github.com", Origin: facts.Origin{Repository: "acme/shop"}, Commit: "../../x?y",
			RunURL: "https://github.com/acme/shop/actions/runs/1"}, "", "https://github.com/acme/shop/commit/..%2F..%2Fx%3Fy",
			"https://github.com/acme/shop/actions/runs/1"},
		{"nothing known", App{}, "", "", ""},
	} {
		got := []string{tt.app.PullPage(), tt.app.CommitPage(), tt.app.RunPage()}
		if want := []string{tt.pull, tt.commit, tt.run}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, want)
		}
	}
}
