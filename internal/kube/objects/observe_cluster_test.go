//go:build cluster

package objects_test

import (
	"context"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/objects"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

// observed has, on purpose, much that the server stores in another form.
const observed = `
apiVersion: v1
kind: Secret
metadata: {name: settings}
stringData: {password: hunter2}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  clusterIP: ""
  ports: [{port: 53, name: tcp, protocol: TCP}, {port: 53, name: udp, protocol: UDP}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: false
      containers:
      - name: app
        image: example.org/app:1
        env: []
        resources: {requests: {cpu: 0.1, memory: 65536Ki}}
        volumeMounts: [{name: token, mountPath: /token, readOnly: false}]
      volumes:
      - name: token
        projected:
          sources: [{downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 0
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "example.org/db:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: seed}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: seed, image: "example.org/seed:1"}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {rules: [{host: web.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 53}}}}]}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: User, name: jane}]
`

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func observer(t *testing.T, config *rest.Config) objects.Observer {
	t.Helper()
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	discoveryClient, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return objects.Observer{Dynamic: dynamicClient,
		Mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discoveryClient))}
}

// apply creates the manifest's objects with the ownership that Helm gives them.
func apply(t *testing.T, ctx context.Context, o objects.Observer, text, release, namespace string) []facts.Ref {
	t.Helper()
	objects, err := manifest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	refs := make([]facts.Ref, len(objects))
	for i, object := range objects {
		refs[i] = manifest.RefOf(object)
		object.SetLabels(map[string]string{ownership.LabelManagedBy: "Helm"})
		object.SetAnnotations(map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace})
		mapping, err := o.Mapper.RESTMapping(object.GroupVersionKind().GroupKind(), object.GroupVersionKind().Version)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Dynamic.Resource(mapping.Resource).Namespace(namespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return refs
}

func TestObserve(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, namespace := within(t, time.Minute), cluster.Namespace(t)
	o := observer(t, cluster.Config())
	refs := apply(t, ctx, o, observed, "web", namespace)
	waiter := rollout.Waiter{
		WaitForJobs: true,
		Clients:     rollout.Clients{Clientset: cluster.Client(), Dynamic: o.Dynamic, Mapper: o.Mapper, Namespace: namespace},
	}
	if err := waiter.WaitForReady(ctx, rollout.ByName(refs)); err != nil {
		t.Fatal(err)
	}
	t.Run("healthy", func(t *testing.T) {
		objects, err := o.Observe(ctx, observed, "web", namespace)
		if err != nil {
			t.Fatal(err)
		}
		for i, object := range objects {
			if object.Kind != refs[i].Kind || object.Namespace != namespace {
				t.Errorf("object %d is %s, want %s", i, object.Ref, refs[i])
			}
			if !object.Exists || !object.Owned || !object.Ready || len(object.Differences) > 0 || object.UID == "" || object.Error != "" {
				t.Errorf("%s: %+v", object.Ref, object)
			}
			if object.Complete != (object.Kind == "Job") {
				t.Errorf("%s complete: %t", object.Ref, object.Complete)
			}
		}
	})
	t.Run("another release's", func(t *testing.T) {
		objects, err := o.Observe(ctx, observed, "api", namespace)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			if object.Owned || object.Owner != namespace+"/web" {
				t.Errorf("%s: owner %q", object.Ref, object.Owner)
			}
		}
	})
	t.Run("edited, deleted and unknown", func(t *testing.T) {
		if _, err := cluster.Client().CoreV1().Secrets(namespace).Patch(ctx, "settings", types.MergePatchType,
			[]byte(`{"stringData":{"password":"x"}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Client().CoreV1().Services(namespace).Delete(ctx, "web", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		objects, err := o.Observe(ctx, observed+"---\napiVersion: example.org/v1\nkind: Boat\nmetadata: {name: b}\n", "web", namespace)
		if err != nil {
			t.Fatal(err)
		}
		if got := facts.Paths(objects[0].Differences); got != "data.password" {
			t.Errorf("the secret's drift: %q", got)
		}
		if objects[1].Exists {
			t.Errorf("the deleted service: %+v", objects[1])
		}
		if last := objects[len(objects)-1]; !strings.Contains(last.Error, "Boat") {
			t.Errorf("the unknown kind: %+v", last)
		}
	})
	t.Run("without permission", func(t *testing.T) {
		account := cluster.ServiceAccount(t, namespace, "reader",
			rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}})
		_, err := observer(t, account.Config).Observe(ctx, observed, "web", namespace)
		p := problem.Of(err)
		if p == nil || p.Reason != problem.PermissionMissing || len(p.Missing) != len(refs)-1 || p.Missing[0].Resource != "secrets" {
			t.Errorf("problem: %+v", p)
		}
	})
}
