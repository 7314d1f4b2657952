package facts

import "testing"

func TestOriginSaysWhoseItIs(t *testing.T) {
	for want, o := range map[string]Origin{
		`branch "login" of acme/shop`: {Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "login"},
		`branch "x" of acme/shop`:     {Repository: "acme/shop", Branch: "x"},
		`branch "patch-1" of octo/shop (pull request 7 of acme/shop)`: {Repository: "acme/shop", HeadRepository: "octo/shop", Branch: "patch-1",
			PullRequest: 7},
		`branch "patch-1" of octo/shop (for acme/shop)`: {Repository: "acme/shop", HeadRepository: "octo/shop", Branch: "patch-1"},
		`branch "a\n::error::b" of "x\n::warning::y"`:   {Repository: "x\n::warning::y", Branch: "a\n::error::b"},
		`branch "x"`:                     {Branch: "x"},
		"a branch that it does not name": {Repository: "acme/shop", PullRequest: 7},
	} {
		if got := o.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
