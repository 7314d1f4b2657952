//go:build conformance

package conformance

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/test/faultproxy"
)

// secretText are the rows about text that could grant something or tell a secret.
var secretText = []row{
	{ID: "S100", Setup: "a webhook refuses a ConfigMap with 403, and quotes an annotation of it that reads like a missing permission, " +
		"with a ClusterRoleBinding in it", Action: "deploy an install, deploy an upgrade",
		End: "no RBAC is printed, and the cause is said", Exit: "23, 23", run: func(s *fixture) {
			s.chartWith("templates/quoted.yaml", configMapWith("a"))
			end := s.refuses(configMaps, quotesAnnotation)
			s.berth("deploy").exit(23).lacks().says("denied the request", "kind: ClusterRoleBinding").grantsNothing()
			s.berth("deploy", "--set", "greeting=bye").exit(23).lacks().grantsNothing()
			end()
		}},
	{ID: "S129", Setup: "values-content with a secret under a common name, which the chart quotes as it fails; the same, out of form",
		Action: "deploy, each time", End: "the value is in the release, and told nowhere", Exit: "0, 30, 64", run: func(s *fixture) {
			const told = "hunter2-of-the-content"
			s.env["BERTH_VALUES_CONTENT"] = "greeting: " + told + "\n"
			s.chartWith("templates/tell.yaml", `{{ if .Values.tell }}{{ fail (printf "it says %s" .Values.greeting) }}{{ end }}`)
			s.berth("deploy", "--log-level", "debug").exit(0).hides(told)
			s.greets(told)
			s.berth("deploy", "--set", "tell=true").exit(30).says("it says ***").hides(told)
			s.env["BERTH_VALUES_CONTENT"] = "greeting: " + told + ": x\n"
			s.berth("deploy").exit(64).says("values-content").hides(told)
			delete(s.env, "BERTH_VALUES_CONTENT")
		}},
	{ID: "S129b", Setup: "a registry's credentials, a token, a password and a certificate's key given where the paths of their files belong",
		Action: "deploy, each, on GitHub and elsewhere", End: "that there is no such file is said, and none of them",
		Exit: "64, 64, 64, 64, 64, 64, 64, 64", Gone: true, run: func(s *fixture) {
			for _, host := range []string{"GITHUB_ACTIONS", "NEITHER"} {
				for _, flags := range [][]string{
					{"--registry-config", `{"auths":{"registry.example.com":{"auth":"aHVudGVyMi1hOmh1bnRlcjItYg=="}}}`},
					{"--kubeconfig", "hunter2-of-the-cluster"}, {"--set-file", "db.password=hunter2-of-the-db"}, {"--ca-file", "hunter2 of the CA"},
				} {
					s.env[host] = "true"
					s.berth("deploy", flags...).exit(64).says("there is no such file").hides("hunter2", "aHVudGVyMi1")
				}
				delete(s.env, host)
			}
		}},
	{ID: "S101", Setup: "deployed, and a webhook refuses the deletion of the ConfigMap in these words", Action: "teardown",
		End: "no RBAC is printed", Exit: "23, 0", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/quoted.yaml", configMapWith("a"))
			s.berth("deploy").exit(0)
			end := s.refuses(configMaps, quotesAnnotation)
			s.berth("teardown").exit(23).lacks().says("denied the request").grantsNothing()
			end()
			s.berth("teardown").exit(0)
		}},
	{ID: "S102", Setup: "a policy with the reason Forbidden refuses a ConfigMap in the words of a missing permission", Action: "deploy",
		End: "no RBAC is printed", Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/quoted.yaml", strings.ReplaceAll(configMapWith("a"), "\n---\n", " "))
			end := s.policyQuotes()
			s.berth("deploy").exit(23).lacks().says("ValidatingAdmissionPolicy").grantsNothing()
			end()
		}},
	{ID: "S103", Setup: "a proxy answers the writes of ConfigMaps with the denial of another permission, as the API server words it",
		Action: "deploy, then deploy where the record's write is answered so", End: "that permission is neither missing nor granted",
		Exit: "23, 24", Gone: true, run: func(s *fixture) {
			const denial = `configmaps "web" is forbidden: User "u" cannot bind resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope`
			p := s.proxy()
			p.On(faultproxy.Match{Verb: "create", Resource: "configmaps"}, faultproxy.Answer(http.StatusForbidden, denial))
			s.berth("deploy").exit(23).lacks().says("not for want of the permission").grantsNothing()
			s.purge()
			p.On(faultproxy.Match{Verb: "create", Resource: "secrets"}, faultproxy.Answer(http.StatusForbidden, denial))
			s.berth("deploy").exit(24).lacks().grantsNothing()
		}},
	{ID: "S104", Setup: "a kubeconfig without credentials", Action: "check, deploy", End: "no RBAC for everybody, and it is said what for",
		Exit: "20, 20", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.withoutCredentials()
			s.berth("check").exit(20).says("credentials").grantsNothing()
			s.berth("deploy", "--rbac-wait", "0s").exit(20).says("credentials").grantsNothing()
		}},
	{ID: "S105", Setup: "deployed with a Secret, whose type an upgrade changes, which cannot be", Action: "deploy, check, deploy",
		End: "field and rule are said, and no value: not in any output, not in the record, not by the next runs", Exit: "23, 23, 0",
		run: func(s *fixture) {
			s.chartWith("templates/creds.yaml", credentials)
			s.berth("deploy", "--set-string", shortPassword).exit(0)
			run := s.berth("deploy", "--set-string", shortPassword, "--set", "type=example.org/other", "--log-level", "debug").exit(23).
				says(`"creds"`, "type: Invalid value: field is immutable")
			run.hides(shortValues...)
			run.publishesNone(shortValues...)
			s.describesNone(shortValues...)
			s.berth("check").exit(23).says("field is immutable").hides(shortValues...)
			s.berth("deploy", "--set-string", shortPassword).exit(0).hides(shortValues...)
		}},
	{ID: "S106", Setup: "a Secret whose base64 is none, at an install and at an upgrade", Action: "deploy, deploy, deploy, teardown",
		End: "the rule is said, and no value", Exit: "23, 0, 23, 0", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/creds.yaml", credentials)
			broken := []string{"--set-string", shortPassword, "--set", "broken=not base64!!"}
			for _, begin := range []bool{true, false} {
				run := s.berth("deploy", broken...).exit(23).says("illegal base64")
				run.hides(shortValues...)
				s.describesNone(shortValues...)
				if begin {
					s.berth("deploy", "--set-string", shortPassword).exit(0).hides(shortValues...)
				}
			}
			s.berth("teardown").exit(0).hides(shortValues...)
		}},
	{ID: "S107", Setup: "a webhook refuses the Secret, and quotes it", Action: "deploy an install, deploy, deploy an upgrade, teardown, twice",
		End: "who refused is said, and no value", Exit: "23, 0, 23, 23, 0", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/creds.yaml", credentials)
			end := s.refuses(secrets, func(name, raw string) string {
				if name == "creds" {
					return "it is weak: " + raw
				}
				return ""
			})
			s.berth("deploy", "--set-string", shortPassword).exit(23).says("denied the request").hides(shortValues...)
			end()
			s.berth("deploy", "--set-string", shortPassword).exit(0)
			end = s.refuses(secrets, func(name, raw string) string {
				if name == "creds" {
					return "it is weak: " + raw
				}
				return ""
			})
			s.berth("deploy", "--set-string", "password=t0psec").
				exit(23).
				says("denied the request").
				hides(append(shortValues, "t0psec", "dDBwc2Vj")...)
			s.describesNone(append(shortValues, "t0psec", "dDBwc2Vj")...)
			s.berth("teardown").exit(23).says("denied the request").hides(append(shortValues, "t0psec", "dDBwc2Vj")...)
			end()
			s.berth("teardown").exit(0)
		}},
	{ID: "S107b", Setup: "a webhook refuses the records, which are in ConfigMaps with the Secret packed in them, and quotes them",
		Action: "deploy an install, deploy, deploy an upgrade, teardown, twice", End: "who refused is said, and nothing of a record",
		Exit: "24, 0, 24, 24, 0", Gone: true, run: func(s *fixture) {
			const packed = "H4sI" // what is in gzip and base64 begins so
			s.env["HELM_DRIVER"] = "configmap"
			s.chartWith("templates/creds.yaml", credentials)
			quotes := func(name, raw string) string {
				if strings.HasPrefix(name, "sh.helm.release.v1.") {
					return "it is too large: " + raw
				}
				return ""
			}
			end := s.refuses(configMaps, quotes)
			s.berth("deploy", "--log-level", "debug").exit(24).says("denied the request").hides(packed)
			end()
			s.berth("deploy").exit(0)
			end = s.refuses(configMaps, quotes)
			s.berth("deploy", "--set", "greeting=bye", "--log-level", "debug").exit(24).says("denied the request").hides(packed)
			s.berth("teardown", "--log-level", "debug").exit(24).says("denied the request").hides(packed)
			end()
			s.berth("teardown").exit(0)
		}},
	{ID: "S108", Setup: "a webhook refuses a ConfigMap, and quotes a Secret's value plain, in base64 once and twice, in a header, a URL, " +
		"hexadecimal and cut", Action: "deploy on GitHub, on GitLab and elsewhere", End: "each is masked, and the cause is readable",
		Exit: "23, 23, 23", run: func(s *fixture) {
			s.chartWith("templates/creds.yaml", credentials)
			end := s.refuses(configMaps, func(name, _ string) string {
				return "web does not like " + strings.Join(quotations(longPassword), " or ")
			})
			for _, host := range []string{"GITHUB_ACTIONS", "GITLAB_CI", "NEITHER"} {
				summary := s.t.TempDir() + "/summary"
				s.env = map[string]string{host: "true", "GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": summary,
					"BERTH_LOCK_DURATION": shortLease.String()}
				run := s.berth("deploy", "--set-string", "password="+longPassword, "--log-level", "debug").exit(23).says("web does not like")
				run.hides(quotations(longPassword)...)
				run.publishesNone(quotations(longPassword)...)
				s.holdsNone(summary, quotations(longPassword)...)
				s.describesNone(quotations(longPassword)...)
			}
			end()
		}},
	{ID: "S109", Setup: "the password that a template makes up, in a Secret and in a label that is too long for it", Action: "deploy, check",
		End: "it is masked, though nobody knew it before", Exit: "23, 23", run: func(s *fixture) {
			s.chartWith("templates/creds.yaml", madeUp)
			run := s.berth("deploy", "--set", "madeUp=true").exit(23).says("labels", "63")
			password := s.secretValue("made-up", "password")
			run.hides(quotations(password)[0], quotations(password)[1])
			s.describesNone(password)
			s.berth("check").exit(23).hides(password)
		}},
	{ID: "S110", Setup: "an upgrade by Helm 3 that failed by a Secret, which its record quotes", Action: "check, deploy",
		End: "the next runs say the rule alone", Exit: "23, 0", run: func(s *fixture) {
			s.chartWith("templates/creds.yaml", credentials)
			s.berth("deploy", "--set-string", shortPassword).exit(0)
			if _, _, code := s.helm(3, "upgrade", s.release, s.chart, "--set-string", shortPassword, "--set", "broken=not base64!!"); code == 0 {
				s.t.Error("Helm's upgrade went well")
			}
			if !strings.Contains(s.last().Description, shortValues[1]) {
				s.t.Errorf("Helm does not quote it any more: %s", s.last().Description)
			}
			s.berth("check").exit(23).says("illegal base64").hides(shortValues...)
			s.berth("deploy", "--set-string", shortPassword, "--adopt").exit(0).hides(shortValues...)
		}},
	{ID: "S111", Setup: "passwords that are words of the reports' own syntax", Action: "deploy, each time",
		End: "each report can be read, and says what it has to", Exit: "23, 23, 23, 23", run: func(s *fixture) {
			s.chartWith("templates/creds.yaml", credentials)
			end := s.refuses(configMaps, func(string, string) string { return "web does not like it" })
			for _, password := range []string{`"verdict": "`, `]]></failure>`, "testcase", "deploy-failed"} {
				path := s.t.TempDir() + "/password"
				s.write(path, password)
				s.berth("deploy", "--set-file", "password="+path).exit(23).says("web does not like it").isWhole("deploy-failed")
			}
			end()
		}},
	{ID: "S112", Setup: "a template that fails with a password in base64, a schema that does not take it, set items that cannot be read",
		Action: "deploy, each time", End: "item and key are said, and no value", Exit: "30, 30, 64, 64, 64", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/fails.yaml", `{{ with .Values.password }}{{ fail (printf "%s: too weak" (b64enc .)) }}{{ end }}`)
			s.berth("deploy", "--set-string", "password="+longPassword).exit(30).says("too weak").hides(quotations(longPassword)...)
			s.chartWith("values.schema.json", `{"properties": {"password": {"type": "string", "maxLength": 3}}}`)
			s.berth("deploy", "--set-string", "password="+longPassword).exit(30).says("password").hides(quotations(longPassword)...)
			for _, flags := range [][]string{
				{"--set-json", `db={"password": "` + longPassword}, {"--set-string", "db.password=x{{" + longPassword + "}}"},
				{"--set", "db.list[x]=" + longPassword},
			} {
				s.berth("deploy", flags...).exit(64).says("db").hides(longPassword)
			}
		}},
	{
		ID:     "S113",
		Setup:  "a hook that fails, and prints a Secret's value",
		Action: "deploy",
		End:    "it is masked while it is printed, and in the report",
		Exit:   "23",
		NotRun: "the simulated kubelet has no logs; test/node shows those of a real one",
	},
	{ID: "S113b", Setup: "a pod that crashes, and a webhook, that quote a Secret's value, which ends like a sentence and has backticks",
		Action: "deploy, each time, with comment", End: "it is masked, also in the headline and on the pull request", Exit: "23, 23", Slow: true,
		run: func(s *fixture) {
			f := s.platform(false)
			s.onGitHub("pull_request", pullOf(7, "opened", "acme:login", `{"full_name": "acme/shop"}`))
			s.comments(f, 1)
			s.chartWith("templates/creds.yaml", credentials)
			const password = "c0rrect`horse`b@ttery."
			files := s.t.TempDir()
			s.env["GITHUB_STEP_SUMMARY"], s.env["GITHUB_OUTPUT"] = files+"/summary", files+"/outputs"
			s.write(files+"/password", password)
			s.write(files+"/crashes.yaml", "podAnnotations: {sim.berth.dev/behaviour: crash-loop, sim.berth.dev/time-scale: \"0.02\", "+
				"sim.berth.dev/log: "+strconv.Quote("\x1b[31mFATAL\x1b[0m: no login with "+password)+"}\n")
			deploy := func(says string, flags ...string) {
				run := s.berth("deploy", append(flags, "--set-file", "password="+files+"/password")...).exit(23).says(says)
				run.hides("c0rrect", "b@ttery")
				run.publishesNone("c0rrect", "b@ttery")
				s.holdsNone(files+"/summary", "c0rrect", "b@ttery")
				s.describesNone("c0rrect", "b@ttery")
				if said := strings.Join(f.Comments(), ""); !strings.Contains(said, "no login with ***") || strings.Contains(said, "c0rrect") {
					s.t.Errorf("the comment says %s", said)
				}
			}
			deploy("web crashes: FATAL: no login with *** (exit code 1)", "--values", files+"/crashes.yaml")
			end := s.refuses(configMaps, func(string, string) string { return "no login with " + password })
			deploy("denied the request: no login with ***", "--set", "greeting=bye")
			end()
		}},
	{ID: "S114", Setup: "a webhook refuses a ConfigMap in what the runners of GitHub, Azure and TeamCity and a terminal take for commands",
		Action: "deploy --output json, on GitHub and elsewhere; deploy",
		End:    "nothing that is printed is a command, and its reader gets it as it was",
		Exit:   "23, 23, 23", run: func(s *fixture) {
			end := s.refuses(configMaps, func(string, string) string { return actingText })
			for _, host := range []string{"GITHUB_ACTIONS", "NEITHER"} {
				s.env = map[string]string{host: "true", "BERTH_LOCK_DURATION": shortLease.String()}
				run := s.berth("deploy", "--output", "json").exit(23).says("set-output")
				run.actsNowhere()
				if !strings.Contains(run.report.Cause, actingText) {
					s.t.Errorf("the report's cause is %q", run.report.Cause)
				}
			}
			s.berth("deploy").exit(23).says("set-output").actsNowhere()
			end()
		}},
	{ID: "S115", Setup: "deployed, and somebody changes two texts of a ConfigMap in which a Secret's password stands, " +
		"with commas and blanks in it", Action: "check",
		End: "what differs is shown, and neither beginning nor end of the password", Exit: "0, 24", run: func(s *fixture) {
			path := s.t.TempDir() + "/password"
			s.write(path, punctuated)
			s.chartWith("templates/creds.yaml", credentials+quotesPassword)
			s.berth("deploy", "--set-file", "password="+path).exit(0)
			s.patch("editor", object{"v1", "configmaps", "quotes"}, fmt.Sprintf(`{"data":{"short":%q,"long":%q}}`,
				"user=app password="+punctuated+" timeout=5", strings.Repeat("x", 90)+" app "+punctuated+" timeout=5"))
			run := s.berth("check").exit(24).says("data.short", "data.long", "timeout=5", "(hidden)")
			run.hides(punctuated, "c0rrect", ",horse", "battery", "staple")
		}},
}
