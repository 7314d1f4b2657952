//go:build conformance

package conformance

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// companionsEnds are the rows about what becomes of what Berth puts beside a release, where
// its release goes, or seems to, and others stay.
var companionsEnds = []row{
	{ID: "S222", Setup: "a copy in the branch's own namespace, of a release by HELM_DRIVER=configmap",
		Action: "teardown without HELM_DRIVER, then with it", End: "the release and the copy; then nothing", Exit: "0, 27, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("deploy", "--copy-secret", input).exit(0)
			before := s.versions(registrySecret)
			s.env["HELM_DRIVER"] = "secret"
			s.berth("teardown", "--copy-secret", input).exit(27).says("has its records in configmaps").silent("Removed")
			if after := s.versions(registrySecret); after != before {
				s.t.Errorf("the copy is %s, before %s", after, before)
			}
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("teardown").exit(0)
			s.namespaceGone()
			delete(s.env, "HELM_DRIVER")
		}},
	{ID: "S223", Setup: "a quota in a namespace of a fixed name that Berth made, to which a second branch deploys",
		Action: "deploy of the second; teardown of the first; deploy of the second; teardown",
		End:    "no quota from the teardown on", Exit: "0, 23, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			one := s.quotaIn(strings.Replace(quotaFile, `"20"`, `"1"`, 1))
			s.as("one", "web-one")
			s.berth("deploy", "--quota", one).exit(0)
			s.as("two", "web-two")
			s.berth("deploy", "--quota", one, "--timeout", "20s").exit(23).warned("Quota not applied")
			s.as("one", "web-one")
			s.berth("teardown").exit(0).says("ResourceQuota/budget, which Berth had made")
			s.absent(budgetQuota)
			s.as("two", "web-two")
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(0)
			s.namespaceStays()
		}},
	{ID: "S224", Setup: "a deploy that is killed with its copy, in a namespace that Berth did not make",
		Action: "repair with on-stuck uninstall", End: "neither the release nor the copy", Exit: "0 + warning", Gone: true, Slow: true,
		run: func(s *fixture) {
			s.asAdminIn()
			usual := s.kubeconfig
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.killAfter(s.proxy(), creationOf("services", "web"), "deploy", "--copy-secret", input)
			s.isCopy("first-value")
			s.kubeconfig = usual
			s.untilDead()
			s.berth("repair", "--on-stuck", "uninstall").exit(0).says("Secret/registry, which Berth had made")
			s.absent(registrySecret)
		}},
	{ID: "S225", Setup: "two branches in a namespace of a fixed name; a hook of the second one's chart makes a Secret " +
		"with the marks of a copy of the first",
		Action: "deploy of the first, without copy-secret; with it and that name; teardown of it", End: "the hook's Secret",
		Exit: "0, 0, 27, 0 + warning", run: func(s *fixture) {
			s.asAdmin()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.as("one", "web-one")
			s.berth("deploy", "--copy-secret", input).exit(0)
			chart, of := s.chart, s.live(registrySecret, "metadata.annotations")
			var marks map[string]string
			if err := json.Unmarshal([]byte(of), &marks); err != nil {
				s.t.Fatal(err)
			}
			s.as("two", "web-two")
			s.chartWith("templates/forged.yaml", fmt.Sprintf(forgedCopy, s.namespace, input, marks["berth.dev/releases"]))
			s.berth("deploy").exit(0)
			before := s.versions(object{"v1", "secrets", "forged"})
			s.as("one", "web-one")
			s.chart = chart
			s.berth("deploy").exit(0)
			s.berth("deploy", "--copy-secret", input+"=forged").exit(27).says("Secret/forged", "Berth did not make it")
			s.berth("teardown").exit(0).says("Secret/forged stays")
			if after := s.versions(object{"v1", "secrets", "forged"}); after != before {
				s.t.Errorf("the hook's Secret is %s, before %s", after, before)
			}
			s.as("two", "web-two")
		}},
}

// forgedCopy is what a hook makes with the marks of a copy.
const forgedCopy = `
apiVersion: v1
kind: Secret
metadata:
  name: forged
  labels: {app.kubernetes.io/managed-by: berth, berth.dev/companion: copy}
  annotations: {helm.sh/hook: post-install, berth.dev/companion-name: %s/forged, berth.dev/source: %s, berth.dev/releases: %q}
stringData: {a: theirs-alone}
`
