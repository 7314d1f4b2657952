//go:build conformance

package conformance

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// contents are the rows about this: what lives is not what the record describes, or
// only seems so.
var contents = []row{
	{ID: "T81", Setup: "deployed, and kubectl set image since", Action: "check, deploy, check",
		End:  "the check names the field, both values and the writer, in every form of the report; the deploy sets it back",
		Exit: "24, 0, 0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.edit("kubectl-set", deployments, "web", `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:hand"}]}}}}`)
			const field = "spec.template.spec.containers[app].image"
			run := s.berth("check").exit(24).says("Deployment/web: "+field+" is `app:hand`", "last write by kubectl-set", "ignore-drift")
			run.reports(`"path": "`+field+`"`, `"live": "app:hand"`, `"author": "kubectl-set"`, `"name": "contents"`)
			run.wrote("report.md", field, "app:hand")
			run.wrote("junit.xml", field, "app:hand")
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "T82", Setup: "deployed, and a ConfigMap's key edited, then gone", Action: "check twice", End: "named, each time", Exit: "24, 24",
		run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.edit("kubectl-edit", configMaps, "web", `{"data":{"greeting":"edited"}}`)
			s.berth("check").exit(24).says("ConfigMap/web: data.greeting is `edited`, the record says `hello`; last write by kubectl-edit")
			s.edit("kubectl-edit", configMaps, "web", `{"data":null}`)
			s.berth("check").exit(24).says("ConfigMap/web: data is not there")
		}},
	{ID: "T83", Setup: "deployed, and a Secret's value edited", Action: "check, deploy, check",
		End:  "named, and neither value is shown anywhere",
		Exit: "24, 0, 0", run: func(s *fixture) {
			s.chartWith("templates/secret.yaml", namedSecret)
			s.berth("deploy").exit(0)
			s.edit("kubectl-edit", secrets, "web", `{"stringData":{"password":"hunter3-by-hand"}}`)
			run := s.berth("check", "--log-level", "debug").exit(24).says("Secret/web: data.password is not what the record says")
			run.hides("hunter2-recorded", "hunter3-by-hand", "aHVudGVy")
			s.berth("deploy").exit(0).hides("hunter2-recorded", "hunter3-by-hand", "aHVudGVy")
			s.berth("check").exit(0)
		}},
	{ID: "T84", Setup: "deployed, and a Service's target port edited", Action: "check, deploy, check", End: "named, then set back",
		Exit: "24, 0, 0", run: func(s *fixture) {
			s.chartWith("templates/ports.yaml", twoPorts)
			s.berth("deploy").exit(0)
			s.edit("kubectl-edit", services, "two", `{"spec":{"ports":[{"port":80,"targetPort":9999}]}}`)
			s.berth("check").exit(24).says("Service/two: spec.ports[80].targetPort is `9999`, the record says `8080`")
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
		}},
	{ID: "T85", Setup: "deployed, and a custom resource edited: a value, an item more", Action: "check",
		End:  "both are named; defaults are not",
		Exit: "0, 24", run: func(s *fixture) {
			boats := s.boats()
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
			s.edit("kubectl-edit", boats, "one", `{"spec":{"size":2,"crew":[{"name":"a"},{"name":"b"}]}}`)
			s.berth("check").exit(24).says("Boat/one: spec.size is `2`, the record says `1`", "Boat/one: spec.crew[1] is `{name: b, rank: mate}`")
		}},
	{ID: "T86", Setup: "deployed, and an object deleted and made again: as it was, then otherwise", Action: "check, each time",
		End: "only what is otherwise is named", Exit: "0, 24", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.makeAgain("web", "hello")
			s.berth("check").exit(0)
			s.makeAgain("web", "other")
			s.berth("check").exit(24).says("ConfigMap/web: data.greeting is `other`", "last write by kubectl-create")
		}},
	{ID: "T87", Setup: "deployed, and a label removed", Action: "check, deploy, check", End: "named, then set again", Exit: "24, 0, 0",
		run: func(s *fixture) {
			s.chartWith("templates/labelled.yaml", labelled)
			s.berth("deploy").exit(0)
			s.edit("kubectl-label", configMaps, "labelled", `{"metadata":{"labels":{"team":null}}}`)
			s.berth("check").exit(24).says("ConfigMap/labelled: metadata.labels.team is not there, the record says `shop`")
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
		}},
	{ID: "T88", Setup: "deployed, and kubectl scale to 3, then to 0", Action: "check, each time", End: "both are named", Exit: "24, 24",
		run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.scale("kubectl", 3)
			s.berth("check").exit(24).says("Deployment/web: spec.replicas is `3`, the record says `1`")
			s.scale("kubectl", 0)
			s.berth("check").exit(24).says("Deployment/web: spec.replicas is `0`, the record says `1`")
		}},
	{ID: "T89", Setup: "deployed, and a container, a variable and a volume added", Action: "check", End: "each is named", Exit: "24",
		run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.edit("kubectl-edit", deployments, "web", `{"spec":{"template":{"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[`+
				`{"name":"app","env":[{"name":"MODE","value":"x"}]},{"name":"debug","image":"debug:1"}]}}}}`)
			const of = "Deployment/web: spec.template.spec."
			s.berth("check").exit(24).says(of+"containers[debug] is", of+"containers[app].env[MODE] is", of+"volumes[v] is", "the record has none")
		}},
	{ID: "T90", Setup: "deployed, and a port added to a Service", Action: "check", End: "named", Exit: "24", run: func(s *fixture) {
		s.berth("deploy").exit(0)
		s.edit("kubectl-edit", services, "web", `{"spec":{"ports":[{"name":"a","port":80},{"name":"b","port":80,"protocol":"UDP"}]}}`)
		s.berth("check").exit(24).says("Service/web: spec.ports[80/UDP] is")
	}},
	{ID: "T91", Setup: "two fields edited by hand", Action: "check, which ignores one, both, and what is no field",
		End: "what is not ignored counts", Exit: "24, 0, 64", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.edit("kubectl-edit", configMaps, "web", `{"data":{"greeting":"edited"}}`)
			s.edit("kubectl-set", deployments, "web", `{"spec":{"minReadySeconds":0,"replicas":2}}`)
			s.berth("check", "--ignore-drift", "Deployment/w*:spec.replicas").exit(24).says("data.greeting")
			s.berth("check", "--ignore-drift", "Deployment/*:spec", "--ignore-drift", "ConfigMap/web:data.*").exit(0)
			s.berth("check", "--ignore-drift", "web:/data").exit(64).says("--ignore-drift", "web:/data", "Kind/name:path")
		}},
	{ID: "T92", Setup: "scaled by an autoscaler of the chart, by one elsewhere, and that one's target scaled to 0",
		Action: "check, each time", End: "only 0 counts", Exit: "0, 0, 24", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.scale("kube-controller-manager", 3)
			s.berth("check").exit(0).reports("spec.replicas is 3, which an autoscaler chose")
			s.chartWith("templates/hpa.yaml", autoscaler)
			s.berth("deploy").exit(0)
			s.scale("some-operator", 2)
			s.berth("check").exit(0)
			s.scale("kube-controller-manager", 0)
			s.berth("check").exit(24).says("spec.replicas is `0`")
		}},
	{ID: "T93", Setup: "a label, an annotation, a key of data, kubectl's last-applied, and a field that the chart does not set",
		Action: "check, deploy, check", End: "none counts, and the key is noted", Exit: "0, 0, 0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.edit("kubectl-edit", configMaps, "web", `{"data":{"more":"x"},"metadata":{"labels":{"a":"b"},"annotations":{`+
				`"kubectl.kubernetes.io/last-applied-configuration":"{}"}}}`)
			s.edit("kubectl-edit", deployments, "web", `{"metadata":{"annotations":{"a":"b"}},"spec":{"revisionHistoryLimit":3,"minReadySeconds":0}}`)
			s.edit("kubectl-edit", services, "web", `{"spec":{"sessionAffinity":"ClientIP"}}`)
			s.berth("check").exit(0).reports("data.more is not in the record")
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
		}},
	{ID: "T94", Setup: "every kind of the example chart", Action: "deploy, check, deploy unchanged, check", End: "nothing differs",
		Exit: "0, 0, 0, 0",
		run: func(s *fixture) {
			s.chart = "../../examples/web"
			values := []string{"--values", "../../examples/values-review.yaml", "--set-string", "host={{ .Slug }}.example.com"}
			s.berth("deploy", values...).exit(0)
			s.berth("check").exit(0)
			s.berth("deploy", values...).exit(0)
			s.berth("check").exit(0)
		}},
	{ID: "T95", Setup: "a user who may get and list, and nothing else", Action: "check, before an edit and after",
		End:  "it works, and nothing is written",
		Exit: "0, 24", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.kubeconfig = s.readerOnly()
			before := s.recordVersions()
			s.berth("check").exit(0)
			s.edit("kubectl-edit", configMaps, "web", `{"data":{"greeting":"edited"}}`)
			s.berth("check").exit(24).says("last write by kubectl-edit")
			s.unchanged(before)
		}},
	{ID: "T96", Setup: "deployed by Helm, whose record has no baseline", Action: "check, before an edit and after",
		End:  "only the edit counts",
		Exit: "0, 24", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.berth("check").exit(0)
			s.edit("kubectl-edit", configMaps, "web", `{"data":{"greeting":"edited"}}`)
			s.berth("check").exit(24).says("data.greeting")
		}},
	{ID: "T97", Setup: "quantities, ports and zeros in other spellings than the server's", Action: "deploy, check, deploy, check",
		End: "nothing differs", Exit: "0, 0, 0, 0", run: func(s *fixture) {
			s.chartWith("templates/spellings.yaml", spellings)
			for range 2 {
				s.berth("deploy").exit(0)
				s.berth("check").exit(0)
			}
		}},
}

// edit changes a live object as somebody else would, under a field manager's name.
func (s *fixture) edit(manager string, kind schemaResource, name, patch string) {
	s.t.Helper()
	form := types.StrategicMergePatchType
	if kind.Group != "" && kind.Group != "apps" {
		form = types.MergePatchType
	}
	_, err := s.dynamic().Resource(kind).Namespace(s.namespace).Patch(s.t.Context(), name, form, []byte(patch),
		metav1.PatchOptions{FieldManager: manager})
	if err != nil {
		s.t.Fatal(err)
	}
}

// scale sets the replicas as an autoscaler or kubectl scale does, by the subresource.
func (s *fixture) scale(manager string, replicas int32) {
	s.t.Helper()
	client := s.Client().AppsV1().Deployments(s.namespace)
	scale, err := client.GetScale(s.t.Context(), s.release, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	scale.Spec.Replicas = replicas
	if _, err := client.UpdateScale(s.t.Context(), s.release, scale, metav1.UpdateOptions{FieldManager: manager}); err != nil {
		s.t.Fatal(err)
	}
}

// makeAgain deletes the app's ConfigMap and makes it anew, with a greeting.
func (s *fixture) makeAgain(name, greeting string) {
	s.t.Helper()
	client := s.Client().CoreV1().ConfigMaps(s.namespace)
	cm, err := client.Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := client.Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
	cm.ObjectMeta = metav1.ObjectMeta{Name: name, Labels: cm.Labels, Annotations: cm.Annotations}
	cm.Data["greeting"] = greeting
	if _, err := client.Create(s.t.Context(), cm, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		s.t.Fatal(err)
	}
}

// readerOnly is the kubeconfig of a user who may read the row's namespace and no more.
func (s *fixture) readerOnly() string {
	s.t.Helper()
	rules := slices.Concat(s.DeployerRules(), s.SecretRules(), s.LeaseRules())
	readers := make([]rbacv1.PolicyRule, len(rules))
	for i, r := range rules {
		readers[i] = rbacv1.PolicyRule{APIGroups: r.APIGroups, Resources: r.Resources, Verbs: []string{"get", "list"}}
	}
	return s.ServiceAccount(s.t, s.namespace, "reader", readers...).Kubeconfig
}
