package manifest

import "testing"

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  template:
    spec:
      initContainers:
      - {name: big, resources: {requests: {cpu: "2", memory: 10Mi}}}
      containers:
      - {name: a, resources: {requests: {cpu: 100m, memory: 64Mi}}}
      - {name: b, resources: {limits: {cpu: 150m, memory: 64Mi}}}
`

func TestRequests(t *testing.T) {
	for name, c := range map[string]struct{ manifest, want string }{
		"nothing":         {"", "cpu=0,memory=0"},
		"the larger init": {deployment, "cpu=6,memory=384Mi"},
		"no workload":     {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "cpu=0,memory=0"},
		"a default of one": {"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n" +
			"      containers: [{name: a, resources: {requests: {cpu: 1, memory: 1Gi}}}]\n", "cpu=1,memory=1Gi"},
		"none wanted": {"apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: a}\nspec:\n  replicas: 0\n  template:\n    spec:\n" +
			"      containers: [{name: a, resources: {requests: {cpu: 1}}}]\n", "cpu=0,memory=0"},
		"once for all nodes": {"apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n" +
			"      containers: [{name: a, resources: {requests: {cpu: 10m}}}]\n", "cpu=10m,memory=0"},
		"a pod with a sidecar": {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  initContainers:\n" +
			"  - {name: s, restartPolicy: Always, resources: {requests: {cpu: 10m}}}\n" +
			"  - {name: i, resources: {requests: {cpu: 20m}}}\n" +
			"  containers: [{name: a, resources: {requests: {cpu: 5m, memory: 1M}}}]\n", "cpu=30m,memory=1M"},
		"what ends": {"apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n" +
			"      containers: [{name: a, resources: {requests: {cpu: 10m}}}]\n", "cpu=0,memory=0"},
		"of another group": {"apiVersion: example.com/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: many}\n", "cpu=0,memory=0"},
		"two of them":      {deployment + "---\n" + deployment, "cpu=12,memory=768Mi"},
	} {
		if got, err := Requests(c.manifest); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, c.want)
		}
	}
	for _, broken := range []string{"a: [", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: many}\n"} {
		if got, err := Requests(broken); err == nil {
			t.Errorf("%q: %s", broken, got)
		}
	}
}
