package ci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/verb"
)

const repository = `"repository": {"full_name": "acme/shop", "default_branch": "main", "private": true}`

// pull is a pull_request payload. The head repository is JSON: a fork, or null.
func pull(action, branch, head string) string {
	return fmt.Sprintf(`{"action": %q, "number": 7, "pull_request": {"number": 7, "merged": false,
		"head": {"label": "octo:%[2]s", "ref": %[2]q, "sha": "abc123", "repo": %s},
		"base": {"ref": "main", "repo": {"full_name": "acme/shop"}}}, %s}`, action, branch, head, repository)
}

const (
	ours = `{"full_name": "acme/shop", "fork": false}`
	fork = `{"full_name": "octo/shop", "fork": true}`
)

func github(event, ref string) env {
	return env{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_REF": ref,
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/shop",
		"GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "3", "GITHUB_SHA": "merge999",
	}
}

func gitlab(extra env) env {
	e := env{
		"GITLAB_CI": "true", "CI_SERVER_HOST": "gitlab.com", "CI_PROJECT_PATH": "acme/shop",
		"CI_PROJECT_URL": "https://gitlab.com/acme/shop", "CI_DEFAULT_BRANCH": "main",
		"CI_COMMIT_BRANCH": "feature/login", "CI_COMMIT_REF_NAME": "feature/login",
		"CI_COMMIT_SHA": "abc123", "CI_JOB_URL": "https://gitlab.com/acme/shop/-/jobs/9", "CI_PIPELINE_SOURCE": "push",
	}
	for k, v := range extra {
		e[k] = v
	}
	return e
}

// everybody is the policy that refuses nothing.
var everybody = Policy{Credentials: true, Sweeps: true, Drafts: true, Forks: ForksAllowed}

func TestAuto(t *testing.T) {
	const merge = "refs/pull/7/merge"
	for name, c := range map[string]struct {
		env     env
		payload string
		want    verb.Verb
		branch  string
	}{
		"pull request opened":      {github("pull_request", merge), pull("opened", "feature/login", ours), verb.Deploy, "feature/login"},
		"pull request reopened":    {github("pull_request", merge), pull("reopened", "x", ours), verb.Deploy, "x"},
		"pull request pushed to":   {github("pull_request", merge), pull("synchronize", "x", ours), verb.Deploy, "x"},
		"pull request labeled":     {github("pull_request", merge), pull("labeled", "x", ours), Nothing, "x"},
		"pull request ready":       {github("pull_request", merge), pull("ready_for_review", "x", ours), verb.Deploy, "x"},
		"pull request edited":      {github("pull_request", merge), pull("edited", "x", ours), Nothing, "x"},
		"pull request closed":      {github("pull_request", merge), pull("closed", "x", ours), verb.Teardown, "x"},
		"pull request of the main": {github("pull_request", merge), pull("closed", "main", ours), Nothing, "main"},
		"target, from a fork":      {github("pull_request_target", "refs/heads/main"), pull("opened", "main", fork), verb.Deploy, "main"},
		"closed, from a fork":      {github("pull_request", merge), pull("closed", "patch-1", fork), verb.Teardown, "patch-1"},
		"closed, the fork is gone": {github("pull_request", merge), pull("closed", "patch-1", "null"), verb.Teardown, "patch-1"},
		"push":                     {github("push", "refs/heads/a/b"), `{"ref": "refs/heads/a/b", ` + repository + `}`, verb.Deploy, "a/b"},
		"push of a merge queue": {github("push", "refs/heads/gh-readonly-queue/main/pr-7-0"),
			`{"ref": "refs/heads/gh-readonly-queue/main/pr-7-0", ` + repository + `}`, Nothing, "gh-readonly-queue/main/pr-7-0"},
		"push to the default branch": {github("push", "refs/heads/main"), `{"ref": "refs/heads/main", ` + repository + `}`, Nothing, "main"},
		"push of a tag":              {github("push", "refs/tags/v1"), `{"ref": "refs/tags/v1", ` + repository + `}`, Nothing, ""},
		"push that deletes": {github("push", "refs/heads/a"), `{"ref": "refs/heads/a", "deleted": true, ` + repository + `}`,
			verb.Teardown, "a"},
		"branch deleted": {github("delete", "refs/heads/main"), `{"ref": "a/b", "ref_type": "branch", ` + repository + `}`,
			verb.Teardown, "a/b"},
		"tag deleted": {github("delete", "refs/heads/main"), `{"ref": "v1", "ref_type": "tag", ` + repository + `}`, Nothing,
			""},
		"schedule": {github("schedule", "refs/heads/main"), `{"schedule": "0 3 * * *", ` + repository + `}`, verb.Sweep, ""},
		"workflow_dispatch": {github("workflow_dispatch", "refs/heads/x"), `{"ref": "refs/heads/x", "inputs": null, ` + repository +
			`}`, verb.Deploy, "x"},
		"workflow_dispatch on the default branch": {github("workflow_dispatch", "refs/heads/main"), `{"inputs": null, ` + repository + `}`,
			Nothing, "main"},
		"a dispatch named stop": {github("repository_dispatch", "refs/heads/x"), `{"action": "stop", ` + repository + `}`, Nothing, ""},
		"a comment":             {github("issue_comment", "refs/heads/main"), `{"action": "closed", ` + repository + `}`, Nothing, ""},
		"a review":              {github("pull_request_review", merge), pull("dismissed", "x", fork), Nothing, "x"},
		"closed, the fork is gone, of the owner's": {github("pull_request", merge),
			strings.Replace(pull("closed", "login", "null"), "octo:", "acme:", 1), verb.Teardown, "login"},
		"branch made":        {github("create", "refs/heads/a/b"), `{"ref": "a/b", "ref_type": "branch", ` + repository + `}`, Nothing, "a/b"},
		"GitLab start":       {gitlab(env{"CI_ENVIRONMENT_ACTION": "start"}), "", verb.Deploy, "feature/login"},
		"GitLab environment": {gitlab(env{"CI_ENVIRONMENT_NAME": "review/x"}), "", verb.Deploy, "feature/login"},
		"GitLab stop":        {gitlab(env{"CI_ENVIRONMENT_ACTION": "stop"}), "", verb.Teardown, "feature/login"},
		"GitLab stop of a schedule": {gitlab(env{"CI_ENVIRONMENT_ACTION": "stop", "CI_PIPELINE_SOURCE": "schedule"}), "", verb.Teardown,
			"feature/login"},
		"GitLab schedule": {gitlab(env{"CI_ENVIRONMENT_ACTION": "start", "CI_PIPELINE_SOURCE": "schedule"}), "", Nothing,
			"feature/login"},
		"GitLab schedule of no environment": {gitlab(env{"CI_PIPELINE_SOURCE": "schedule"}), "", verb.Sweep, "feature/login"},
		"GitLab verify":                     {gitlab(env{"CI_ENVIRONMENT_ACTION": "verify"}), "", Nothing, "feature/login"},
		"GitLab job of no environment":      {gitlab(nil), "", Nothing, "feature/login"},
		"GitLab default branch":             {gitlab(env{"CI_ENVIRONMENT_ACTION": "start", "CI_COMMIT_BRANCH": "main"}), "", Nothing, "main"},
		"GitLab stop of the default":        {gitlab(env{"CI_ENVIRONMENT_ACTION": "stop", "CI_COMMIT_BRANCH": "main"}), "", Nothing, "main"},
		"GitLab tag":                        {gitlab(env{"CI_ENVIRONMENT_ACTION": "start", "CI_COMMIT_TAG": "v1"}), "", Nothing, ""},
		"local":                             {env{}, "", Nothing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.payload != "" {
				c.env.withPayload(t, c.payload)
			}
			ctx, err := Detect(c.env.get, &bytes.Buffer{}, nil).Context()
			if err != nil {
				t.Fatal(err)
			}
			got := Auto(ctx, everybody)
			if got.Verb != c.want || got.Reason == "" || ctx.Branch != c.branch {
				t.Errorf("got %q of %q (%s), want %q of %q", got.Verb, ctx.Branch, got.Reason, c.want, c.branch)
			}
		})
	}
}

// reviewed is a pull_request payload that says more of the pull request and the event.
func reviewed(action, head, more string) string {
	return strings.Replace(pull(action, "x", head), `"merged": false,`, `"merged": false, `+more+`,`, 1)
}

func TestAutoByPolicy(t *testing.T) {
	const merge = "refs/pull/7/merge"
	event := github("pull_request", merge)
	label, nobody := everybody, everybody
	label.Label = "Preview"
	ready, members := everybody, everybody
	ready.Drafts, members.Forks, nobody.Forks = false, ForksMembers, ForksNever
	const (
		carries = `"labels": [{"name": "bug"}, {"name": "preview"}]`
		octo    = `{"full_name": "octo/shop"}`
		given   = `"user": {"login": "Octo"}, "author_association": `
	)
	labelled := func(action, name, more string) string {
		return strings.Replace(reviewed(action, ours, more), `{"action"`, `{"label": {"name": "`+name+`"}, "action"`, 1)
	}
	for name, c := range map[string]struct {
		env     env
		payload string
		policy  Policy
		want    verb.Verb
	}{
		"opened with the label":         {event, reviewed("opened", ours, carries), label, verb.Deploy},
		"opened without":                {event, pull("opened", "x", ours), label, Nothing},
		"updated, the label is gone":    {event, reviewed("synchronize", ours, `"labels": []`), label, Nothing},
		"given the label":               {event, labelled("labeled", "preview", carries), label, verb.Deploy},
		"given the label, closed":       {event, labelled("labeled", "preview", `"state": "closed", `+carries), label, Nothing},
		"given another":                 {event, labelled("labeled", "bug", carries), label, Nothing},
		"given one, none is asked for":  {event, labelled("labeled", "preview", carries), everybody, Nothing},
		"an empty one, none is asked":   {event, labelled("unlabeled", "", carries), everybody, Nothing},
		"the label taken":               {event, labelled("unlabeled", "PREVIEW", `"labels": []`), label, verb.Teardown},
		"another taken":                 {event, labelled("unlabeled", "bug", carries), label, Nothing},
		"one taken, none is asked for":  {event, labelled("unlabeled", "preview", carries), everybody, Nothing},
		"closed without the label":      {event, pull("closed", "x", ours), label, verb.Teardown},
		"a label on the default branch": {event, strings.ReplaceAll(labelled("unlabeled", "preview", carries), `"x"`, `"main"`), label, Nothing},
		"pushed":                        {github("push", "refs/heads/x"), `{"ref": "refs/heads/x", ` + repository + `}`, label, Nothing},
		"a draft":                       {event, reviewed("opened", ours, `"draft": true`), everybody, verb.Deploy},
		"a draft, not wanted":           {event, reviewed("opened", ours, `"draft": true`), ready, Nothing},
		"made a draft":                  {event, reviewed("converted_to_draft", ours, `"draft": true`), everybody, Nothing},
		"made a draft, not wanted":      {event, reviewed("converted_to_draft", ours, `"draft": true`), ready, verb.Teardown},
		"made ready":                    {event, reviewed("ready_for_review", ours, `"draft": false`), ready, verb.Deploy},
		"a draft closed":                {event, reviewed("closed", ours, `"draft": true`), ready, verb.Teardown},
		"a fork of a member":            {event, reviewed("opened", octo, given+`"MEMBER"`), members, verb.Deploy},
		"a fork of a collaborator":      {event, reviewed("opened", octo, given+`"COLLABORATOR"`), members, verb.Deploy},
		"a fork of a contributor":       {event, reviewed("opened", octo, given+`"CONTRIBUTOR"`), members, Nothing},
		"a fork, a member opened it": {event, reviewed("opened", octo, `"user": {"login": "alice"}, "author_association": "MEMBER"`),
			members, Nothing},
		"a fork that names no owner": {event,
			reviewed("opened", `{"full_name": "/shop"}`, `"user": {"login": ""}, "author_association": "MEMBER"`), members, Nothing},
		"a fork of anybody":              {event, pull("opened", "x", octo), everybody, verb.Deploy},
		"a fork of a member, for nobody": {event, reviewed("opened", octo, given+`"OWNER"`), nobody, Nothing},
		"a fork's end":                   {event, pull("closed", "x", octo), nobody, verb.Teardown},
		"a schedule":                     {github("schedule", "refs/heads/main"), `{` + repository + `}`, everybody, verb.Sweep},
		"a schedule without credentials": {github("schedule", "refs/heads/main"), `{` + repository + `}`, Policy{Sweeps: true}, Nothing},
		"a schedule without a reason":    {github("schedule", "refs/heads/main"), `{` + repository + `}`, Policy{Credentials: true}, Nothing},
		"a fork, no policy":              {event, pull("opened", "x", octo), Policy{Credentials: true}, Nothing},
		"GitLab with the label":          {mergeRequest(env{"CI_MERGE_REQUEST_LABELS": "bug,preview"}), "", label, verb.Deploy},
		"GitLab without":                 {mergeRequest(env{"CI_MERGE_REQUEST_LABELS": "bug,preview 2"}), "", label, Nothing},
		"GitLab branch":                  {gitlab(env{"CI_ENVIRONMENT_ACTION": "start"}), "", label, Nothing},
		"GitLab draft":                   {mergeRequest(env{"CI_MERGE_REQUEST_DRAFT": "true"}), "", ready, Nothing},
		"GitLab stop of a draft": {mergeRequest(env{"CI_MERGE_REQUEST_DRAFT": "true", "CI_ENVIRONMENT_ACTION": "stop"}), "",
			ready, verb.Teardown},
		"GitLab fork":             {mergeRequest(env{"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "octo/shop"}), "", members, verb.Deploy},
		"GitLab fork, for nobody": {mergeRequest(env{"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "octo/shop"}), "", nobody, Nothing},
	} {
		t.Run(name, func(t *testing.T) {
			if c.payload != "" {
				c.env.withPayload(t, c.payload)
			}
			ctx, err := Detect(c.env.get, &bytes.Buffer{}, nil).Context()
			if err != nil {
				t.Fatal(err)
			}
			if got := Auto(ctx, c.policy); got.Verb != c.want || got.Reason == "" {
				t.Errorf("got %q (%s), want %q", got.Verb, got.Reason, c.want)
			}
		})
	}
}

// mergeRequest is the environment of a job that starts a merge request's environment.
func mergeRequest(extra env) env {
	e := gitlab(env{
		"CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "acme/shop", "CI_MERGE_REQUEST_IID": "12",
		"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "x", "CI_COMMIT_BRANCH": "", "CI_PIPELINE_SOURCE": "merge_request_event",
		"CI_ENVIRONMENT_ACTION": "start",
	})
	maps.Copy(e, extra)
	return e
}

func TestAutoForksWithoutCredentials(t *testing.T) {
	for _, action := range []string{"opened", "closed"} {
		e := github("pull_request", "refs/pull/7/merge").withPayload(t, pull(action, "patch-1", fork))
		ctx, err := Detect(e.get, &bytes.Buffer{}, nil).Context()
		if err != nil {
			t.Fatal(err)
		}
		if got := Auto(ctx, Policy{Drafts: true, Forks: ForksAllowed}); got.Verb != Nothing || !strings.Contains(got.Reason, "octo/shop") {
			t.Errorf("%s: got %v", action, got)
		}
	}
}

var gitLabPages = Pages{
	Commits: "https://gitlab.com/acme/shop/-/commit/", Pulls: "https://gitlab.com/acme/shop/-/merge_requests/",
}

var gitHubPages = Pages{Commits: "https://github.com/acme/shop/commit/", Pulls: "https://github.com/acme/shop/pull/"}

func TestContext(t *testing.T) {
	const ofPull = "${{ github.event.pull_request.head.ref }}, or leave it out"
	for name, c := range map[string]struct {
		env  env
		want Context
	}{
		"GitHub fork": {
			github("pull_request", "refs/pull/7/merge").withPayload(t, pull("opened", "patch-1", fork)),
			Context{
				Host: "github.com", Repository: "acme/shop", HeadRepository: "octo/shop", Branch: "patch-1",
				DefaultBranch: "main", PullRequest: 7, SHA: "abc123", Attempt: 3,
				RunURL: "https://github.com/acme/shop/actions/runs/42/attempts/3", Pages: gitHubPages,
				Event:   Event{Name: "pull_request", Action: "opened"},
				Mention: Mention{Branch: "patch-1", HeadRepository: "octo/shop", Instead: ofPull},
			},
		},
		"GitHub deleted fork": {
			github("pull_request", "refs/pull/7/merge").withPayload(t, pull("closed", "patch-1", "null")),
			Context{
				Host: "github.com", Repository: "acme/shop", HeadUnknown: true, LostFork: "octo/shop", Branch: "patch-1",
				DefaultBranch: "main", PullRequest: 7, SHA: "abc123", Attempt: 3,
				RunURL: "https://github.com/acme/shop/actions/runs/42/attempts/3", Pages: gitHubPages,
				Event:   Event{Name: "pull_request", Action: "closed"},
				Mention: Mention{Branch: "patch-1", HeadUnknown: true, Instead: ofPull},
			},
		},
		"GitHub dispatch": {
			github("workflow_dispatch", "refs/heads/x").withPayload(t, `{"inputs": null, `+repository+`}`),
			Context{
				Host: "github.com", Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "x", OnRef: true, RefBranch: "x",
				DefaultBranch: "main", SHA: "merge999", Attempt: 3,
				RunURL: "https://github.com/acme/shop/actions/runs/42/attempts/3", Pages: gitHubPages, Event: Event{Name: "workflow_dispatch"},
			},
		},
		"GitLab merge request whose fork is gone": {
			gitlab(env{
				"CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop", "CI_MERGE_REQUEST_IID": "12",
				"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "patch-1", "CI_COMMIT_BRANCH": "", "CI_PIPELINE_SOURCE": "merge_request_event",
			}),
			Context{
				Host: "gitlab.com", Repository: "acme/shop", HeadUnknown: true, Branch: "patch-1",
				DefaultBranch: "main", PullRequest: 12, Pull: Pull{Member: true}, SHA: "abc123", Attempt: 1,
				RunURL: "https://gitlab.com/acme/shop/-/jobs/9", Pages: gitLabPages, Event: Event{Name: "pipeline"},
			},
		},
		"GitLab pipeline started by hand": {
			gitlab(env{"CI_PIPELINE_SOURCE": "web"}),
			Context{
				Host: "gitlab.com", Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "feature/login", OnRef: true,
				DefaultBranch: "main", SHA: "abc123", Attempt: 1, RunURL: "https://gitlab.com/acme/shop/-/jobs/9", Pages: gitLabPages,
				Event: Event{Name: "pipeline"},
			},
		},
		"GitLab branch": {
			gitlab(env{"CI_ENVIRONMENT_ACTION": "start"}),
			Context{
				Host: "gitlab.com", Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "feature/login",
				DefaultBranch: "main", SHA: "abc123", Attempt: 1, RunURL: "https://gitlab.com/acme/shop/-/jobs/9", Pages: gitLabPages,
				Event: Event{Name: "environment", Action: "start"},
			},
		},
		"GitLab merge request in a fork": {
			gitlab(env{
				"CI_PROJECT_PATH": "octo/shop", "CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop",
				"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "octo/shop", "CI_MERGE_REQUEST_IID": "12",
				"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "patch-1", "CI_COMMIT_BRANCH": "",
				"CI_PIPELINE_SOURCE": "merge_request_event",
			}),
			Context{
				Host: "gitlab.com", Repository: "acme/shop", HeadRepository: "octo/shop", Branch: "patch-1",
				DefaultBranch: "main", PullRequest: 12, Pull: Pull{Member: true}, SHA: "abc123", Attempt: 1,
				RunURL: "https://gitlab.com/acme/shop/-/jobs/9", Pages: gitLabPages, Event: Event{Name: "pipeline"},
			},
		},
		"local": {env{}, Context{}},
	} {
		got, err := Detect(c.env.get, &bytes.Buffer{}, nil).Context()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A payload that cannot be used is an error that says so, and nothing that the
// environment would get wrong is guessed.
func TestContextWithoutAUsablePayload(t *testing.T) {
	const ref = "refs/heads/main"
	for name, c := range map[string]struct {
		env env
		say string
	}{
		"not set":      {github("delete", ref), "GITHUB_EVENT_PATH is not set"},
		"no such file": {func() env { e := github("delete", ref); e["GITHUB_EVENT_PATH"] = "/nowhere"; return e }(), "/nowhere"},
		"a folder":     {func() env { e := github("delete", ref); e["GITHUB_EVENT_PATH"] = "/"; return e }(), "it is no file"},
		"a device":     {func() env { e := github("delete", ref); e["GITHUB_EVENT_PATH"] = "/dev/zero"; return e }(), "it is no file"},
		"a FIFO":       {func() env { e := github("delete", ref); e["GITHUB_EVENT_PATH"] = fifo(t); return e }(), "it is no file"},
		"malformed":    {github("delete", ref).withPayload(t, `{"ref": `), "JSON"},
		"wrong types":  {github("delete", ref).withPayload(t, `{"ref": 7}`), "payload"},
		"a list":       {github("delete", ref).withPayload(t, `[]`), "payload"},
		"no branch":    {github("delete", ref).withPayload(t, `{"ref_type": "branch"}`), "names no branch"},
		"no event":     {func() env { e := github("", ref); return e.withPayload(t, `{}`) }(), "GITHUB_EVENT_NAME is not set"},
		"cut":          {github("pull_request", ref).withPayload(t, `{"action":"closed","pull_request":{"number":7`), "JSON"},
		"no number": {github("pull_request", ref).withPayload(t, `{"pull_request": {"head": {"ref": "x", "repo": `+ours+`}}}`),
			"numbered pull request"},
		"no head":           {github("pull_request", ref).withPayload(t, `{"pull_request": {"number": 7, "head": {}}}`), "names no head branch"},
		"push of no ref":    {github("push", ref).withPayload(t, `{`+repository+`}`), "names no ref"},
		"push, cut":         {github("push", ref).withPayload(t, `{"ref": "refs/heads/a"}`), "names no default branch"},
		"made, no branch":   {github("create", ref).withPayload(t, `{"ref_type": "branch"}`), "names no branch"},
		"GitLab, no number": {gitlab(env{"CI_MERGE_REQUEST_IID": "x"}), "CI_MERGE_REQUEST_IID"},
		"GitLab, no branch": {gitlab(env{"CI_MERGE_REQUEST_IID": "7"}), "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"},
		"no pull request":   {github("pull_request_target", ref).withPayload(t, `{}`), "names no head branch"},
		"null pull request": {github("pull_request_target", ref).withPayload(t, `{"pull_request": null}`), "names no head branch"},
	} {
		ctx, err := Detect(c.env.get, &bytes.Buffer{}, nil).Context()
		if err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: got %v", name, err)
		}
		if ctx.Branch != "" || ctx.HeadRepository != "" || ctx.LostFork != "" {
			t.Errorf("%s: guessed branch %q of %q, %q", name, ctx.Branch, ctx.HeadRepository, ctx.LostFork)
		}
		about := c.env["CI_MERGE_REQUEST_IID"] != "" || strings.HasPrefix(c.env["GITHUB_EVENT_NAME"], "pull_request")
		if ctx.HeadUnknown != about {
			t.Errorf("%s: a fork may be behind it: %v", name, ctx.HeadUnknown)
		}
	}
}

// The head repository of a pull request whose fork is gone is not the base repository,
// whatever the payload lacks, and the likely one is no more than a guess.
func TestContextOfAForkThatIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		head, label string
		lost        string
	}{
		"null":              {"null", "mallory:login", "mallory/shop"},
		"empty":             {"{}", "mallory:login", "mallory/shop"},
		"without a name":    {`{"full_name": ""}`, "mallory:login", "mallory/shop"},
		"the owner's own":   {"null", "acme:login", ""},
		"in other letters":  {"null", "ACME:login", ""},
		"without a label":   {"null", "", ""},
		"without an owner":  {"null", ":login", ""},
		"of a deleted user": {"null", "unknown repository", ""},
	} {
		payload := strings.Replace(pull("closed", "login", c.head), "octo:login", c.label, 1)
		ctx, err := Detect(github("pull_request", "refs/pull/7/merge").withPayload(t, payload).get, &bytes.Buffer{}, nil).Context()
		if err != nil || ctx.HeadRepository != "" || !ctx.HeadUnknown || !ctx.Fork() || ctx.LostFork != c.lost || ctx.Branch != "login" {
			t.Errorf("%s: got %+v, %v", name, ctx, err)
		}
	}
}

// The default branch is taken only where it was pushed to.
func TestSubject(t *testing.T) {
	for name, c := range map[string]struct {
		context Context
		branch  string
		why     string
	}{
		"pushed":                  {Context{Branch: "main", DefaultBranch: "main"}, "main", ""},
		"started":                 {Context{Branch: "main", DefaultBranch: "main", OnRef: true}, "", "default branch"},
		"started, none known":     {Context{Branch: "x", OnRef: true}, "", "default branch"},
		"started on another":      {Context{Branch: "x", DefaultBranch: "main", OnRef: true}, "x", ""},
		"an event without branch": {Context{DefaultBranch: "main", Event: Event{Name: "schedule"}}, "", "schedule"},
		"outside CI":              {Context{}, "", ""},
	} {
		branch, why := c.context.Subject()
		if branch != c.branch || (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: got %q, %q", name, branch, why)
		}
	}
}

// FuzzEvent sees that no payload makes a fork's branch the base repository's, or a
// branch of what cannot be read.
func FuzzEvent(f *testing.F) {
	f.Fuzz(func(t *testing.T, event, ref, payload string) {
		e := github(event, ref).withPayload(t, payload)
		c, err := Detect(e.get, &bytes.Buffer{}, nil).Context()
		if err != nil && (c.Branch != "" || c.PullRequest != 0 || c.HeadRepository != "" || err.Error() == "") {
			t.Fatalf("with the error %v it knows %+v", err, c)
		}
		if err != nil {
			return
		}
		about := slices.Contains(aboutPullRequests, event)
		switch head := named(payload); {
		case c.Repository != "acme/shop":
			t.Fatalf("the repository is %q", c.Repository)
		case c.HeadUnknown != (c.HeadRepository == ""), !about && c.HeadRepository != c.Repository:
			t.Fatalf("the head repository is %q, unknown %v", c.HeadRepository, c.HeadUnknown)
		case about && (c.Branch == "" || c.PullRequest < 1), about && c.HeadRepository != head:
			t.Fatalf("the pull request is %d of %q of %q, whose head is %q", c.PullRequest, c.Branch, c.HeadRepository, head)
		case strings.EqualFold(c.LostFork, c.Repository):
			t.Fatal("a fork that is gone counts as the base repository")
		}
		if branch, why := c.Subject(); branch != "" && branch != c.Branch || (branch == "") == (why == "") {
			t.Fatalf("it is about %q, since %q", branch, why)
		}
		intent := Auto(c, everybody)
		if intent.Verb == verb.Sweep { // which is about no branch
			if event != "schedule" {
				t.Fatalf("the %s event sweeps", event)
			}
			return
		}
		if intent.Verb != Nothing && (c.Branch == "" || !c.Fork() && c.Branch == c.DefaultBranch) {
			t.Fatalf("%s of %+v", intent.Verb, c)
		}
		if intent.Verb == verb.Teardown && event != "delete" && event != "push" && c.Event.Action != "closed" {
			t.Fatalf("the %s event %q takes down", event, c.Event.Action)
		}
	})
}

// named returns the head repository that a payload names.
func named(text string) string {
	var p payload
	_ = json.Unmarshal([]byte(text), &p) // what cannot be read names none
	if p.PullRequest == nil || p.PullRequest.Head.Repo == nil {
		return ""
	}
	return p.PullRequest.Head.Repo.FullName
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "event.json")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
