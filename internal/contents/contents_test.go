package contents

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
)

// own gives an object the ownership of release ns/name.
func own(o *unstructured.Unstructured, name string) {
	r := ownership.Release{Namespace: "ns", Name: name}
	o.SetLabels(ownership.Merge(o.GetLabels(), r.Labels()))
	o.SetAnnotations(ownership.Merge(o.GetAnnotations(), r.Annotations()))
}

func one(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	objects, err := manifest.Parse(text)
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects, %v in %s", len(objects), err, text)
	}
	return objects[0]
}

// drift returns the paths at which an object of release ns/web differs.
func drift(want, live *unstructured.Unstructured, scaled bool) string {
	var paths []string
	for _, d := range Compare(want, live, Options{Release: ownership.Release{Namespace: "ns", Name: "web"}, Scaled: scaled}).Differences {
		paths = append(paths, d.Path)
	}
	return strings.Join(paths, ", ")
}

func TestDrift(t *testing.T) {
	const (
		configMap  = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, "
		secret     = "{apiVersion: v1, kind: Secret, metadata: {name: s}, "
		service    = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: "
		deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: "
		custom     = "{apiVersion: x.io/v1, kind: DB, metadata: {name: d}, spec: "
		container  = "{template: {spec: {containers: [{name: app, image: a, "
		network    = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n}, spec: "
	)
	tests := map[string]struct{ manifest, live, want string }{
		"the same":          {configMap + "data: {a: b}}", configMap + "data: {a: b}}", ""},
		"a value edited":    {configMap + "data: {a: b, c: d}}", configMap + "data: {a: x, c: d}}", "data.a"},
		"a key removed":     {configMap + "data: {a.b: c}}", configMap + "data: {}}", "data[a.b]"},
		"a key added":       {configMap + "data: {a: b}}", configMap + "data: {a: b, c: d}}", ""},
		"stringData":        {secret + "stringData: {a: b}}", secret + "data: {a: Yg==}, type: Opaque}", ""},
		"stringData edited": {secret + "stringData: {a: b}}", secret + "data: {a: Yw==}}", "data.a"},
		"the server's defaults": {service + "{ports: [{port: 80}], selector: {a: b}, clusterIP: ''}}", service +
			"{type: ClusterIP, clusterIP: 10.0.0.1, ports: [{port: 80, protocol: TCP, targetPort: 80}], selector: {a: b}, sessionAffinity: None}}",
			""},
		"a headless service": {service + "{clusterIP: ''}}", service + "{clusterIP: None}}", "spec.clusterIP"},
		"two ports of a number": {service + "{ports: [{port: 53, name: u, protocol: UDP}, {port: 53, name: t, protocol: TCP}]}}", service +
			"{ports: [{port: 53, name: t, protocol: TCP}, {port: 53, name: u, protocol: UDP}]}}", ""},
		"a port removed": {service + "{ports: [{port: 80}, {port: 81}]}}", service + "{ports: [{port: 80}]}}", "spec.ports[81]"},

		"quantities": {deployment + container + "resources: {limits: {cpu: 1000m, memory: 1024Mi}}}]}}}}", deployment + container +
			"resources: {limits: {cpu: '1', memory: 1Gi}}}]}}}}", ""},
		"a number as quantity": {deployment + container + "resources: {limits: {cpu: 0.5}}}]}}}}", deployment + container +
			"resources: {limits: {cpu: 500m}}}]}}}}", ""},
		"a quantity edited": {deployment + container + "resources: {limits: {cpu: 1000m}}}]}}}}", deployment + container +
			"resources: {limits: {cpu: '2'}}}]}}}}", "spec.template.spec.containers[app].resources.limits.cpu"},
		"a sidecar injected": {deployment + "{template: {spec: {containers: [{name: app, image: a}]}}}}", deployment +
			"{template: {spec: {containers: [{name: mesh, image: m}, {name: app, image: a}]}}}}", "spec.template.spec.containers[mesh]"},
		"the image edited": {deployment + "{template: {spec: {containers: [{name: app, image: a}]}}}}", deployment +
			"{template: {spec: {containers: [{name: app, image: b}]}}}}", "spec.template.spec.containers[app].image"},
		"arguments edited": {deployment + container + "args: [a, b]}]}}}}", deployment + container + "args: [a]}]}}}}",
			"spec.template.spec.containers[app].args"},
		"a field it drops": {deployment + "{typo: 3, template: {spec: {containers: [{name: app, image: a}]}}}}", deployment +
			"{template: {spec: {containers: [{name: app, image: a}]}}}}", ""},
		"explicit zeros": {deployment + "{template: {spec: {hostNetwork: false, nodeSelector: {}, volumes: [], dnsPolicy: ''}}}}",
			deployment + "{template: {spec: {dnsPolicy: ClusterFirst}}}}", ""},
		"a false edited": {deployment + "{template: {spec: {hostNetwork: false}}}}", deployment +
			"{template: {spec: {hostNetwork: true}}}}", "spec.template.spec.hostNetwork"},
		"a null":              {service + "{ports: [{port: 80, nodePort: null}]}}", service + "{ports: [{port: 80, nodePort: 30000}]}}", ""},
		"replicas edited":     {deployment + "{replicas: 2}}", deployment + "{replicas: 3}}", "spec.replicas"},
		"replicas to nothing": {deployment + "{replicas: 0}}", deployment + "{replicas: 3}}", "spec.replicas"},
		"scaled to nothing":   {deployment + "{paused: true}}", deployment + "{paused: true, replicas: 0}}", "spec.replicas"},
		"scaled to two":       {deployment + "{paused: true}}", deployment + "{paused: true, replicas: 2}}", ""},
		"a policy's defaults": {network + "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}}", network +
			"{podSelector: {}, ingress: [{ports: [{port: 80, protocol: TCP}]}], policyTypes: [Ingress]}}", ""},
		"claim templates": {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, spec: {serviceName: s, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}}]}}",
			"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, spec: {serviceName: s, podManagementPolicy: OrderedReady, volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], volumeMode: Filesystem, resources: {requests: {storage: 1Gi}}}, status: {phase: Pending}}]}}", ""},
		"status in a manifest": {"{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a, creationTimestamp: null}, status: {conditions: []}}", "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a, creationTimestamp: '2026-01-01T00:00:00Z'}, status: {conditions: [{type: Established}]}}", ""},

		"custom, the same":    {custom + "{size: 1, tags: [a]}}", custom + "{size: 1.0, tags: [a], defaulted: x}}", ""},
		"custom, list edited": {custom + "{tags: [{a: 1}, {a: 2}]}}", custom + "{tags: [{a: 1, b: 7}, {a: 3}]}}", "spec.tags[1].a"},
		"custom, other type":  {custom + "{size: {a: 1}}}", custom + "{size: [1]}}", "spec.size"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			live := one(t, tt.live)
			own(live, "web")
			if got := drift(one(t, tt.manifest), live, false); got != tt.want {
				t.Errorf("drift = %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzDrift(f *testing.F) {
	for _, seed := range []string{"", "---\n", "a: &a [*a]", "kind: List\napiVersion: v1\nitems: {}",
		"{apiVersion: v1, kind: Secret, stringData: {a: b}, data: 3}",
		"{apiVersion: v1, kind: Pod, metadata: 3, spec: {containers: [3, {name: [a]}, {name: a}, {name: a}]}}\n---\n" +
			"{apiVersion: v1, kind: Pod, metadata: {managedFields: [{fieldsV1: {'f:spec': {'k:x': {}, 'v:': 3}}}]}, spec: {containers: [{name: a, env: 3}, null]}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		objects, _ := manifest.Parse(text)
		for i, o := range objects {
			_ = drift(o, o, false)
			_ = drift(o, objects[(i+1)%len(objects)], false)
		}
	})
}

// Whose an object is, is judged for itself, and Helm writes it whatever a chart says.
func TestDriftOfOwnership(t *testing.T) {
	text := "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, labels: {app.kubernetes.io/managed-by: something, a: b}}}"
	live := one(t, text)
	own(live, "other")
	if got := drift(one(t, text), live, false); got != "" {
		t.Errorf("drift = %q", got)
	}
	if owner := ownership.OwnerOf(live.GetLabels(), live.GetAnnotations()); owner.String() != "ns/other" {
		t.Errorf("owner = %q", owner)
	}
}

func TestReplicasOfAnAutoscaler(t *testing.T) {
	manifest := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 1}}"
	hpa := "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}"
	scaledBy := func(manager string) string {
		return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, managedFields: [{manager: " + manager +
			", operation: Update, subresource: scale, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: {'f:spec': {'f:replicas': {}}}}]}, spec: {replicas: 4}}"
	}
	appliedBy := func(manager string) string {
		return strings.NewReplacer("operation: Update", "operation: Apply", "subresource: scale, ", "").Replace(scaledBy(manager))
	}
	tests := map[string]struct {
		others []*unstructured.Unstructured
		live   string
		want   string
	}{
		"scaled by hand":             {nil, scaledBy("kubectl"), "spec.replicas"},
		"an autoscaler elsewhere":    {nil, scaledBy("kube-controller-manager"), ""},
		"applied by a controller":    {nil, appliedBy("scaler"), ""},
		"applied by hand":            {nil, appliedBy("kubectl"), "spec.replicas"},
		"applied by the release":     {nil, appliedBy("helm"), "spec.replicas"},
		"an autoscaler in the chart": {[]*unstructured.Unstructured{one(t, hpa)}, scaledBy("kubectl"), ""},
		"the autoscaler of something": {[]*unstructured.Unstructured{one(t,
			"{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {scaleTargetRef: {kind: Deployment, name: api}}}")}, scaledBy("kubectl"), "spec.replicas"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want, live := one(t, manifest), one(t, tt.live)
			own(live, "web")
			if got := drift(want, live, Autoscaled(tt.others).Has(want)); got != tt.want {
				t.Errorf("drift = %q, want %q", got, tt.want)
			}
		})
	}
}
