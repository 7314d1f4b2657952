package ci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/verb"
)

func TestCommandOf(t *testing.T) {
	for body, want := range map[string]verb.Verb{
		"/deploy":                              verb.Deploy,
		"/check":                               verb.Check,
		"/teardown":                            verb.Teardown,
		"/deploy\r\n":                          verb.Deploy,
		"/deploy \t\r\nplease, it is urgent":   verb.Deploy,
		"   /deploy":                           verb.Deploy,
		"/teardown\n/deploy":                   verb.Teardown,
		"/deploy\n" + strings.Repeat("x", 1e5): verb.Deploy,
		"":                                     Nothing,
		"\n/deploy":                            Nothing,
		"    /deploy":                          Nothing, // code
		"\t/deploy":                            Nothing, // code
		"```\n/deploy\n```":                    Nothing,
		"`/deploy`":                            Nothing,
		"> /deploy":                            Nothing,
		"/deploy --namespace x":                Nothing,
		"/deploy /teardown":                    Nothing,
		"/deployx":                             Nothing,
		"/Deploy":                              Nothing,
		"//deploy":                             Nothing,
		"/repair":                              Nothing,
		"/auto":                                Nothing,
		"deploy":                               Nothing,
		"please /deploy":                       Nothing,
		"/deploy\r/teardown":                   Nothing,
		"/deploy\u00a0":                        Nothing,
		"\u00a0/deploy":                        Nothing,
		"/deploy\u200b":                        Nothing,
		"\ufeff/deploy":                        Nothing,
		"/deploy\x1b[2K":                       Nothing,
		"/deploy\u2028/teardown":               Nothing,
		"/dep\u200dloy":                        Nothing,
		"/d\u0435ploy":                         Nothing, // a Cyrillic letter
		"::set-output name=x::/deploy":         Nothing,
		strings.Repeat("/deploy", 1e4):         Nothing,
		strings.Repeat(" ", 65529) + "/deploy": Nothing,
	} {
		if got := commandOf(body); got != want {
			t.Errorf("%.40q is %q, want %q", body, got, want)
		}
	}
}

// commented is the payload of an event about a comment on pull request 7, of alice.
func commented(body string, change ...string) string {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	payload := fmt.Sprintf(`{"action": "created", "issue": {"number": 7, "state": "open", "pull_request": {"url": ""}},
		"comment": {"id": 99, "body": %s, "user": {"login": "alice", "id": 1001, "type": "User"}}, %s}`, text, repository)
	return strings.NewReplacer(change...).Replace(payload)
}

// What the event alone says of a comment decides whether anybody is asked about it.
func TestCommands(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		asks    bool
		says    string
	}{
		"a command":            {commented("/deploy"), true, "alice may write"},
		"to check":             {commented("/check\r\nplease"), true, "alice may write"},
		"no command":           {commented("/deploy now ::error::x"), false, "the comment is no command"},
		"edited":               {commented("/deploy", "created", "edited"), false, "when it is made"},
		"deleted":              {commented("/deploy", "created", "deleted"), false, "when it is made"},
		"of a bot":             {commented("/deploy", `"User"`, `"Bot"`), false, "not a person's"},
		"of an organisation":   {commented("/deploy", `"User"`, `"Organization"`), false, "not a person's"},
		"of no type":           {commented("/deploy", `"type": "User"`, `"x": 1`), false, "not a person's"},
		"of nobody":            {commented("/deploy", `{"login": "alice", "id": 1001, "type": "User"}`, `null`), false, "not a person's"},
		"a forged login":       {commented("/deploy", `"alice"`, `"alice/../bob"`), false, "does not say who"},
		"a login of commands":  {commented("/deploy", `"alice"`, `"\n::error::x"`), false, "does not say who"},
		"a login of Markdown":  {commented("/deploy", `"alice"`, `"<b>@acme"`), false, "does not say who"},
		"no id":                {commented("/deploy", `1001`, `0`), false, "does not say who"},
		"no comment":           {commented("/deploy", `"id": 99, `, ``), false, "does not say who"},
		"on an issue":          {commented("/deploy", `, "pull_request": {"url": ""}`, ``), false, "on an issue"},
		"on null":              {commented("/deploy", `{"url": ""}`, `null`), false, "on an issue"},
		"on a negative number": {commented("/deploy", `"number": 7`, `"number": -7`), false, "on an issue"},
	} {
		e := github("issue_comment", "refs/heads/main").withPayload(t, c.payload)
		ctx, err := Detect(e.get, &bytes.Buffer{}, nil).Context()
		if err != nil {
			t.Fatal(err)
		}
		commands := everybody
		commands.Commands = true
		if got := Commands(ctx, commands); got != c.asks {
			t.Errorf("%s: it is a command: %t", name, got)
		}
		// Nothing is done before somebody was asked.
		if got := Auto(ctx, commands); got.Verb != Nothing || !strings.Contains(got.Reason, c.says) {
			t.Errorf("%s: %v", name, got)
		}
		got := Auto(ctx, everybody)
		if got.Verb != Nothing || Commands(ctx, everybody) || !strings.Contains(got.Reason, "does not say what to do") {
			t.Errorf("%s, without commands: %v", name, got)
		}
		if ctx.Branch != "" || ctx.SHA != "" {
			t.Errorf("%s: it is about %+v", name, ctx)
		}
	}
}

// Other events are no commands, whatever their payload has.
func TestOtherEventsAreNoCommands(t *testing.T) {
	commands := everybody
	commands.Commands, commands.Sweeps = true, false
	for _, event := range []string{"pull_request_review_comment", "commit_comment", "discussion_comment", "issues", "repository_dispatch",
		"workflow_dispatch", "pull_request_review", "schedule"} {
		e := github(event, "refs/heads/main").withPayload(t, commented("/deploy"))
		ctx, _ := Detect(e.get, &bytes.Buffer{}, nil).Context()
		if got := Auto(ctx, commands); Commands(ctx, commands) || got.Verb != Nothing {
			t.Errorf("%s: %v", event, got)
		}
	}
}

// What GitHub says of the author and the pull request decides, with the inputs.
func TestAutoByCommand(t *testing.T) {
	label, ready, members, nobody := everybody, everybody, everybody, everybody
	label.Label, ready.Drafts, members.Forks, nobody.Forks = "preview", false, ForksMembers, ForksNever
	is := func(change func(*Context)) Context {
		c := Context{Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "x", DefaultBranch: "main", PullRequest: 7,
			Event:   Event{Name: "issue_comment", Action: "created"},
			Comment: Comment{ID: 1, Login: "alice", UserID: 1, Person: true, Asked: true}}
		change(&c)
		return c
	}
	plain := func(*Context) {}
	fork := func(c *Context) { c.HeadRepository = "octo/shop" }
	member := func(c *Context) { c.HeadRepository, c.Pull.Member = "octo/shop", true }
	gone := func(c *Context) { c.HeadRepository, c.HeadUnknown = "", true }
	all, noDeploy := []verb.Verb{verb.Deploy, verb.Check, verb.Teardown}, []verb.Verb{verb.Check, verb.Teardown}
	for name, tt := range map[string]struct {
		change func(*Context)
		policy Policy
		does   []verb.Verb // of deploy, check, teardown
		says   string
	}{
		"open":    {plain, everybody, all, "by alice"},
		"refused": {func(c *Context) { c.Comment.Refused = "no" }, everybody, nil, "no"},
		"closed":  {func(c *Context) { c.Pull.Closed = true }, everybody, noDeploy, "is closed"},
		"without the label": {func(c *Context) { c.Pull.Labels = []string{"bug"} }, label, noDeploy,
			"does not carry the label"},
		"with the label": {func(c *Context) { c.Pull.Labels = []string{"Preview"} }, label,
			all, ""},
		"a draft":            {func(c *Context) { c.Pull.Draft = true }, ready, noDeploy, "draft"},
		"the default branch": {func(c *Context) { c.Branch = "main" }, everybody, nil, "default branch"},
		"no default branch":  {func(c *Context) { c.DefaultBranch = "" }, everybody, nil, "not known"},
		"no branch":          {func(c *Context) { c.Branch = "" }, everybody, nil, "no branch"},
		"a fork":             {fork, members, noDeploy, "known member"},
		"a member's":         {member, members, all, ""},
		"a fork, allowed":    {fork, everybody, all, ""},
		"a member's, for none": {member, nobody, noDeploy,
			"forks says never"},
		"a fork that is gone": {gone, members, noDeploy, ""},
	} {
		for _, command := range []verb.Verb{verb.Deploy, verb.Check, verb.Teardown} {
			want := Nothing
			for _, v := range tt.does {
				if v == command {
					want = v
				}
			}
			c := is(tt.change)
			c.Comment.Command, tt.policy.Commands = command, true
			got := Auto(c, tt.policy)
			if got.Verb != want || got.Reason == "" || (got.Verb == Nothing || want == verb.Deploy) && !strings.Contains(got.Reason, tt.says) {
				t.Errorf("%s, /%s: %v", name, command, got)
			}
			c.Event.Action = "edited"
			if got := Auto(c, tt.policy); got.Verb != Nothing {
				t.Errorf("%s, /%s, edited: %v", name, command, got)
			}
		}
	}
}
