//go:build conformance

package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/berth-dev/berth/test/platform"
)

// otherCommit is not the head of the pull request.
const otherCommit = "89abcdef0123456789abcdef0123456789abcdef"

// commands are the rows about what comments command.
var commands = []row{
	{ID: "T192", Setup: "commands; ada may write, and comments on a pull request of login, whose head is checked out",
		Action: "auto: /check, /deploy, /check, /deploy with dry-run, /teardown; without the label and /deploy; closed and /deploy, /teardown",
		End:    "what is commanded, of the head's commit, and the comment is answered", Exit: "33, 0, 0, 0, 0, 0, 0, 0", Gone: true,
		run: func(s *fixture) {
			f := s.commanded()
			s.checkedOut(commit)
			s.comment(f, "/check")
			s.auto().exit(33)
			s.comment(f, "/deploy\r\nplease")
			run := s.auto().exit(0).reports(`"commit": "` + commit + `"`)
			run.begins("auto: deploy, since pull request 7 was given the command /deploy by ada").tellsNoToken()
			s.stored("v1 deployed")
			s.comment(f, "  /check ")
			s.auto().exit(0).begins("auto: check, since")
			s.answered(f, "eyes", "-1", "eyes", "+1", "eyes", "+1")
			s.env["BERTH_DRY_RUN"] = "true"
			s.comment(f, "/deploy")
			s.auto().exit(0).says("would change nothing")
			s.answered(f)
			s.env["BERTH_DRY_RUN"] = ""
			s.comment(f, "/teardown")
			s.auto().exit(0).begins("auto: teardown, since")
			s.answered(f, "eyes", "+1")
			s.comment(f, "/deploy")
			s.env["BERTH_LABEL"] = "preview"
			s.auto().exit(0).says("does not carry the label preview")
			s.env["BERTH_LABEL"] = ""
			f.Pull = strings.Replace(f.Pull, `"open"`, `"closed"`, 1)
			s.comment(f, "/deploy")
			s.auto().exit(0).says("Nothing to do", "and is closed")
			s.comment(f, "/teardown")
			s.auto().exit(0)
			s.answered(f, "-1", "-1", "eyes", "+1")
		}},
	{ID: "T193", Setup: "commands; what is checked out is the default branch, nothing, an older head, or values of another commit",
		Action: "auto: /deploy, each; with a commit that is not the head's; from the head's folder; /teardown where nothing is checked out",
		End:    "nothing is stored until it is the head's, and the step that checks it out is told", Exit: "64, 64, 64, 64, 64, 0, 0", Gone: true,
		run: func(s *fixture) {
			f := s.commanded()
			s.comment(f, "/deploy")
			step := `ref: "refs/pull/${{ github.event.issue.number }}/head"`
			folder := s.checkedOut(otherCommit)
			s.auto().exit(64).says("chart", otherCommit, "the head of pull request 7 is "+commit, step)
			if err := os.RemoveAll(filepath.Join(folder, ".git")); err != nil {
				s.t.Fatal(err)
			}
			s.auto().exit(64).says("it is in no checkout of "+commit, step)
			folder = s.checkedOut(otherCommit)
			s.putFile(folder, ".git/refs/remotes/pull/7/head", otherCommit+"\n")
			s.auto().exit(64).says("Run again: the head has moved since it was checked out.").silent(step)
			values := s.checkedOut(otherCommit)
			s.putFile(values, "values.yaml", "from: other\n")
			s.checkedOut(commit)
			s.auto("--values", filepath.Join(values, "values.yaml")).exit(64).says("values", otherCommit)
			s.auto("--sha", otherCommit).exit(64).says("sha", "leave sha out")
			s.answered(f, "eyes", "-1", "eyes", "-1", "eyes", "-1", "eyes", "-1", "eyes", "-1")
			s.auto("--values", filepath.Join(s.chart, "values.yaml")).exit(0)
			s.comment(f, "/teardown")
			s.berth("auto").exit(0)
			s.answered(f, "eyes", "+1", "eyes", "+1")
		}},
	{ID: "S205", Setup: "commands; login is deployed, and somebody who may not write comments on its pull request; GitHub refuses, fails, hangs or lies",
		Action: "auto: /teardown, of a reader, a stranger, a login that is another's, a bot, edited, deleted, on an issue; without a token; by each answer",
		End:    "untouched, the comment is not answered, the token goes to nobody else",
		Exit:   strings.TrimSuffix(strings.Repeat("0, ", 17), ", "),
		run: func(s *fixture) {
			f, other := s.commanded(), platform.New(s.t, false)
			s.branch = "login"
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			refused := func(says string, change ...string) {
				s.t.Helper()
				s.comment(f, "/teardown", change...)
				s.auto().exit(0).says("::notice title=nothing to do", "Nothing to do", says).silent("::error").tellsNoToken()
			}
			f.Rights = map[string]platform.Right{"bob": {Permission: "read", Of: platform.User{ID: 7, Login: "bob"}},
				"ada": {Permission: "admin", Of: platform.User{ID: 7, Login: "bob"}}, "eve": {Permission: "admin", Of: platform.Attacker}}
			refused("bob may not write to the repository", `"ada"`, `"bob"`, "1001", "7")
			refused("it answered 404", `"ada"`, `"mallory"`)
			refused("it answered about somebody else")
			refused("it answered about somebody else", `"ada"`, `"eve"`)
			refused("does not say who wrote", `"ada"`, `"bob/../ada"`)
			refused("not a person's", `"User"`, `"Bot"`)
			refused("when it is made", "created", "edited")
			refused("when it is made", "created", "deleted")
			refused("on an issue", `, "pull_request": {"url": ""}`, "")
			s.comment(f, "/teardown")
			s.env["BERTH_GITHUB_TOKEN"] = ""
			s.auto().exit(0).says("no token was given; give github-token")
			for _, answer := range []struct {
				says    string
				instead http.HandlerFunc
			}{
				{"metadata: read", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
				{"rate limit is used up until 2100-01-01T00:00:00Z", func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-RateLimit-Remaining", "0")
					w.Header().Set("X-RateLimit-Reset", "4102444800")
					w.WriteHeader(http.StatusForbidden)
				}},
				{"502", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }},
				{"whether ada may write", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
				{"301", func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, other.Server.URL, http.StatusMovedPermanently)
				}},
				{"read its answer", func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(`{"permission": "admin", "user": {"login": "ada", "id": 10`))
				}},
				{"read its answer", func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(`{"x": "` + strings.Repeat("\n::error::", 1<<18) + `", "permission": "admin",
						"user": {"login": "ada", "id": 1001}}`))
				}},
			} {
				f.Instead(func(w http.ResponseWriter, r *http.Request) bool { answer.instead(w, r); return true })
				refused(answer.says)
			}
			s.answered(f)
			s.unchanged(before)
			s.samePods(pods)
			if asked := other.Requests(); len(asked) > 0 {
				s.t.Errorf("the other host was asked %q", asked)
			}
		}},
	{ID: "S205b", Setup: "commands; login is deployed, and ada, who may write, comments what is no command",
		Action: "auto: options, other words, code, white space that nobody sees, 65,536 characters, control sequences, workflow commands; without the input commands",
		End:    "untouched, nothing of the text is printed, and nobody is asked", Exit: strings.TrimSuffix(strings.Repeat("0, ", 16), ", "),
		run: func(s *fixture) {
			f := s.commanded()
			s.branch = "login"
			s.berth("deploy").exit(0)
			before := s.recordVersions()
			for _, body := range []string{
				"/teardown --namespace kube-system swordfish", "/teardownx swordfish", "/teardown /deploy swordfish", "please /teardown swordfish",
				"swordfish\n/teardown", "```\n/teardown swordfish\n```", "    /teardown", "\t/teardown", "/teardown\u00a0", "\u00a0/teardown", "/teardown\u200b",
				"/Teardown", "/teardown\x1b[2Kswordfish", "::error::swordfish\n/teardown", strings.Repeat("swordfish/", 6600),
			} {
				s.comment(f, body)
				run := s.auto().exit(0).says("the comment is no command").silent("swordfish", "\x1b[2K")
				run.hides("swordfish")
			}
			s.comment(f, "/teardown")
			s.env["BERTH_COMMANDS"] = ""
			s.auto().exit(0).says("the issue_comment event does not say what to do")
			if asked := f.Requests(); len(asked) > 0 {
				s.t.Errorf("GitHub was asked %q", asked)
			}
			s.unchanged(before)
		}},
	{ID: "S206", Setup: "commands; login is deployed, and ada, who may write, comments on a fork's pull request of a branch of that name, whose head is checked out",
		Action: "auto: /deploy for a stranger's fork, opened by a member, never, allowed, a member's fork; /teardown of it; once the fork is gone: /deploy, /teardown; its head is the default branch's name",
		End:    "the fork has a release of its own, where forks says so; login's is untouched",
		Exit:   "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0", run: func(s *fixture) {
			f := s.commanded()
			s.branch, s.release = "login", "shop-login"
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			s.checkedOut(commit)
			own := []string{"--release", ""}
			command := func(body, opened, forks, says string) {
				s.t.Helper()
				f.Pull = strings.NewReplacer(`"acme/shop"`, `"octo/shop"`, `"acme:login"`, `"octo:login"`,
					`"opener"`, `"`+opened+`"`).Replace(headOfSeven)
				s.comment(f, body)
				s.env["BERTH_FORKS"] = forks
				s.auto(own...).exit(0).says(says).tellsNoToken()
			}
			command("/deploy", "mallory", "", "whose owner did not open it as a known member")
			command("/deploy", "ada", "", "whose owner did not open it as a known member")
			command("/deploy", "octo", "never", "forks says never")
			s.answered(f, "-1", "-1", "-1")
			if got := s.releasesLeft(); len(got) != 1 {
				s.t.Errorf("there are %q", got)
			}
			command("/deploy", "mallory", "allowed", "shop-"+slugOf("octo/shop", "login"))
			command("/deploy", "octo", "members", "shop-"+slugOf("octo/shop", "login"))
			command("/teardown", "mallory", "never", "shop-"+slugOf("octo/shop", "login"))
			command("/deploy", "octo", "", "shop-"+slugOf("octo/shop", "login"))
			f.Forget()
			gone := strings.NewReplacer(`{"full_name": "acme/shop"}`, "null", `"acme:login"`, `"octo:login"`, `"opener"`, `"octo"`)
			f.Pull = gone.Replace(headOfSeven)
			s.comment(f, "/deploy")
			s.auto(own...).exit(0).says("the fork that is gone")
			s.comment(f, "/teardown")
			s.auto(own...).exit(0).says("It was deployed for octo/shop")
			s.answered(f, "-1", "eyes", "+1")
			f.Pull = strings.Replace(headOfSeven, `"ref": "login"`, `"ref": "main"`, 1)
			s.comment(f, "/teardown")
			s.auto(own...).exit(0).says("main is the default branch")
			s.env["BERTH_FORKS"] = ""
			s.unchanged(before)
			s.samePods(pods)
		}},
	{ID: "S207", Setup: "commands; ada, who may write, comments, and what GitHub says of the pull request is nonsense, hostile, or about another",
		Action: "auto: /deploy, each; a hostile branch, title and labels; the workflow gives the branch of the run's ref, and another pull request",
		End:    "nothing is stored but for the hostile branch, which stays text; nothing is guessed",
		Exit:   "64, 64, 64, 64, 64, 64, 64, 0, 64, 64, 0", Gone: true,
		run: func(s *fixture) {
			f := s.commanded()
			s.checkedOut(commit)
			whole := f.Pull
			for _, change := range [][]string{{`"number": 7`, `"number": 8`}, {commit, "0123456"}, {commit, `\n::error::x`},
				{`"open"`, `"\u001b[2K"`},
				{`"ref": "login"`, `"ref": "../../x"`}, {`"ref": "login"`, `"ref": "x\n::error::y"`}, {whole, whole[:90]}} {
				f.Pull = strings.Replace(whole, change[0], change[1], 1)
				s.comment(f, "/deploy")
				run := s.auto().exit(64)
				run.printsNoLine("::error::x")
				run.printsNoLine("::error::y")
				run.silent("\x1b[2K").tellsNoToken()
			}
			text, err := json.Marshal(hostileBranch)
			if err != nil {
				s.t.Fatal(err)
			}
			f.Pull = strings.Replace(strings.Replace(whole, `"login"`, string(text), 1), `"labels": []`,
				`"title": "::error::x", "body": "\n::error::x", "labels": [{"name": "::error::x"}, {"name": "preview"}]`, 1)
			s.comment(f, "/deploy")
			s.env["BERTH_LABEL"] = "preview"
			run := s.auto("--url", "https://{{ .Slug }}.example.com").exit(0)
			run.silent("::error::x").tellsNoToken()
			s.stored("v1 deployed")
			f.Pull = whole
			s.env["BERTH_LABEL"] = ""
			s.comment(f, "/teardown")
			s.auto("--branch", "main").exit(64).says(`about "login"`, "leave branch out")
			s.auto("--pull-request", "8").exit(64)
			f.Pull = strings.Replace(whole, `"login"`, string(text), 1)
			s.auto().exit(0)
		}},
	{ID: "S208", Setup: "commands; ada, who may write, comments twice at once, and a reaction is refused, or hangs",
		Action: "auto: /deploy twice at a time; /deploy, cancelled while it waits; /deploy where no reaction may be written; where it hangs",
		End:    "each deployed, in turn; nothing waits for a reaction; a notice says what it lacks",
		Exit:   "0, 0, 130, 0, 0", run: func(s *fixture) {
			f := s.commanded()
			s.checkedOut(commit)
			s.comment(f, "/deploy")
			first, second := s.start("auto", "--chart", s.chart), s.start("auto", "--chart", s.chart)
			first.wait(runLimit).exit(0)
			second.wait(runLimit).exit(0)
			s.stored("v1 superseded, v2 deployed")
			f.Forget()
			cancelled := s.start("auto", append(slow("1h"), "--chart", s.chart)...)
			s.untilSurge(cancelled)
			cancelled.interrupt()
			cancelled.wait(settleLimit).exit(130)
			s.answered(f, "eyes", "-1")
			react := func(instead http.HandlerFunc) {
				f.Instead(func(w http.ResponseWriter, r *http.Request) bool {
					is := strings.HasSuffix(r.URL.Path, "/reactions")
					if is {
						instead(w, r)
					}
					return is
				})
			}
			react(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
			s.auto().exit(0).says("::notice title=The comment is not answered", "react to the comment", "pull-requests: write").tellsNoToken()
			react(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // only then it is known who hangs up
				<-r.Context().Done()
			})
			began := time.Now()
			s.auto().exit(0).says("::notice title=The comment is not answered", "did not answer in time")
			if took := time.Since(began); took > time.Minute {
				s.t.Errorf("it took %s", took)
			}
		}},
}
