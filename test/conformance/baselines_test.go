//go:build conformance

package conformance

import (
	"context"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/faultproxy"
)

// baselines are the rows in which others make something else of what a deploy writes.
var baselines = []row{
	{ID: "T107", Setup: "a webhook adds a container to each Deployment and rewrites its images",
		Action: "deploy, check, deploy, check; edit by hand, check",
		End:    "green until the edit; the second deploy writes nothing but the record", Exit: "0, 0, 0, 0, 24", run: func(s *fixture) {
			s.mutates()
			s.berth("deploy").exit(0)
			s.has(deployment, "spec.template.spec.containers.#", "2")
			s.berth("check").exit(0)
			before := s.versions(deployment)
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
			if after := s.versions(deployment); after != before {
				s.t.Errorf("an unchanged deploy wrote the Deployment: %s, before %s", after, before)
			}
			s.strategic("kubectl-set", deployment,
				`{"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"registry.example/other:2"}]}}}}`)
			s.has(deployment, "spec.template.spec.containers.#", "2")
			s.berth("check").exit(24).says("containers[sidecar]")
		}},
	{ID: "T107b", Setup: "the same, and a new image in the chart's values", Action: "deploy, check, deploy, check",
		End: "green, with the new image as the webhook rewrites it", Exit: "0, 0, 0, 0", run: func(s *fixture) {
			s.mutates()
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
			s.berth("deploy", "--set", "image=registry.example/app:2.0").exit(0)
			s.has(deployment, "spec.template.spec.containers.0.image", `"mirror.example/app:2.0"`)
			s.berth("check").exit(0)
		}},
	{ID: "T108", Setup: "an injector fills in a webhook's bundle after the deploy", Action: "check, deploy, check",
		End: "green, and the bundle stays", Exit: "0, 0, 0", run: func(s *fixture) {
			hook := s.bringsWebhook("{cert-manager.io/inject-ca-from: a/b}", "")
			s.berth("deploy").exit(0)
			s.patch("cainjector", hook, `{"webhooks":[`+s.hookAs("Ignore", bundle)+`]}`)
			s.berth("check").exit(0)
			before := s.versions(hook)
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
			if after := s.versions(hook); after != before {
				s.t.Errorf("the webhook was written: %s, before %s", after, before)
			}
		}},
	{ID: "T109", Setup: "a hook's Job writes a webhook's bundle and policy while the deploy waits for it",
		Action: "deploy, check, deploy without hooks, check; edit by hand, check, deploy",
		End:    "green until the edit, which the last deploy takes back", Exit: "0, 0, 0, 0, 24, 0", run: func(s *fixture) {
			hook := s.hookWrites(s.proxy())
			s.berth("deploy", "--set", postInstall).exit(0)
			s.has(hook, "webhooks.0.failurePolicy", `"Fail"`)
			s.berth("check").exit(0)
			before := s.versions(hook)
			s.berth("deploy", "--set", postInstall).exit(0)
			s.berth("check").exit(0)
			if after := s.versions(hook); after != before {
				s.t.Errorf("an unchanged deploy wrote the webhook: %s, before %s", after, before)
			}
			edited := strings.Replace(s.hookAs("Fail", bundle), `"timeoutSeconds":7`, `"timeoutSeconds":9`, 1)
			s.patch("kubectl-edit", hook, `{"webhooks":[`+edited+`]}`)
			s.berth("check").exit(24).says("timeoutSeconds")
			s.berth("deploy", "--set", postInstall).exit(0)
			s.has(hook, "webhooks.0.timeoutSeconds", "7")
		}},
	{ID: "T160", Setup: "what a hook's Job has written cannot be noted: that write of the record is refused",
		Action: "deploy, check, deploy, check", End: "v1 deployed; the first deploy says so; the next one notes it",
		Exit: "24, 24, 0, 0", run: func(s *fixture) {
			p := s.proxy()
			s.hookWrites(p)
			refused := p.On(baselineUpdate, faultproxy.Answer(http.StatusForbidden, "not now"))
			s.berth("deploy", "--set", postInstall).exit(24).says("could not be noted")
			s.acted(refused, 1)
			s.stored("v1 deployed")
			s.berth("check").exit(24).says("failurePolicy")
			s.berth("deploy", "--set", "hooks.post-upgrade.behaviour=complete").exit(0)
			s.berth("check").exit(0)
		}},
	{ID: "T161", Setup: "the same, and the write is answered with 500 for ever",
		Action: "deploy", End: "v1 deployed, and it says what is not noted",
		Exit: "26", Slow: true, run: func(s *fixture) {
			p := s.proxy()
			s.hookWrites(p)
			p.On(faultproxy.Match{Verb: finalUpdate.Verb, Resource: finalUpdate.Resource, Status: finalUpdate.Status, Nth: 2},
				faultproxy.Answer(http.StatusInternalServerError, "not well"))
			s.berth("deploy", "--set", postInstall).exit(26).says("could not be noted")
			s.stored("v1 deployed")
		}},
	{ID: "T162", Setup: "a webhook adds a container; killed before the last PUT", Action: "repair, check",
		End: "v1 deployed, promoted; green though the record notes nothing", Exit: "0 + warning, 0", run: func(s *fixture) {
			s.mutates()
			s.killBefore(s.proxy(), finalUpdate, "deploy")
			s.untilDead()
			s.berth("repair").exit(0).warned("Release repaired")
			s.stored("v1 deployed")
			s.berth("check").exit(0)
		}},
	{ID: "T163", Setup: "the credentials are refused from the wait on", Action: "deploy", End: "v1 pending-install, and reported so",
		Exit: "20", Pending: "pending-install", run: func(s *fixture) {
			p := s.proxy()
			run := s.start("deploy", slow("2s")...)
			s.untilPods(run)
			p.On(faultproxy.Match{Resource: "secrets"}, faultproxy.Answer(http.StatusUnauthorized, "Unauthorized"))
			e := run.wait(runLimit).exit(20)
			s.stored("v1 pending-install")
			if e.report.Status != "pending-install" {
				s.t.Errorf("it reports %q as the status", e.report.Status)
			}
		}},
	{ID: "T164", Setup: "a finalizer holds an object", Action: "teardown", End: "the status that is reported is the stored one",
		Exit: "24, 0", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", "finalizers={example.org/held}").exit(0)
			e := s.berth("teardown", "--timeout", "4s").exit(24)
			if stored := s.last().Label; e.report.Status != stored {
				s.t.Errorf("it reports %q as the status, %q is stored", e.report.Status, stored)
			}
			s.patch("test", object{"v1", "configmaps", s.release}, `{"metadata":{"finalizers":null}}`)
			s.berth("teardown").exit(0)
		}},
}

// baselineUpdate is the write that notes what others made of the objects, after the
// one that ends the record.
var baselineUpdate = faultproxy.Match{Verb: finalUpdate.Verb, Resource: finalUpdate.Resource, Status: finalUpdate.Status, Nth: 2, Times: 1}

const postInstall = "hooks.post-install.behaviour=complete"

// deployment is the app's own.
var deployment = object{"apps/v1", "deployments", "web"}

// bundle is a certificate in a bundle, as far as the API server looks at it.
const bundle = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJkekNDQVIyZ0F3SUJBZ0lCQURBS0JnZ3Foa2pPUFFRREFqQWpNU0V3SHdZRFZRUUREQmhy" +
	"TTNNdGMyVnkKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="

// bringsWebhook has the chart bring a webhook configuration of the row's own, which is
// asked about nothing.
func (s *fixture) bringsWebhook(annotations, caBundle string) object {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig()
	s.chartWith("templates/hook.yaml", "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n"+
		"metadata: {name: "+s.namespace+", annotations: "+annotations+"}\nwebhooks: ["+s.hookAs("Ignore", caBundle)+"]\n")
	o := object{"admissionregistration.k8s.io/v1", "validatingwebhookconfigurations", s.namespace}
	s.t.Cleanup(func() {
		err := s.client(o).Delete(context.WithoutCancel(s.t.Context()), o.name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			s.t.Error(err)
		}
	})
	return o
}

// hookAs is the webhook with a policy and a bundle.
func (s *fixture) hookAs(policy, caBundle string) string {
	return `{"name":"a.conformance.berth.dev","failurePolicy":"` + policy + `","sideEffects":"None",` +
		`"admissionReviewVersions":["v1"],"timeoutSeconds":7,"namespaceSelector":{"matchLabels":{"none":"such"}},` +
		`"clientConfig":{"caBundle":"` + caBundle + `","url":"https://localhost:1/"},` +
		`"rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}]}`
}

// hookWrites has the chart bring a webhook, of which somebody else writes bundle and
// policy as soon as the post-install hook is created: as its Job would.
func (s *fixture) hookWrites(p *faultproxy.Proxy) object {
	s.t.Helper()
	hook := s.bringsWebhook("{}", "")
	s.sendThrough(p)
	p.On(faultproxy.Match{Verb: "create", Resource: "jobs"}, faultproxy.Call(func(faultproxy.Request) {
		s.patch("kube-webhook-certgen", hook, `{"webhooks":[`+s.hookAs("Fail", bundle)+`]}`)
	}))
	return hook
}
