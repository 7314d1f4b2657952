package objects

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/manifest"
)

// pods are what give Secrets and ConfigMaps to pods in each way, a kind of somebody's own among them.
const pods = `
apiVersion: v1
kind: Secret
metadata: {name: own}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: elsewhere}
spec:
  template:
    spec:
      imagePullSecrets: [{name: registry}]
      initContainers: [{name: a, envFrom: [{secretRef: {name: env}}, {configMapRef: {name: env-map}}]}]
      containers:
        - name: b
          env:
            - {name: A, valueFrom: {secretKeyRef: {name: variable, key: a}}}
            - {name: B, valueFrom: {configMapKeyRef: {name: variable-map, key: a}}}
            - {name: C, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
      volumes:
        - {name: a, secret: {secretName: volume}}
        - {name: b, configMap: {name: volume-map}}
        - name: c
          projected: {sources: [{secret: {name: projected}}, {configMap: {name: projected-map}}, {serviceAccountToken: {path: a}}]}
---
apiVersion: example.org/v1
kind: Rollout
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: a
          env: [{name: A, valueFrom: {secretKeyRef: {name: own}}}, {name: B, valueFrom: {secretKeyRef: {name: custom}}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {tls: [{secretName: certificate}]}
---
apiVersion: example.org/v1
kind: Odd
metadata: {name: odd}
spec: {secret: text, secretRef: [a], configMap: {name: 7}}
`

func TestGiven(t *testing.T) {
	all, err := manifest.Parse(pods)
	if err != nil {
		t.Fatal(err)
	}
	g := &Given{Namespace: "review"}
	g.Note(all...)
	g.Note(all...)
	var want []source
	for _, name := range []string{"env-map", "projected-map", "variable-map", "volume-map"} {
		want = append(want, source{"configmaps", "elsewhere", name})
	}
	for _, name := range []string{"env", "projected", "variable", "volume"} {
		want = append(want, source{"secrets", "elsewhere", name})
	}
	want = append(want, source{"secrets", "review", "custom"})
	if got := g.unread(); !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got, cmp.AllowUnexported(source{})))
	}
	var none *Given
	none.Note(all...)
	none.Read(t.Context())
	none.ReadLate(t.Context())
}
