package objects

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

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
	now := time.Now()
	early := now.Add(-time.Minute)
	if got := g.due(early); !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got, cmp.AllowUnexported(source{})))
	}
	if got := g.due(early); len(got) > 0 {
		t.Errorf("%v are asked for again at once", got)
	}
	// Somebody may have filled the release's own Secret since it was applied.
	last := slices.Concat(want, []source{{"secrets", "review", "own"}})
	if got := g.due(time.Now()); !slices.Equal(got, last) {
		t.Error(cmp.Diff(last, got, cmp.AllowUnexported(source{})))
	}
	var none *Given
	none.Note(all...)
	none.Pod(all[0])
	none.Read(t.Context())
	none.ReadLate(t.Context())
}

// Who admits a pod may have added to what its manifest gives to it. Each pod is noted once.
func TestGivenToPodsAsTheyLive(t *testing.T) {
	all, err := manifest.Parse(`
apiVersion: v1
kind: Pod
metadata: {name: a, uid: a}
spec:
  containers: [{name: a, envFrom: [{secretRef: {name: injected}}]}]
  volumes: [{name: b, projected: {sources: [{configMap: {name: kube-root-ca.crt}}]}}]
`)
	if err != nil {
		t.Fatal(err)
	}
	hidden := 0
	g := &Given{Namespace: "review", Hide: func(*unstructured.Unstructured) { hidden++ }}
	g.Pod(all[0])
	g.Pod(all[0])
	if got, want := g.due(time.Now()), []source{{"secrets", "review", "injected"}}; !slices.Equal(got, want) || hidden != 1 {
		t.Errorf("it is given %v, and was hidden %d times", got, hidden)
	}
}

// What the release has itself takes no room from what others have put there.
func TestGivenBesideManyOfTheRelease(t *testing.T) {
	g := &Given{Namespace: "review"}
	for i := range 2 * mostGiven {
		g.Note(named("ConfigMap", fmt.Sprint(i), nil))
	}
	g.Note(named("Pod", "web", map[string]any{"secretRef": map[string]any{"name": "database"}}))
	if got, want := g.due(time.Now()), []source{{"secrets", "review", "database"}}; !slices.Equal(got, want) {
		t.Errorf("it is %v", got)
	}
	for i := range 2 * mostGiven {
		g.Note(named("Pod", "web", map[string]any{"secretRef": map[string]any{"name": fmt.Sprint(i)}}))
	}
	if got := len(g.due(time.Now())); got != mostGiven {
		t.Errorf("%d are read", got)
	}
}

// Sources that are the release's own, named before they are known as such, take no room from others' Secrets, and
// no ConfigMaps do. That there are more than are read is said once of each sort.
func TestGivenOfEachSort(t *testing.T) {
	said := 0
	g := &Given{Namespace: "review", Warn: func(string, string) { said++ }}
	given := func(sort, name string) {
		g.Note(named("Pod", "web", map[string]any{sort: map[string]any{"name": name}}))
	}
	for i := range 2 * mostGiven {
		given("configMapRef", fmt.Sprint(i))
		given("secretRef", fmt.Sprint("own-", i))
	}
	given("secretRef", "database")
	for i := range 2 * mostGiven {
		g.Note(named("Secret", fmt.Sprint("own-", i), nil))
	}
	early := time.Now().Add(-time.Minute)
	if got := g.due(early); !slices.Contains(got, source{"secrets", "review", "database"}) || said != 2 {
		t.Errorf("it is %v, and %d were told", got, said)
	}
}

// What pods say is withheld as long as a Secret that they are given could not be read, or where they are given
// more than are read. One that is not there holds nothing, and one that may not be read is not known to anybody.
func TestUnread(t *testing.T) {
	database := source{"secrets", "review", "database"}
	at := schema.GroupResource{Resource: "secrets"}
	broken := apierrors.NewInternalError(errors.New("etcd is gone"))
	for name, c := range map[string]struct {
		reads    []error
		withheld bool
	}{
		"read":                  {[]error{nil}, false},
		"not there":             {[]error{apierrors.NewNotFound(at, "database")}, false},
		"forbidden":             {[]error{apierrors.NewForbidden(at, "database", nil)}, false},
		"broken":                {[]error{nil, broken}, true},
		"in time":               {[]error{context.DeadlineExceeded}, true},
		"broken, and then read": {[]error{broken, nil}, false},
		"broken, and then gone": {[]error{broken, apierrors.NewNotFound(at, "database")}, false},
	} {
		g := &Given{Namespace: "review"}
		g.Note(named("Pod", "web", map[string]any{"secretRef": map[string]any{"name": "database"}}))
		for _, err := range c.reads {
			g.took(database, err)
		}
		if got := g.Unread(); (got != "") != c.withheld {
			t.Errorf("%s: withheld since %q", name, got)
		}
	}
	many := &Given{Namespace: "review"}
	for i := range mostGiven + 1 {
		many.Note(named("Pod", "web", map[string]any{"secretRef": map[string]any{"name": fmt.Sprint(i)}}))
	}
	many.due(time.Now())
	if many.Unread() == "" {
		t.Error("more Secrets than are read: what the pods say is shown")
	}
	if (*Given)(nil).Unread() != "" {
		t.Error("none is unread where none is looked at")
	}
}

func named(kind, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec,
	}}
}
