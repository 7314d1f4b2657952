//go:build conformance

package conformance

import (
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
	"github.com/berth-dev/berth/test/platform"
)

// hostileBranch is what Git allows for a branch.
const hostileBranch = "x/@acme/all-#1-GH-2-!3-<img/src=x>-|-`code`-](evil.example)-{{x}}-/close"

// jobTokens are the rows about what GitLab says of a job to another job's own token.
var jobTokens = []row{
	{ID: "T190", Setup: "a job of GitLab, killed in the wait; Leases may not be used",
		Action: "deploy with the own token of a later job, to which GitLab says that the first one runs, then that it failed",
		End:    "untouched as long as it runs; then v2 deployed at once", Exit: "21, 0 + warning", run: func(s *fixture) {
			f := s.platform(true)
			s.proxy().On(faultproxy.Match{Resource: "leases"}, faultproxy.Answer(http.StatusForbidden, "leases may not be used"))
			job := func(id int, status string) {
				s.onGitLab(map[string]string{"CI_COMMIT_BRANCH": "login", "CI_PIPELINE_SOURCE": "push",
					"CI_PROJECT_URL": "https://gitlab.com/acme/shop", "CI_PIPELINE_ID": fmt.Sprint(90 + id),
					"CI_JOB_URL": fmt.Sprintf("https://gitlab.com/acme/shop/-/jobs/%d", id)})
				maps.Copy(s.env, f.Env(id))
				s.env["CI_JOB_TOKEN"] = platform.Token
				f.Instead(func(w http.ResponseWriter, r *http.Request) bool {
					asked := r.URL.Path == "/api/v4/projects/5/pipelines/91/jobs" && r.URL.Query().Get("include_retried") == "true" &&
						r.Header.Get("Job-Token") == platform.Token
					if asked {
						_, _ = fmt.Fprintf(w, `[{"id": 3, "status": "running"}, {"id": 1, "status": %q}]`, status)
					}
					return asked
				})
			}
			job(1, "")
			run := s.start("deploy", slow("1h")...)
			s.untilPods(run)
			run.kill()
			s.stored("v1 pending-install")
			job(2, "running")
			s.berth("deploy", "--lock-timeout", "1s").exit(21)
			s.stored("v1 pending-install")
			job(3, "failed")
			s.berth("deploy", "--lock-timeout", "1s").exit(0).tellsNoToken()
			s.stored("v1 superseded, v2 deployed")
		}},
}

// pullRequests are the rows about what is told on a pull request.
var pullRequests = []row{
	{ID: "S200", Setup: "comment, on GitHub; a branch whose name is mentions, references and Markdown; others' comments with this one's mark",
		Action: "auto: opened, which fails; updated; updated and cancelled; closed; closed again",
		End:    "one comment, edited each time, with that name as code; the others' are as they were", Exit: "23, 0, 130, 0, 0", Gone: true,
		run: func(s *fixture) {
			f := s.platform(false)
			event := func(action string, run int) {
				s.onGitHub("pull_request", fmt.Sprintf(`{"action": %q, "pull_request": {"number": 7, "head": {"ref": %q, "sha": %q,
					"repo": {"full_name": "acme/shop"}}}, %s}`, action, hostileBranch, commit, shop))
				s.comments(f, run)
			}
			event("opened", 1)
			s.auto("--set", missingImage).exit(23).tellsNoToken()
			s.told(f, "### ❌ The deploy of `shop` failed", "``"+hostileBranch+"``")
			forged := f.Comments()[0]
			f.Says(platform.Attacker, forged) // as whoever may comment copies it
			event("synchronize", 2)
			s.auto("--url", "https://{{ .Slug }}.example.com").exit(0)
			s.told(f, "### ✅ `shop` is ready", ".example.com>)")
			event("synchronize", 3)
			run := s.start("auto", append(slow("1h"), "--chart", s.chart)...)
			s.untilSurge(run)
			kubetest.Eventually(s.t, settleLimit, func() (bool, string) {
				said := f.Bodies()[0]
				return strings.HasPrefix(said, "### ⏳ `shop` is being deployed"), said
			})
			run.interrupt()
			run.wait(settleLimit).exit(130)
			s.told(f, "### ⚠️ The deploy of `shop` was cancelled")
			for n := range 2 {
				event("closed", 4+n)
				s.auto().exit(0)
				s.told(f, "### ⚪ `shop` is gone")
			}
			if comments := f.Comments(); len(comments) != 2 || comments[1] != forged {
				s.t.Errorf("the comments are %q", comments)
			}
		}},
	{ID: "S200b", Setup: "comment, on GitHub; a branch whose name nobody sees", Action: "auto: opened, closed",
		End: "the comment names no branch, and the runs end as without it", Exit: "0, 0", Gone: true, run: func(s *fixture) {
			f := s.platform(false)
			for run, action := range []string{"opened", "closed"} {
				s.onGitHub("pull_request", fmt.Sprintf(`{"action": %q, "pull_request": {"number": 7, "head": {"ref": "\u200b\u2060", "sha": %q,
					"repo": {"full_name": "acme/shop"}}}, %s}`, action, commit, shop))
				s.comments(f, run+1)
				s.auto().exit(0).tellsNoToken()
				s.told(f, "`shop` is ")
			}
		}},
	{ID: "S201", Setup: "comment, on GitLab; the same name, and a cause in which lines are quick actions",
		Action: "deploy, deploy to a context that is not there, deploy that fails, teardown",
		End:    "one note, in which no line begins with a slash", Exit: "0, 64, 30, 0", Gone: true,
		run: func(s *fixture) {
			f := s.platform(true)
			job := func(id int) {
				s.onGitLab(map[string]string{"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop",
					"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": hostileBranch, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "acme/shop"})
				s.comments(f, id)
			}
			job(1)
			s.berth("deploy").exit(0).tellsNoToken()
			s.told(f, "### ✅ `shop` is ready")
			job(2)
			s.berth("deploy", "--kube-context", "no-such").exit(64)
			s.told(f, "### ❌ The deploy of `shop` failed", "no-such", hostileBranch)
			s.chartWith("templates/fails.yaml", `{{ fail "\n/close\n/label ~bug\n@acme/all" }}`)
			job(3)
			s.berth("deploy").exit(30)
			s.told(f, "### ❌ The deploy of `shop` failed")
			job(4)
			s.berth("teardown").exit(0)
			s.told(f, "### ⚪ `shop` is gone")
		}},
	{ID: "S202", Setup: "comment, and a GitHub that refuses, is limited, fails, hangs, sends away, or answers nonsense",
		Action: "deploy, each", End: "deployed; a notice says what was asked, and why it was not told; the token goes to nobody else",
		Exit: "0, 0, 0, 0, 0, 0", run: func(s *fixture) {
			f, other := s.platform(false), platform.New(s.t, false)
			for n, answer := range []struct {
				says    string
				instead func(w http.ResponseWriter, r *http.Request)
			}{
				{"pull-requests: write", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
				{"rate limit is used up until 2100-01-01T00:00:00Z", func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-RateLimit-Remaining", "0")
					w.Header().Set("X-RateLimit-Reset", "4102444800")
					w.WriteHeader(http.StatusForbidden)
				}},
				{"502", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }},
				{"did not answer in time", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
				{"301", func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, other.Server.URL, http.StatusMovedPermanently)
				}},
				{"answer", func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(`<b>::error::` + strings.Repeat("x", 1<<20)))
				}},
			} {
				s.onGitHub("pull_request", pullOf(7, "opened", "acme:login", `{"full_name": "acme/shop"}`))
				s.comments(f, n+1)
				f.Instead(func(w http.ResponseWriter, r *http.Request) bool { answer.instead(w, r); return true })
				run := s.berth("deploy").exit(0).says("::notice title=The pull request is not told", answer.says).silent("::error::")
				run.tellsNoToken()
			}
			if asked := other.Requests(); len(asked) > 0 {
				s.t.Errorf("the other host was asked %q", asked)
			}
		}},
	{ID: "S203", Setup: "deployment, on GitHub; others' deployments to the same environment, and to another one with this one's payload",
		Action: "auto: opened, updated, updated and it fails, closed",
		End:    "each deploy's own, with its status and URL, inactive once the next is ready or the app is gone; the others' are as they were",
		Exit:   "0, 0, 23, 0", Gone: true, run: func(s *fixture) {
			f := s.platform(false)
			environment := "review/shop-" + slugOf("acme/shop", "login")
			f.Deploys(environment, `""`, "success")
			deployed := func(states ...string) {
				s.t.Helper()
				var got []string
				for _, d := range f.Deployments() {
					got = append(got, strings.Join(d.States, " "))
				}
				if !slices.Equal(got, states) {
					s.t.Errorf("the deployments are %q, want %q", got, states)
				}
			}
			event := func(action string, run int) {
				s.onGitHub("pull_request", pullOf(7, action, "acme:login", `{"full_name": "acme/shop"}`))
				s.comments(f, run)
				s.env["BERTH_COMMENT"], s.env["BERTH_DEPLOYMENT"], s.env["BERTH_URL"] = "", "true", "https://{{ .Slug }}.example.com"
			}
			event("opened", 1)
			s.auto().exit(0).tellsNoToken()
			made := f.Deployments()[1]
			if made.Environment != environment || made.Ref != commit || !made.Transient ||
				made.URL != "https://"+slugOf("acme/shop", "login")+".example.com" || !strings.Contains(made.Log, "/actions/runs/1") {
				s.t.Errorf("it is %+v", made)
			}
			f.Deploys("production", string(made.Payload), "success")
			event("synchronize", 2)
			s.auto().exit(0)
			event("synchronize", 3)
			s.auto("--set", missingImage).exit(23)
			deployed("success", "in_progress success inactive", "success", "in_progress success", "in_progress failure")
			event("closed", 4)
			s.auto().exit(0)
			deployed("success", "in_progress success inactive", "success", "in_progress success inactive", "in_progress failure")
		}},
	{ID: "S203b", Setup: "comment, deployment, commands, on GitHub; two pull requests of login, each deployed",
		Action: "auto: the first is closed; /teardown on it; a run of the second's older event, closed; then the second is closed",
		End:    "until the last, the comment and the deployment say that the app is there, and the command is answered as one that was not done",
		Exit:   "0, 0, 0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			f := s.commanded()
			s.ownNamespaces("login")
			told := func(number, run int, action string) {
				s.onGitHub("pull_request", pullOf(number, action, "acme:login", `{"full_name": "acme/shop"}`))
				s.comments(f, run)
				s.env["BERTH_DEPLOYMENT"], s.env["BERTH_URL"] = "true", "https://{{ .Slug }}.example.com"
			}
			told(7, 99, "opened")
			s.auto(ownNames...).exit(0)
			told(8, 106, "opened")
			s.auto(ownNames...).exit(0)
			before, pods := s.recordVersions(), s.pods()
			stays := func() {
				s.t.Helper()
				s.told(f, "### ✅ `"+s.env["BERTH_APP"]+"` is ready")
				if made := f.Deployments(); len(made) != 2 || made[1].States[len(made[1].States)-1] != "success" {
					s.t.Errorf("the deployments are %+v", made)
				}
				s.unchanged(before)
				s.samePods(pods)
			}
			told(7, 107, "closed")
			s.auto(ownNames...).exit(0).says("is pull request 8's by now")
			stays()
			s.comment(f, "/teardown")
			s.auto(ownNames...).exit(0).says("is pull request 8's by now")
			s.answered(f, "eyes", "-1")
			told(8, 105, "closed")
			s.auto(ownNames...).exit(0).says("for a later event")
			stays()
			told(8, 108, "closed")
			s.auto(ownNames...).exit(0)
			s.namespaceIsGone(s.namespace)
		}},
}

// platform is a platform for the row, which trusts its certificate.
func (s *fixture) platform(gitLab bool) *platform.Fake {
	s.t.Helper()
	f := platform.New(s.t, gitLab)
	ca := filepath.Join(s.t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.env["SSL_CERT_FILE"] = ca
	return f
}

// comments has the next run, of this number, comment.
func (s *fixture) comments(f *platform.Fake, run int) {
	maps.Copy(s.env, f.Env(run))
	s.env["BERTH_COMMENT"] = "true"
	if s.env["BERTH_GITHUB_TOKEN"] = platform.Token; f.GitLab {
		s.env["BERTH_GITHUB_TOKEN"], s.env["BERTH_GITLAB_TOKEN"] = "", platform.Token
	}
}

// told fails the row unless the first comment says this, on lines that are no commands.
func (s *fixture) told(f *platform.Fake, parts ...string) {
	s.t.Helper()
	bodies := f.Bodies()
	if len(bodies) == 0 {
		s.t.Error("there is no comment")
		return
	}
	for _, part := range parts {
		if !strings.Contains(bodies[0], part) {
			s.t.Errorf("it does not say %q:\n%s", part, bodies[0])
		}
	}
	if strings.Contains(bodies[0], "\n/") {
		s.t.Errorf("a line is a command:\n%s", bodies[0])
	}
}
