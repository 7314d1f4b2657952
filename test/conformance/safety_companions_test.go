//go:build conformance

package conformance

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/test/faultproxy"
)

// theirRegistry is somebody's Secret that has the name of the copy.
const theirRegistry = "{apiVersion: v1, kind: Secret, metadata: {name: registry}, stringData: {a: theirs-alone}}"

// hostileCompanions are the rows about what Berth puts beside a release, and what others have there.
var hostileCompanions = []row{
	{ID: "S209", Setup: "somebody's Secret that has the name of the copy, over a release that is stuck",
		Action: "deploy with copy-secret, then with adopt all as well", End: "the Secret, and the records", Exit: "27, 27",
		Pending: "pending-install", run: func(s *fixture) {
			s.asAdmin()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.killAfter(s.proxy(), recordCreate, "deploy")
			s.put("kubectl-create", theirRegistry)
			theirs, records := s.versions(registrySecret), s.recordVersions()
			s.untilDead()
			for _, flags := range [][]string{nil, {"--adopt=all"}} {
				s.berth("deploy", append(flags, "--copy-secret", input)...).exit(27).says("Secret/registry", "Berth did not make it",
					input+"=NAME")
				s.unchanged(records)
				if after := s.versions(registrySecret); after != theirs {
					s.t.Errorf("the Secret is %s, before %s", after, theirs)
				}
			}
		}},
	{ID: "S210", Setup: "a copy in a namespace that Berth did not make, and what a person made of it: " +
		"a Secret with its marks; then it loses its own",
		Action: "deploy without copy-secret; deploy with it; teardown",
		End:    "what is not the copy any more, named", Exit: "0, 0, 0 + warning", Gone: true,
		run: func(s *fixture) {
			s.asAdminIn()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			mine, unmarked := object{"v1", "secrets", "mine"}, object{"v1", "secrets", "unmarked"}
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.copyAs("kubectl-create", registrySecret, "mine")
			s.berth("deploy").exit(0)
			s.absent(registrySecret)
			s.berth("deploy", "--copy-secret", input+"=unmarked").exit(0)
			s.patch("kubectl-edit", unmarked, `{"metadata": {"annotations": {"berth.dev/releases": null}}}`)
			before := s.versions(mine, unmarked)
			s.berth("teardown").exit(0).warned("Left in place").says("Secret/mine stays", "Secret/unmarked stays")
			if after := s.versions(mine, unmarked); after != before {
				s.t.Errorf("they are %s, before %s", after, before)
			}
		}},
	{ID: "S211", Setup: "two branches in a namespace of a fixed name, which copy the same Secret",
		Action: "teardown of the first, then of the last",
		End:    "the copy, as long as one of them has it", Exit: "0, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.as("one", "web-one")
			s.berth("deploy", "--copy-secret", input).exit(0)
			uid := s.uid(registrySecret)
			s.as("two", "web-two")
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.as("one", "web-one")
			s.berth("teardown", "--copy-secret", input).exit(0)
			s.isCopy("first-value")
			if s.uid(registrySecret) != uid {
				s.t.Error("the copy was made anew")
			}
			s.as("two", "web-two")
			s.berth("teardown").exit(0)
			s.absent(registrySecret)
			s.namespaceStays()
		}},
	{ID: "S212", Setup: "a copy of the first of two branches in a namespace of a fixed name",
		Action: "deploy of the second, which copies another Secret to that name; " +
			"deploy and teardown of it without", End: "the first one's copy", Exit: "27, 0, 0", run: func(s *fixture) {
			s.asAdmin()
			_, first := s.source(corev1.SecretTypeOpaque, "first-value")
			_, second := s.source(corev1.SecretTypeOpaque, "second-value")
			s.as("one", "web-one")
			s.berth("deploy", "--copy-secret", first).exit(0)
			before := s.versions(registrySecret)
			s.as("two", "web-two")
			s.berth("deploy", "--copy-secret", second).exit(27).says("it is another release's", "web-one")
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(0)
			if after := s.versions(registrySecret); after != before {
				s.t.Errorf("the copy is %s, before %s", after, before)
			}
			s.as("one", "web-one")
		}},
	{ID: "S213", Setup: "admission refuses the copy, and quotes it", Action: "deploy with copy-secret",
		End: "no value of it in any output, and no record", Exit: "23", Gone: true, run: func(s *fixture) {
			s.asAdminIn()
			_, input := s.source(corev1.SecretTypeOpaque, "hunter2-of-the-source")
			end := s.refuses(schemaResource{Version: "v1", Resource: "secrets"}, func(name, raw string) string {
				if name != "registry" {
					return ""
				}
				return "no such Secret here: hunter2-of-the-source " + raw
			})
			defer end()
			s.berth("deploy", "--copy-secret", input, "--log-level", "debug").exit(23).hides("hunter2-of-the-source", "aHVudGVyMi1vZi10aGUtc291cmNl")
			s.stored("nothing")
		}},
	{ID: "S214", Setup: "a namespace that Berth did not make, with somebody's quota of that name", Action: "deploy with quota; teardown",
		End: "somebody's quota, and none of Berth's", Exit: "0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.put("kubectl-create", strings.Replace(quotaFile, `"20"`, `"33"`, 1))
			before := s.versions(budgetQuota)
			s.berth("deploy", "--quota", s.quotaIn(quotaFile+limitsFile)).exit(0).warned("Quota not applied")
			s.absent(defaultLimits)
			s.berth("teardown").exit(0)
			if after := s.versions(budgetQuota); after != before {
				s.t.Errorf("the quota is %s, before %s", after, before)
			}
		}},
	{ID: "S215", Setup: "somebody's quota of that name in the branch's own namespace; another one in it, by whoever",
		Action: "deploy with quota; without; teardown",
		End:    "somebody's quotas, until the namespace goes", Exit: "0, 27, 0, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			other := object{"v1", "resourcequotas", "other"}
			s.put("kubectl-create", quotaFile, strings.Replace(quotaFile, "budget", "other", 1))
			before := s.versions(other)
			theirs := s.uid(budgetQuota)
			s.berth("deploy", "--quota", s.quotaIn(quotaFile)).exit(27).says("ResourceQuota/budget", "Berth did not make it")
			s.berth("deploy").exit(0)
			if s.uid(budgetQuota) != theirs || s.uid(other) == "" || before == "" {
				s.t.Error("somebody's quota was touched")
			}
			s.berth("teardown").exit(0)
			s.namespaceGone()
		}},
	{ID: "S216", Setup: "a deploy that is killed once the Secret is copied, in a namespace of the branch's own, " +
		"and in one that Berth did not make",
		Action: "teardown, each", End: "nothing", Exit: "0", Slow: true, Gone: true, run: func(s *fixture) {
			fixed, usual := s.namespace, s.user()
			platform, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.account.Grant(s.t, platform, s.SecretRules("get")...)
			copied := faultproxy.Match{Verb: "create", Resource: "secrets", Name: "registry"}
			s.killAfter(s.proxy(), copied, "deploy", "--copy-secret", input)
			s.isCopy("first-value")
			s.kubeconfig = usual
			s.untilDead()
			s.berth("teardown").exit(0)
			s.absent(registrySecret)
			s.asAdmin()
			s.killAfter(s.proxy(), copied, "deploy", "--copy-secret", input)
			s.isCopy("first-value")
			s.untilDead()
			s.berth("teardown").exit(0)
			s.namespaceGone()
			s.namespace, s.kubeconfig = fixed, usual
		}},
	{ID: "S217", Setup: "a copy that is marked to be kept, in a namespace that Berth did not make; then not any more",
		Action: "teardown, each time",
		End:    "the copy, named; then nothing", Exit: "0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.asAdminIn()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.patch("kubectl-annotate", registrySecret, `{"metadata": {"annotations": {"berth.dev/keep": "yes"}}}`)
			before := s.versions(registrySecret)
			s.berth("teardown").exit(0).warned("Left in place").says("Secret/registry stays: it is marked berth.dev/keep")
			if after := s.versions(registrySecret); after != before {
				s.t.Errorf("the copy is %s, before %s", after, before)
			}
			s.patch("kubectl-annotate", registrySecret, `{"metadata": {"annotations": {"berth.dev/keep": null}}}`)
			s.berth("teardown").exit(0)
			s.absent(registrySecret)
		}},
	{ID: "S218", Setup: "a copy that somebody takes for his own, or deletes, while a deploy is about to write to it",
		Action: "deploy, each time",
		End:    "somebody's Secret; the copy, made anew", Exit: "27, 0", run: func(s *fixture) {
			s.asAdmin()
			platform, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.berth("deploy", "--copy-secret", input).exit(0)
			p := s.proxy()
			update := faultproxy.Match{Verb: "update", Resource: "secrets", Name: "registry"}
			s.sourceIn(platform, corev1.SecretTypeOpaque, "second-value")
			at := s.holdRequest(p, update)
			run := s.start("deploy", "--copy-secret", input)
			at.await(run)
			s.patch("kubectl-edit", registrySecret,
				`{"metadata": {"labels": {"app.kubernetes.io/managed-by": "somebody"}}, "data": {"a": "bWluZQ=="}}`)
			at.release()
			run.wait(runLimit).exit(27)
			if got := s.secretValue("registry", "a"); got != "mine" {
				s.t.Errorf("somebody's Secret holds %q", got)
			}
			s.patch("kubectl-edit", registrySecret, `{"metadata": {"labels": {"app.kubernetes.io/managed-by": "berth"}}}`)
			at = s.holdRequest(p, update)
			run = s.start("deploy", "--copy-secret", input)
			at.await(run)
			s.remove(registrySecret)
			at.release()
			run.wait(runLimit).exit(0)
			s.isCopy("second-value")
		}},
	{ID: "S219", Setup: "a copy that the deployed revision has, and copy-secret does not name any more",
		Action: "deploy that fails, with on-failure rollback; that is refused; that goes well; that has a Secret of its name",
		End:    "the copy, until a deploy goes well without it", Exit: "0, 23, 27, 0, 0, 0", run: func(s *fixture) {
			s.asAdmin()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.berth("deploy", "--copy-secret", input).exit(0)
			uid := s.uid(registrySecret)
			s.berth("deploy", "--set", "extras={not_a_name}", "--on-failure", "rollback").exit(23).says("revision 1 is back")
			s.makeMap("web-x")
			s.berth("deploy", "--set", withExtra).exit(27).says("ConfigMap/web-x").silent("Removed")
			if s.isCopy("first-value"); s.uid(registrySecret) != uid {
				s.t.Error("the copy was made anew")
			}
			s.berth("deploy").exit(0).says("Secret/registry, which Berth had made")
			s.absent(registrySecret)
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.chartWith("templates/registry.yaml", theirRegistry)
			s.berth("deploy").exit(0)
			if got := s.secretValue("registry", "a"); got != "theirs-alone" {
				s.t.Errorf("the chart's Secret holds %q", got)
			}
		}},
	{ID: "S221", Setup: "a copy of the first of two branches in a namespace of a fixed name; the second one's chart has a Secret of its name",
		Action: "deploy of the second; with adopt naming it; with adopt=all; of the first; of the second once Helm has taken the first away",
		End:    "the copy, until its release is no more", Exit: "0, 27, 27, 27, 0, 0 + warning", run: func(s *fixture) {
			s.asAdminIn()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			plain := s.chart
			s.as("one", "web-one")
			s.berth("deploy", "--copy-secret", input).exit(0)
			before := s.versions(registrySecret)
			s.chartWith("templates/registry.yaml", theirRegistry)
			theirs := s.chart
			s.as("two", "web-two")
			for _, flags := range [][]string{nil, {"--adopt=Secret/registry"}, {"--adopt=all"}} {
				s.berth("deploy", flags...).exit(27).says("Secret/registry", "for release "+s.namespace+"/web-one").silent("name them in adopt")
			}
			if after := s.versions(registrySecret); after != before {
				s.t.Errorf("the copy is %s, before %s", after, before)
			}
			s.chart = plain
			s.as("one", "web-one")
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.mustHelm(3, "uninstall", "web-one")
			s.chart = theirs
			s.as("two", "web-two")
			s.berth("deploy", "--adopt=Secret/registry").exit(0).warned("Release repaired")
		}},
}

// asAdminIn has Berth run as the administrator in the row's namespace, which is there.
func (s *fixture) asAdminIn() {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig()
}
