//go:build conformance

package conformance

// madeUpKinds are the rows about charts that say something untrue of kinds, or bring them where nobody looks.
var madeUpKinds = []row{
	{ID: "S375", Setup: "charts that name a kind of the cluster in another case, or define one of a namespace in its place",
		Action: "preflight --chart, the same with for and a namespace per branch, deploy --dry-run, deploy with preflight: full, of each",
		End:    "it is named, and no RBAC is written for it", Exit: "20, 0, 20, 20, 20, 0, 20, 20", Gone: true, run: func(s *fixture) {
			const group, resource = "admissionregistration.k8s.io", "mutatingwebhookconfigurations"
			made := "{apiVersion: " + group + "/v1, kind: MutatingWebhookconfiguration, metadata: {name: berth-row-s375}, webhooks: []}\n"
			definition := "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: " + resource + "." + group +
				", annotations: {api-approved.kubernetes.io: unapproved}}, spec: {group: " + group + ", scope: Namespaced, names: {kind: " +
				"MutatingWebhookconfiguration, plural: " + resource + "}, versions: [{name: v1, served: true, storage: true, schema: " +
				"{openAPIV3Schema: {type: object}}}]}}\n"
			for _, text := range []string{made, definition + "---\n" + made} {
				s.chartWith("templates/webhook.yaml", text)
				s.berth("preflight", "--chart", s.chart, "--rbac-wait", "0s").exit(20).
					says(resource+"."+group, "Grant by hand").grantsNothing()
				s.berth("preflight", "--chart", s.chart, "--for", "jane", "--namespace", "", "--release", "").exit(0).
					says("kind: ClusterRole", "Grant by hand").silent(resource)
				s.berth("deploy", "--dry-run", "--rbac-wait", "0s").exit(20).says(resource + "." + group).grantsNothing()
				s.berth("deploy", "--preflight", "full", "--rbac-wait", "0s").exit(20).says(resource + "." + group).grantsNothing()
			}
			s.stored("nothing")
		}},
	{ID: "S376", Setup: "charts whose crds folder, or a dependency's, holds another kind than definitions, alone, after one and in a list",
		Action: "deploy, deploy --dry-run of each", End: "refused before anything", Exit: "30, 30, 30, 30, 30, 30, 30, 30", Gone: true,
		run: func(s *fixture) {
			plain := s.chart
			const stray = "{apiVersion: v1, kind: ConfigMap, metadata: {name: stray, annotations: {meta.helm.sh/release-name: other}}}\n"
			for file, text := range map[string]string{"crds/stray.yaml": stray, "crds/both.yaml": s.crd("Boat") + "\n---\n" + stray,
				"crds/list.yaml": "{apiVersion: v1, kind: List, items: [" + stray + "]}\n", "charts/dep/crds/stray.yaml": stray} {
				s.chart = plain
				s.chartWith("charts/dep/Chart.yaml", "apiVersion: v2\nname: dep\nversion: 0.1.0\n")
				s.chartWith(file, text)
				s.berth("deploy").exit(30).says("ConfigMap/stray, which is no CustomResourceDefinition")
				s.berth("deploy", "--dry-run").exit(30)
			}
			s.absent(object{"v1", "configmaps", "stray"})
			s.stored("nothing")
		}},
}
