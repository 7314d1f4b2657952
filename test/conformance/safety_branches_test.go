//go:build conformance

package conformance

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
)

// rightBranch are the rows about events and names that could mistake one branch for another.
var rightBranch = []row{
	{ID: "S80", Setup: "two charts of one repository without an app of their own; then the second is the first one renamed",
		Action: "deploy; deploy of the other, with adopt too; with renamed-from of another chart, then of this one; check",
		End:    "the first chart's release, until the rename is said", Exit: "0, 27, 27, 27, 0, 0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			s.anotherChart("api")
			other := []string{"--set", "greeting=bye"}
			s.berth("deploy", other...).exit(27).says(`chart "api"`, `chart "app"`, "an app of its own", "renamed-from")
			s.berth("deploy", append(other, "--adopt")...).exit(27)
			s.berth("deploy", append(other, "--renamed-from", "shop")...).exit(27)
			s.unchanged(before)
			s.samePods(pods)
			if got := s.greeting(); got != "hello" {
				s.t.Errorf("the first chart's greeting is %q", got)
			}
			s.berth("deploy", append(other, "--renamed-from", "app")...).exit(0)
			s.berth("check").exit(0)
			s.oneDeployed(2)
		}},
	{ID: "S226", Setup: "two apps of one branch with one chart, and a release that leaves the app out; " +
		"then the second is the first one renamed",
		Action: "deploy; deploy of the other, with adopt too; with renamed-from of another app; its teardown; with renamed-from of this one; " +
			"deploy of the first",
		End: "the first app's release, until the rename is said", Exit: "0, 27, 27, 27, 27, 0, 27", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			other := []string{"--app", "api", "--set", "greeting=bye"}
			s.berth("deploy", other...).exit(27).says(`app "api"`, `app "shop"`, "{{ .App }}", "renamed-from")
			s.berth("deploy", append(other, "--adopt")...).exit(27)
			s.berth("deploy", append(other, "--renamed-from", "web")...).exit(27)
			s.berth("teardown", "--app", "api").exit(27).says(`app "api"`, `app "shop"`)
			s.unchanged(before)
			s.samePods(pods)
			if got := s.greeting(); got != "hello" {
				s.t.Errorf("the first app's greeting is %q", got)
			}
			s.berth("deploy", append(other, "--renamed-from", "shop")...).exit(0)
			s.oneDeployed(2)
			s.berth("deploy").exit(27)
		}},
	{ID: "S81", Setup: "two charts of one repository, deployed at the same time by a matrix", Action: "deploy of both",
		End: "the release of the one that came first", Exit: "0, 27", run: func(s *fixture) {
			first := s.start("deploy", "--set", "hooks.post-install.delay=5s")
			s.untilStored(first)
			s.anotherChart("api")
			second := s.start("deploy", "--set", "greeting=bye")
			first.wait(runLimit).exit(0)
			second.wait(runLimit).exit(27).says("renamed-from")
			s.stored("v1 deployed")
			if got := s.greeting(); got != "hello" {
				s.t.Errorf("the first chart's greeting is %q", got)
			}
		}},
	{ID: "S82", Setup: "patch-1 of the repository and of two forks in one shared namespace, and a branch called like a fork's slug",
		Action: "deploy each, tear down the forks' and the one that is called like theirs, check",
		End:    "four releases, then the repository's own",
		Exit:   "0, 0, 0, 0, 0, 0, 0, 0", Slow: true, run: func(s *fixture) {
			s.branch, s.release = "patch-1", "shop-patch-1"
			slug := slugOf("mallory/shop", "patch-1")
			branches := [][]string{
				{}, {"--head-repository", "mallory/shop"}, {"--head-repository", "octo/shop"}, {"--branch", slug},
			}
			for _, branch := range branches {
				s.berth("deploy", append(branch, "--release", "")...).exit(0)
			}
			releases := []string{s.release, "shop-" + slug, "shop-" + slugOf("octo/shop", "patch-1"), "shop-" + slugOf("acme/shop", slug)}
			before := s.recordVersions()
			for _, release := range releases {
				s.at(s.namespace, release, func() { s.stored("v1 deployed") })
			}
			for i, branch := range branches[1:] {
				s.berth("teardown", append(branch, "--release", "")...).exit(0)
				s.at(s.namespace, releases[i+1], func() { s.stored("nothing") })
			}
			s.unchanged(before)
			s.berth("check", "--release", "").exit(0)
		}},
	{ID: "S83", Setup: "login of the repository and of a fork, which was deleted before its pull request was closed; a namespace each",
		Action: "deploy, auto when opened, auto when closed", End: "the fork's is gone, the repository's is untouched",
		Exit: "0, 0, 0", Slow: true, run: func(s *fixture) {
			fork := s.ownNamespaces("login") + slugOf("mallory/shop", "login")
			s.berth("deploy", ownNames...).exit(0)
			before := s.recordVersions()
			s.onGitHub("pull_request", pull("opened", "mallory:login", `{"full_name": "mallory/shop"}`))
			s.auto(ownNames...).exit(0)
			s.at(fork, s.release, func() { s.stored("v1 deployed") })
			s.onGitHub("pull_request", pull("closed", "mallory:login", "null"))
			s.auto(ownNames...).exit(0).says("mallory/shop")
			s.namespaceIsGone(fork)
			s.unchanged(before)
		}},
	{ID: "S84", Setup: "login of the repository is deployed; a pull request of a login whose fork is gone, never deployed",
		Action: "auto when closed, its label naming the repository's owner, then with an empty repository; with a user who may not list",
		End:    "untouched", Exit: "0, 0, 64, 64", run: func(s *fixture) {
			s.ownNamespaces("login")
			s.berth("deploy", ownNames...).exit(0)
			before, pods := s.recordVersions(), s.pods()
			s.onGitHub("pull_request", pull("closed", "acme:login", "null"))
			s.auto(ownNames...).exit(0).says("nothing is recorded")
			s.onGitHub("pull_request", pull("closed", "mallory:login", "{}"))
			s.auto(ownNames...).exit(0).says("nothing is recorded")
			s.deployerWith(s.SecretRules(), s.LeaseRules())
			s.auto(ownNames...).exit(64).says("head-repository")
			s.berth("teardown", ownNames...).exit(64).says("head-repository")
			s.unchanged(before)
			s.samePods(pods)
		}},
	{ID: "S85", Setup: "login of the repository and of two forks in one shared namespace; both forks are deleted",
		Action: "deploy, auto when opened, each; auto and teardown when closed, without a label that names the fork; check",
		End:    "the forks' are gone, the repository's is untouched", Exit: "0, 0, 0, 0, 0, 0", Slow: true, run: func(s *fixture) {
			s.branch, s.release = "login", "shop-login"
			s.berth("deploy", "--release", "").exit(0)
			before := s.recordVersions()
			s.onGitHub("pull_request", pullOf(7, "opened", "octo:login", `{"full_name": "octo/shop"}`))
			s.auto("--release", "").exit(0)
			s.onGitHub("pull_request", pull("opened", "mallory:login", `{"full_name": "mallory/shop"}`))
			s.auto("--release", "").exit(0)
			s.onGitHub("pull_request", pull("closed", "acme:login", "null"))
			s.auto("--release", "").exit(0).says("mallory/shop")
			s.at(s.namespace, "shop-"+slugOf("mallory/shop", "login"), func() { s.stored("nothing") })
			s.at(s.namespace, "shop-"+slugOf("octo/shop", "login"), func() { s.stored("v1 deployed") })
			s.onGitHub("pull_request", pullOf(7, "closed", "", "{}"))
			s.berth("teardown", "--release", "").exit(0).says("octo/shop")
			s.at(s.namespace, "shop-"+slugOf("octo/shop", "login"), func() { s.stored("nothing") })
			s.unchanged(before)
			s.byHand()
			s.berth("check", "--release", "").exit(0)
		}},
	{ID: "S86", Setup: "login is deployed; a pull request's payload that is cut, lacks its head, or cannot be read",
		Action: "auto, each; every other verb; with branch, too", End: "untouched", Exit: "64, 64, 64, 64, 64, 64, 64, 64, 64",
		run: func(s *fixture) {
			s.branch = "login"
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			s.onGitHub("pull_request", `{"action":"closed","pull_request":{"number":7`)
			s.auto().exit(64).says("payload")
			for _, verb := range []string{"teardown", "repair", "check", "deploy"} {
				s.berth(verb).exit(64).says("branch")
			}
			s.berth("teardown", "--branch", "login").exit(64).says("head-repository")
			s.onGitHub("pull_request", strings.Replace(pull("closed", "acme:login", `{"full_name": "acme/shop"}`), `"ref"`, `"reff"`, 1))
			s.auto().exit(64).says("names no head branch")
			s.env["GITHUB_EVENT_PATH"] = "/nowhere"
			s.auto().exit(64).says("/nowhere")
			s.berth("teardown", "--branch", "login").exit(64).says("head-repository")
			s.unchanged(before)
			s.samePods(pods)
		}},
	{ID: "S87", Setup: "the default branch is deployed; events that run on it and are about something else",
		Action: "teardown by a comment, a workflow's end, a schedule, by hand, for a pull request without a token, in a GitLab schedule",
		End:    "untouched", Exit: "64, 64, 64, 64, 64, 64", run: func(s *fixture) {
			s.branch = "main"
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			for _, event := range []string{"issue_comment", "workflow_run", "schedule", "workflow_dispatch"} {
				s.onGitHub(event, `{"action": "created", `+shop+`}`)
				s.berth("teardown").exit(64).says("pull-request")
			}
			s.berth("teardown", "--pull-request", "8").exit(64).says("github-token")
			s.onGitLab(map[string]string{"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "schedule"})
			s.berth("teardown").exit(64).says("default branch")
			s.unchanged(before)
			s.samePods(pods)
		}},
	{ID: "S88", Setup: "login of the repository and of a fork; a comment with the number of its pull request, then of one that is not told",
		Action: "deploy, auto, teardown of each pull request", End: "the fork's is gone, the repository's is untouched, the token is not told",
		Exit: "0, 0, 0, 64", run: func(s *fixture) {
			s.branch, s.release = "login", "shop-login"
			s.berth("deploy", "--release", "").exit(0)
			before := s.recordVersions()
			s.onGitHub("pull_request", pull("opened", "mallory:login", `{"full_name": "mallory/shop"}`))
			s.auto("--release", "").exit(0)
			s.onGitHub("issue_comment", `{"action": "created", "issue": {"number": 8}, `+shop+`}`)
			s.platformAPI(map[string]string{"/repos/acme/shop/pulls/8": `{"number": 8, "head": {"ref": "login", "sha": "` + commit +
				`", "label": "mallory:login", "repo": {"full_name": "mallory/shop"}}}`})
			s.berth("teardown", "--release", "", "--pull-request", "8").exit(0).tellsNoToken()
			s.at(s.namespace, "shop-"+slugOf("mallory/shop", "login"), func() { s.stored("nothing") })
			s.berth("teardown", "--release", "", "--pull-request", "9").exit(64).says("404", "pull-requests: read").tellsNoToken()
			s.unchanged(before)
		}},
	{ID: "S88b", Setup: "two pull requests of login, the second opened before the first is closed; GitLab: the same",
		Action: "auto when opened, each, and when the first is closed, then the second; deploy for each, teardown for the first, then the second",
		End:    "what the second has, until it is closed", Exit: "0, 0, 0, 0, 0, 0, 0, 0", Gone: true, Slow: true, run: func(s *fixture) {
			s.ownNamespaces("login")
			own := `{"full_name": "acme/shop"}`
			for _, number := range []int{7, 8} {
				s.onGitHub("pull_request", pullOf(number, "opened", "acme:login", own))
				s.auto(ownNames...).exit(0)
			}
			before, pods := s.recordVersions(), s.pods()
			s.onGitHub("pull_request", pullOf(7, "closed", "acme:login", own))
			s.auto(ownNames...).exit(0).says("is pull request 8's by now", "::notice title=nothing to do").silent("::error")
			s.unchanged(before)
			s.samePods(pods)
			s.onGitHub("pull_request", pullOf(8, "closed", "acme:login", own))
			s.auto(ownNames...).exit(0)
			s.namespaceIsGone(s.namespace)
			merge := map[string]string{"CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "login",
				"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "acme/shop"}
			of := func(number string) {
				merge["CI_MERGE_REQUEST_IID"] = number
				s.onGitLab(merge)
			}
			for _, number := range []string{"7", "8"} {
				of(number)
				s.berth("deploy", ownNames...).exit(0)
			}
			before = s.recordVersions()
			of("7")
			s.berth("teardown", ownNames...).exit(0).says("is pull request 8's by now")
			s.unchanged(before)
			of("8")
			s.berth("teardown", ownNames...).exit(0)
			s.namespaceIsGone(s.namespace)
		}},
	{ID: "S88h", Setup: "a pull request of login is deployed, and whoever may read the repository opens another one of that branch",
		Action: "auto when that is opened, and closed, or made a draft; when the first is closed; GitHub fails meanwhile",
		End:    "the app of the first, until that is closed, too", Exit: "0, 0, 0, 0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.ownNamespaces("login")
			const own, open = `{"full_name": "acme/shop"}`, `[{"number": 7, "state": "open", "labels": [], "user": {"login": "acme"},
				"head": {"ref": "login", "repo": {"full_name": "acme/shop"}}, "base": {"repo": {"full_name": "acme/shop"}}}]`
			event := func(number int, action, pulls string) {
				s.onGitHub("pull_request", pullOf(number, action, "acme:login", own))
				s.platformAPI(map[string]string{"/repos/acme/shop/pulls": pulls, "/repos/acme/shop/pulls/8": `{"number": 8, "state": "closed",
					"head": {"ref": "login", "sha": "` + commit + `", "repo": {"full_name": "acme/shop"}}}`})
			}
			event(7, "opened", "[]")
			s.auto(ownNames...).exit(0)
			event(8, "opened", open)
			s.auto(ownNames...).exit(0)
			before, pods := s.recordVersions(), s.pods()
			event(8, "closed", open)
			s.auto(ownNames...).exit(0).says("pull request 8 was closed, and pull request 7 of the same branch is open").tellsNoToken()
			event(8, "converted_to_draft", open)
			s.auto(append(ownNames, "--drafts=false")...).exit(0).says("pull request 7 of the same branch is open")
			s.unchanged(before)
			s.samePods(pods)
			event(7, "closed", "[]")
			s.auto(ownNames...).exit(0).tellsNoToken()
			s.namespaceIsGone(s.namespace)
			event(8, "opened", "[]")
			s.auto(ownNames...).exit(0)
			event(8, "closed", "{")
			s.auto(ownNames...).exit(0)
			s.namespaceIsGone(s.namespace)
		}},
	{ID: "S364", Setup: "two pull requests of login, each deployed, with their number in the namespace's name",
		Action: "auto when the first is closed, then the second", End: "the app of each, until it is closed itself",
		Exit: "0, 0, 0, 0", Gone: true,
		run: func(s *fixture) {
			named := []string{"--release", "", "--namespace", s.ownNamespaces("login") + "pr-{{ .PullRequest }}"}
			prefix := strings.TrimSuffix(s.namespace, "login")
			const own = `{"full_name": "acme/shop"}`
			event := func(number int, action string, open int) {
				s.onGitHub("pull_request", pullOf(number, action, "acme:login", own))
				s.platformAPI(map[string]string{"/repos/acme/shop/pulls": fmt.Sprintf(`[{"number": %d, "state": "open", "labels": [],
					"user": {"login": "acme"}, "head": {"ref": "login", "repo": {"full_name": "acme/shop"}},
					"base": {"repo": {"full_name": "acme/shop"}}}]`, open)})
			}
			for number := range 2 {
				event(7+number, "opened", 8-number)
				s.auto(named...).exit(0)
			}
			event(7, "closed", 8)
			s.auto(named...).exit(0).tellsNoToken()
			s.namespaceIsGone(prefix + "pr-7")
			s.at(prefix+"pr-8", s.release, func() { s.namespaceStays() })
			event(8, "closed", 7)
			s.auto(named...).exit(0)
			s.namespaceIsGone(prefix + "pr-8")
		}},
	{ID: "S88c", Setup: "a pull request is closed and opened anew, and the first run comes late, or is repeated; the branch is deleted and made anew",
		Action: "auto when opened, and opened anew; auto and teardown when closed before, auto when deleted before; auto when closed since",
		End:    "untouched by what is older, gone with the last", Exit: "0, 0, 0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.ownNamespaces("login")
			on := func(id, event, payload string) {
				s.onGitHub(event, payload)
				maps.Copy(s.env, map[string]string{"GITHUB_RUN_ID": id, "GITHUB_RUN_ATTEMPT": "2"})
			}
			of := func(id, action string) {
				on(id, "pull_request", pull(action, "acme:login", `{"full_name": "acme/shop"}`))
			}
			of("99", "opened")
			s.auto(ownNames...).exit(0)
			of("106", "reopened")
			s.auto(ownNames...).exit(0)
			before, pods := s.recordVersions(), s.pods()
			of("105", "closed")
			s.auto(ownNames...).exit(0).says("for a later event", "actions/runs/106", "Start a new run")
			s.berth("teardown", ownNames...).exit(0).says("for a later event")
			on("104", "delete", `{"ref": "login", "ref_type": "branch", `+shop+`}`)
			s.auto(ownNames...).exit(0).says("for a later event")
			s.unchanged(before)
			s.samePods(pods)
			of("1006", "closed")
			s.auto(ownNames...).exit(0)
			s.namespaceIsGone(s.namespace)
		}},
	{ID: "S88d", Setup: "main and login are deployed; a workflow gives the branch that it was started on, or the base as a fork's repository",
		Action: "auto when another branch is deleted, when a fork's pull request of login is closed", End: "untouched",
		Exit: "64, 64, 64", run: func(s *fixture) {
			s.ownNamespaces("login")
			for _, branch := range []string{"main", "login"} {
				s.branch = branch
				s.berth("deploy", ownNames...).exit(0)
			}
			before := s.recordVersions()
			s.onGitHub("delete", `{"ref": "old", "ref_type": "branch", `+shop+`}`)
			for _, branch := range []string{"main", "login"} {
				s.auto("--namespace", "", "--release", "", "--branch", branch).exit(64).says(`about "old"`, "leave branch out")
			}
			s.onGitHub("pull_request_target", pull("closed", "octo:login", `{"full_name": "octo/shop"}`))
			s.auto("--namespace", "", "--release", "", "--head-repository", "acme/shop").exit(64).says(`about "octo/shop"`)
			s.unchanged(before)
		}},
	{ID: "S88e", Setup: "main and login are deployed; a workflow gives the branch that its run's ref names, main, to a verb by name",
		Action: "teardown, deploy and repair at each event that is about login, a fork's pull request or a comment's, or cannot be read; " +
			"teardown where a fork's branch is called like ours",
		End: "untouched", Exit: "64, 64, 64, 0, 64, 64", run: func(s *fixture) {
			for _, branch := range []string{"login", "main"} {
				s.branch, s.release = branch, "shop-"+branch
				s.berth("deploy").exit(0)
			}
			before, pods := s.recordVersions(), s.pods()
			for _, e := range refOfMain {
				s.onGitHub(e.event, e.payload)
				for _, verb := range []string{"teardown", "deploy", "repair"} {
					s.berth(verb, "--branch", "main").exit(64).says(e.says...)
				}
			}
			s.onGitHub("workflow_run", workflowRun("main", `{"full_name": "mallory/shop"}`))
			s.berth("teardown", "--branch", "main", "--release", "").exit(0).says("shop-" + slugOf("mallory/shop", "main"))
			s.onGitHub("workflow_run", workflowRun("login", "null"))
			s.berth("teardown", "--branch", "login").exit(64).says("head-repository")
			s.onGitHub("pull_request_target", pull("closed", "octo:login", `{"full_name": "octo/shop"}`))
			s.berth("teardown", "--head-repository", "acme/shop").exit(64).says(`about "login" of a fork`)
			s.unchanged(before)
			s.samePods(pods)
		}},
	{ID: "S88f", Setup: "login is deployed; a fork's branch of that name with a wide space behind it, and one that is called refs/heads/login; " +
		"the workflow gives the pull request's branch",
		Action: "deploy and teardown of the first, with branch; on GitLab teardown of the second, without branch and with it",
		End:    "the first has a release of its own; login's is untouched", Exit: "0, 0, 64, 64", run: func(s *fixture) {
			s.branch, s.release = "login", "shop-login"
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			const wide = "login\u3000"
			s.onGitHub("pull_request_target", strings.ReplaceAll(pull("closed", "mallory:login", `{"full_name": "mallory/shop"}`), "login", wide))
			for _, verb := range []string{"deploy", "teardown"} {
				s.berth(verb, "--branch", wide, "--release", "").exit(0).says("shop-" + slugOf("mallory/shop", wide))
			}
			s.onGitLab(map[string]string{"CI_COMMIT_BRANCH": "refs/heads/login", "CI_PIPELINE_SOURCE": "push"})
			s.berth("teardown").exit(64).says("called like another one's ref")
			s.berth("teardown", "--branch", "refs/heads/login").exit(64).says("called like another one's ref")
			s.unchanged(before)
			s.samePods(pods)
		}},
	{ID: "S88g", Setup: "login is deployed; a comment on a fork's pull request of a branch of that name, which the workflow gives",
		Action: "deploy and teardown with branch: without a token, with one; teardown of another one",
		End:    "the fork has a release of its own; login's is untouched", Exit: "64, 64, 0, 0, 0", run: func(s *fixture) {
			s.branch, s.release = "login", "shop-login"
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			s.onGitHub("issue_comment", `{"action": "created", "issue": {"number": 8, "pull_request": {"url": ""}}, `+shop+`}`)
			own := []string{"--branch", "login", "--release", ""}
			for _, verb := range []string{"deploy", "teardown"} {
				s.berth(verb, own...).exit(64).says("head-repository", "pull request 8", "no token was given")
			}
			s.platformAPI(map[string]string{"/repos/acme/shop/pulls/8": `{"number": 8, "head": {"ref": "login", "sha": "` + commit +
				`", "label": "mallory:login", "repo": {"full_name": "mallory/shop"}}}`})
			for _, verb := range []string{"deploy", "teardown"} {
				s.berth(verb, own...).exit(0).says("shop-" + slugOf("mallory/shop", "login")).tellsNoToken()
			}
			s.berth("teardown", "--branch", "other", "--release", "").exit(0).says("shop-other")
			s.unchanged(before)
			s.samePods(pods)
		}},
	{ID: "S89", Setup: "a fork's branch is given the slug of another branch, which has its namespace",
		Action: "deploy, check, repair, teardown", End: "untouched, and both branches are named", Exit: "27, 27, 27, 27", run: func(s *fixture) {
			s.ownNamespaces("meet")
			slug := append([]string{"--slug", "meet"}, ownNames...)
			s.berth("deploy", slug...).exit(0)
			before := s.recordVersions()
			for _, verb := range []string{"deploy", "check", "repair", "teardown"} {
				s.berth(verb, append(slug, "--branch", "patch-1", "--head-repository", "mallory/shop", "--pull-request", "8")...).exit(27).
					says(`branch "meet" of acme/shop`, `branch "patch-1" of mallory/shop (pull request 8 of acme/shop)`)
			}
			s.unchanged(before)
		}},
	{ID: "S90", Setup: "a fork's branch is given the release of another branch, in a namespace that Berth did not make",
		Action: "deploy, check, repair, teardown", End: "untouched, and both branches are named", Exit: "27, 27, 27, 27", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			before := s.recordVersions()
			for _, verb := range []string{"deploy", "check", "repair", "teardown"} {
				s.berth(verb, "--branch", "patch-1", "--head-repository", "mallory/shop", "--pull-request", "8").exit(27).
					says(`branch "feature/login" of acme/shop`, `branch "patch-1" of mallory/shop (pull request 8 of acme/shop)`)
			}
			s.unchanged(before)
		}},
	{ID: "S92b", Setup: "login is deployed, for a pull request with the label preview",
		Action: "auto: a label given, another given, another taken, made a draft; a stranger's fork opened, and opened with forks: never; the label taken",
		End:    "untouched until its label is taken, and nothing is deployed for the stranger", Exit: "0, 0, 0, 0, 0, 0, 0", Gone: true,
		run: func(s *fixture) {
			s.branch = "login"
			const own, preview = `{"full_name": "acme/shop"}`, `"labels": [{"name": "preview"}], "number"`
			on := func(action, label, head string) {
				payload := strings.Replace(pull(action, "acme:login", head), `"number"`, preview, 1)
				s.onGitHub("pull_request", strings.Replace(payload, `{"action"`, `{"label": {"name": "`+label+`"}, "action"`, 1))
				s.env["BERTH_LABEL"] = "preview"
			}
			on("labeled", "preview", own)
			s.auto().exit(0).says("was given the label preview")
			before, pods := s.recordVersions(), s.pods()
			for _, event := range [][]string{{"labeled", "::error::bug"}, {"unlabeled", "bug"}, {"converted_to_draft", ""}} {
				on(event[0], event[1], own)
				s.auto().exit(0).says("Nothing to do")
			}
			// The association of the owner who opened it says nothing of the fork's owner.
			on("opened", "", `{"full_name": "mallory/shop"}`)
			s.auto().exit(0).says("mallory/shop", "Nothing to do")
			s.auto("--forks", "never").exit(0).says("mallory/shop", "Nothing to do")
			if left := s.releasesLeft(); len(left) != 1 {
				s.t.Errorf("the releases are %v", left)
			}
			s.unchanged(before)
			s.samePods(pods)
			on("unlabeled", "preview", own)
			s.auto().exit(0).says("was taken from pull request 8")
			s.stored("nothing")
		}},
	{ID: "S92c", Setup: "a fork's merge request on GitLab, a draft without labels; forks, label and drafts, as variables of the project, keep it away",
		Action: "deploy, as the template does, with each; auto with each; with what keeps nothing away: deploy",
		End:    "nothing is deployed until nothing keeps it away", Exit: "64, 64, 64, 0, 0, 0, 0",
		run: func(s *fixture) {
			s.onGitLab(map[string]string{"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop", "CI_MERGE_REQUEST_DRAFT": "true",
				"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "login", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "octo/shop",
				"CI_PIPELINE_SOURCE": "merge_request_event", "CI_ENVIRONMENT_NAME": "review/login"})
			keeps := []string{"BERTH_FORKS=never", "BERTH_LABEL=preview", "BERTH_DRAFTS=false"}
			for _, verb := range []string{"deploy", "auto"} {
				for _, variable := range keeps {
					name, value, _ := strings.Cut(variable, "=")
					s.env[name] = value
					if verb == "deploy" {
						s.berth(verb).exit(64).says(name, "run auto in its place")
					} else {
						s.auto().exit(0).says("Nothing to do")
					}
					s.env[name] = ""
				}
			}
			s.stored("nothing")
			s.env["BERTH_FORKS"], s.env["BERTH_DRAFTS"], s.env["BERTH_COMMANDS"] = "allowed", "true", "false"
			s.berth("deploy").exit(0)
			s.stored("v1 deployed")
		}},
	{ID: "S91", Setup: "GitLab hands the outputs of one deploy to the deploy of another app",
		Action: "deploy of both, teardown of the second",
		End:    "each in a namespace of its own; the first is untouched", Exit: "0, 0, 0", Slow: true, run: func(s *fixture) {
			s.ownNamespaces("login")
			s.onGitLab(map[string]string{"CI_COMMIT_BRANCH": "login", "CI_PIPELINE_SOURCE": "push"})
			s.handOn(s.berth("deploy", append(ownNames, "--url", "https://{{ .Slug }}.example.com")...).exit(0))
			before := s.recordVersions()
			second := s.env["BERTH_APP"] + "-api"
			s.env["BERTH_APP"] = second
			s.anotherChart("api")
			s.berth("deploy", ownNames...).exit(0)
			s.at("review-"+second+"-login", second, func() { s.stored("v1 deployed") })
			s.berth("teardown", ownNames...).exit(0)
			s.namespaceIsGone("review-" + second + "-login")
			s.unchanged(before)
		}},
	{ID: "S92", Setup: "GitLab: login of the project and of a fork whose project is gone by the time its merge request is closed",
		Action: "deploy of both, teardown without the source project", End: "the fork's is gone, the project's is untouched", Exit: "0, 0, 0",
		run: func(s *fixture) {
			s.branch, s.release = "login", "shop-login"
			s.env["BERTH_REPOSITORY"] = "https://gitlab.com/acme/shop"
			s.berth("deploy", "--release", "").exit(0)
			before := s.recordVersions()
			merge := map[string]string{"CI_MERGE_REQUEST_IID": "8", "CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop",
				"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "login", "CI_COMMIT_REF_NAME": "login", "CI_PIPELINE_SOURCE": "merge_request_event",
				"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "mallory/shop"}
			s.onGitLab(merge)
			s.berth("deploy", "--release", "").exit(0)
			merge["CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"] = ""
			s.onGitLab(merge)
			s.berth("teardown", "--release", "").exit(0).says("mallory/shop")
			if left := s.releasesLeft(); len(left) != 1 || left[0] != s.release {
				s.t.Errorf("left are %v", left)
			}
			s.unchanged(before)
		}},
}

// refOfMain are the events that are about another branch than that of their ref, main.
var refOfMain = []struct {
	event, payload string
	says           []string
}{
	{"delete", `{"ref": "login", "ref_type": "branch", ` + shop + `}`, []string{`about "login"`, "github.event.ref"}},
	{"delete", `{"ref": "v1", "ref_type": "tag", ` + shop + `}`, []string{`the tag "v1"`, "ref_type"}},
	{"push", `{"ref": "refs/heads/login", "deleted": true, ` + shop + `}`, []string{`about "login"`, "github.event.ref"}},
	{"pull_request_target", pull("closed", "acme:login", `{"full_name": "acme/shop"}`),
		[]string{`about "login"`, "github.event.pull_request.head.ref"}},
	{"pull_request", pull("closed", "mallory:login", `{"full_name": "mallory/shop"}`), []string{`about "login"`}}, // merged
	{"issue_comment", `{"action": "created", "issue": {"number": 8, "pull_request": {"url": ""}}, ` + shop + `}`,
		[]string{"about pull request 8", "github.event.issue.number"}},
	{"workflow_run", workflowRun("login", `{"full_name": "acme/shop"}`),
		[]string{`about "login"`, "github.event.workflow_run.head_branch"}},
	{"check_suite", `{"check_suite": {"head_branch": "login"}, ` + shop + `}`, []string{`about "login"`}},
	{"check_run", `{"check_run": {"check_suite": {"head_branch": "login"}}, ` + shop + `}`, []string{`about "login"`}},
	{"status", `{"branches": [{"name": "login"}], ` + shop + `}`, []string{`about "login"`}},
	{"delete", `{"ref": "log`, []string{"cannot be read"}},
	{"issue_comment", `{"issue": `, []string{"cannot be read"}},
}

func workflowRun(branch, head string) string {
	return `{"workflow_run": {"head_branch": "` + branch + `", "head_repository": ` + head + `}, ` + shop + `}`
}

// ownNames are the flags with which Berth names namespace and release itself.
var ownNames = []string{"--namespace", "", "--release", ""}

// anotherChart makes the row's chart one of another name.
func (s *fixture) anotherChart(name string) {
	s.t.Helper()
	s.chartWith("Chart.yaml", "apiVersion: v2\nname: "+name+"\nversion: 0.1.0\n")
}

// tellsNoToken fails the row if the run told the platform's token to anybody but the
// runner, which is to mask it.
func (e ended) tellsNoToken() {
	e.s.t.Helper()
	report := readFile(e.s.t, filepath.Join(e.dir, "report.json"))
	said := strings.Replace(e.out.String(), "::add-mask::"+platformToken+"\n", "", 1)
	if strings.Contains(said+report, platformToken) {
		e.s.t.Errorf("%s tells the token:\n%s%s", e.verb, said, report)
	}
}

// handOn gives the runs that follow what a run wrote into its dotenv report, as GitLab
// does with later jobs.
func (s *fixture) handOn(e ended) {
	s.t.Helper()
	for line := range strings.Lines(readFile(s.t, filepath.Join(e.dir, "berth.env"))) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		s.env[name] = value
	}
	if s.env["BERTH_RESULT_NAMESPACE"] == "" || s.env["BERTH_RESULT_URL"] == "" {
		s.t.Error("the run handed on no namespace or URL")
	}
}
