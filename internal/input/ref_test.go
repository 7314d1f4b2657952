package input

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/verb"
)

func TestCheckRef(t *testing.T) {
	on := func(event string, m Mention) Defaults {
		return Defaults{Host: "github.com", Repository: "acme/shop", HeadRepository: "acme/shop", EventName: event, RefBranch: "main", Mention: m}
	}
	ended := on("workflow_run", Mention{Branch: "login", HeadRepository: "acme/shop", Instead: "head_branch"})
	ofFork := on("workflow_run", Mention{Branch: "main", HeadRepository: "octo/shop"})
	for name, tt := range map[string]struct {
		args     []string
		defaults Defaults
		head     string
		wrong    string
	}{
		"the branch of the ref":       {[]string{"--branch=refs/heads/main"}, ended, "acme/shop", `about "login"; give head_branch`},
		"what the event is about":     {[]string{"--branch=login"}, ended, "acme/shop", ""},
		"a third one":                 {[]string{"--branch=other"}, ended, "acme/shop", ""},
		"a comment":                   {[]string{"--branch=main"}, on("issue_comment", Mention{PullRequest: 7}), "", "pull request 7"},
		"an event that is about none": {[]string{"--branch=main"}, on("schedule", Mention{}), "acme/shop", ""},
		"one that cannot be read":     {[]string{"--branch=main"}, on("delete", Mention{Unread: true}), "acme/shop", "cannot be read"},
		"a tag":                       {[]string{"--branch=main"}, on("delete", Mention{Tag: "v1"}), "acme/shop", `the tag "v1"`},
		"a tag of a branch's name":    {[]string{"--branch=v1"}, on("delete", Mention{Tag: "v1"}), "acme/shop", `the tag "v1"`},
		"a fork's of that name":       {[]string{"--branch=main"}, ofFork, "octo/shop", ""},
		"a fork's, said to be ours":   {[]string{"--branch=main", "--head-repository=acme/shop"}, ofFork, "acme/shop", "of a fork"},
		"a fork's that is gone":       {[]string{"--branch=main"}, on("workflow_run", Mention{Branch: "main", HeadUnknown: true}), "", ""},
	} {
		o := mustResolve(t, verb.Teardown, tt.args, nil, tt.defaults)
		err := o.CheckRef(tt.defaults)
		if o.HeadRepository != tt.head || (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: %q, %v, want %q", name, o.HeadRepository, err, tt.wrong)
		}
	}
}

// A branch is taken as it is called: what is cut from the name would make another of it.
func TestBranchIsTakenAsItIs(t *testing.T) {
	fork := onCI
	fork.Branch = "login\u3000"
	for _, given := range []string{"login\u3000", " login\u3000\n", "refs/heads/login\u3000"} {
		o := mustResolve(t, verb.Teardown, []string{"--branch=" + given}, nil, fork)
		if o.Branch != fork.Branch || o.HeadRepository != fork.HeadRepository {
			t.Errorf("%q: got %q of %s", given, o.Branch, o.HeadRepository)
		}
	}
	fork.Branch = "refs/heads/login"
	for _, args := range [][]string{nil, {"--branch=login"}, {"--branch=refs/heads/login"}} {
		if o, err := resolve(t, verb.Teardown, args, nil, fork); err == nil {
			t.Errorf("%q: got %q", args, o.Branch)
		}
	}
	if o := mustResolve(t, verb.Teardown, []string{"--branch=other"}, nil, fork); o.Branch != "other" {
		t.Errorf("got %q", o.Branch)
	}
}

// An event that may be about a branch is about no release that merely has some name.
func TestNotByName(t *testing.T) {
	args := []string{"--namespace=reviews", "--release=shop"}
	for name, tt := range map[string]struct {
		defaults Defaults
		byName   bool
	}{
		"by hand":                        {Defaults{}, true},
		"a schedule":                     {Defaults{Repository: "acme/shop", NoBranch: "it is a schedule"}, true},
		"an event that cannot be read":   {Defaults{Repository: "acme/shop", EventUnread: true}, false},
		"a pull request without a head":  {Defaults{Repository: "acme/shop", HeadUnknown: true}, false},
		"the end of a branch's workflow": {Defaults{Repository: "acme/shop", Mention: Mention{Branch: "login"}}, true},
	} {
		o, err := resolve(t, verb.Repair, args, nil, tt.defaults)
		if (err == nil) != tt.byName || err == nil && !o.ByName {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}
