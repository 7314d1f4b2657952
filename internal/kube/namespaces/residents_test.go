package namespaces

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/ownership"
)

func write(manager, subresource, fields string) metav1.ManagedFieldsEntry {
	entry := metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource}
	if fields != "" {
		entry.FieldsV1 = metav1.NewFieldsV1(fields)
	}
	return entry
}

func TestMaker(t *testing.T) {
	const made, edited = `{"f:spec":{"f:accessModes":{},"f:resources":{}}}`, `{"f:spec":{"f:resources":{"f:requests":{}}}}`
	field := []string{"spec", "accessModes"}
	tests := map[string]struct {
		writes []metav1.ManagedFieldsEntry
		want   string
	}{
		"a person": {[]metav1.ManagedFieldsEntry{write("kubectl-client-side-apply", "", made)}, "kubectl"},
		"a person, edited by a controller": {
			[]metav1.ManagedFieldsEntry{write("kubectl-create", "", made), write("resizer", "", edited)}, "kubectl"},
		"a controller": {[]metav1.ManagedFieldsEntry{write("kube-controller-manager", "", made)}, ""},
		"a controller, edited by a person": {
			[]metav1.ManagedFieldsEntry{write("kube-controller-manager", "", made), write("kubectl-edit", "", edited)}, ""},
		"a controller's status, of a person's": {
			[]metav1.ManagedFieldsEntry{write("Mozilla", "", made), write("kube-controller-manager", "status", made)}, "mozilla"},
		"nobody says who made it":                {[]metav1.ManagedFieldsEntry{write("flux", "", edited), write("oc", "", "")}, "oc"},
		"nobody left a name":                     {nil, nobody},
		"a client without a name":                {[]metav1.ManagedFieldsEntry{write("unknown", "", made)}, nobody},
		"pages of Rancher":                       {[]metav1.ManagedFieldsEntry{write("rancher", "", made)}, "rancher"},
		"fetch of Node.js":                       {[]metav1.ManagedFieldsEntry{write("undici", "", made)}, "undici"},
		"httpx":                                  {[]metav1.ManagedFieldsEntry{write("python-httpx", "", made)}, "python-httpx"},
		"a restore":                              {[]metav1.ManagedFieldsEntry{write("velero-server", "", made)}, "velero"},
		"only a status":                          {[]metav1.ManagedFieldsEntry{write("kubelet", "status", made)}, nobody},
		"another name that begins like a client": {[]metav1.ManagedFieldsEntry{write("helmsman", "", made), write("ocm-agent", "", made)}, ""},
		"no JSON":                                {[]metav1.ManagedFieldsEntry{write("terraform", "", "{")}, "terraform"},
		"text for a log":                         {[]metav1.ManagedFieldsEntry{write("kubectl\n::error::", "", made)}, "kubectl"},
	}
	for name, tt := range tests {
		if got := makerOf(tt.writes, field); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestDescribeResident(t *testing.T) {
	release := ownership.Release{Namespace: "ns", Name: "web"}
	byHand := []metav1.ManagedFieldsEntry{write("kubectl-create", "", "")}
	var deployment, configMap, binding kind
	for _, k := range known {
		switch k.name {
		case "Deployment":
			deployment = k
		case "ConfigMap":
			configMap = k
		case "RoleBinding":
			binding = k
		}
	}
	r := deployment.describe("ns", &metav1.ObjectMeta{Name: "a", Labels: release.Labels(), ManagedFields: byHand,
		Annotations: ownership.Merge(release.Annotations(), map[string]string{"helm.sh/resource-policy": "keep", "helm.sh/hook": "pre-install"})})
	if r.String() != "ns/Deployment/a" || r.APIVersion != "apps/v1" || r.Owner != "ns/web" || !r.Policy || !r.Hook || r.Maker != "kubectl" {
		t.Errorf("%+v", r)
	}
	if r := configMap.describe("ns", &metav1.ObjectMeta{ManagedFields: byHand}); r.Maker != "" {
		t.Errorf("it matters who made a ConfigMap: %+v", r)
	}
	byRancher := []metav1.ManagedFieldsEntry{write("rancher", "", "")}
	if r := deployment.describe("ns", &metav1.ObjectMeta{ManagedFields: byRancher}); r.Maker != "rancher" {
		t.Errorf("a person made it with Rancher: %+v", r)
	}
	if r := binding.describe("ns", &metav1.ObjectMeta{ManagedFields: byRancher}); r.Maker != "" {
		t.Errorf("Rancher binds the roles of members itself: %+v", r)
	}
	byHelm := []metav1.ManagedFieldsEntry{write("helm", "", `{"f:data":{".":{},"f:a":{}}}`), write("kubectl-annotate", "", "")}
	if r := configMap.describe("ns", &metav1.ObjectMeta{Name: "a", ManagedFields: byHelm}); r.Maker != "helm" {
		t.Errorf("what a release has made is not known by its maker: %+v", r)
	}
	if r := configMap.describe("ns", &metav1.ObjectMeta{Name: "sh.helm.release.v1.web.v1", ManagedFields: byHelm}); r.Maker != "" {
		t.Errorf("a record is taken for an object of a release: %+v", r)
	}
	for kind, owned := range map[string]bool{"CronJob": true, "Widget": false} {
		meta := &metav1.ObjectMeta{ManagedFields: byHand, OwnerReferences: []metav1.OwnerReference{{Kind: kind}}}
		if r := deployment.describe("ns", meta); (r.Maker == "") != owned {
			t.Errorf("owned by a %s: %+v", kind, r)
		}
	}
}

func TestMakerOfCustom(t *testing.T) {
	const whole, part, status = `{"f:metadata":{"f:labels":{}},"f:spec":{".":{},"f:size":{}}}`, `{"f:spec":{"f:size":{}}}`,
		`{"f:status":{".":{},"f:ready":{}}}`
	const marks = `{"f:metadata":{"f:annotations":{".":{},"f:a":{}}}}`
	for name, c := range map[string]struct {
		writes []metav1.ManagedFieldsEntry
		want   string
	}{
		"a person": {
			[]metav1.ManagedFieldsEntry{write("kubectl-create", "", whole), write("operator", "", part)}, "kubectl"},
		"a controller":                     {[]metav1.ManagedFieldsEntry{write("operator", "", whole)}, ""},
		"a controller, edited by a person": {[]metav1.ManagedFieldsEntry{write("operator", "", whole), write("kubectl-edit", "", part)}, ""},
		"a person, whose status is no subresource": {
			[]metav1.ManagedFieldsEntry{write("kubectl", "", part), write("operator", "", status)}, "kubectl"},
		"server-side apply, by both": {[]metav1.ManagedFieldsEntry{write("operator", "", part), write("k9s", "", part)}, "k9s"},
		"server-side apply, and marked by a person": {
			[]metav1.ManagedFieldsEntry{write("operator", "", part), write("kubectl-annotate", "", marks)}, ""},
		"without content":     {[]metav1.ManagedFieldsEntry{write("kubectl-create", "", marks)}, "kubectl"},
		"other than in spec":  {[]metav1.ManagedFieldsEntry{write("operator", "", part), write("oc", "", `{"f:data":{".":{}}}`)}, "oc"},
		"nobody left a name":  {nil, nobody},
		"what cannot be read": {[]metav1.ManagedFieldsEntry{write("terraform", "", "{")}, "terraform"},
	} {
		if got := makerOfCustom(c.writes); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
