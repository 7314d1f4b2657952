//go:build conformance

package conformance

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/test/kubetest"
)

// within fails the row when what is done takes longer: what is known to be wrong is
// not waited for until a timeout.
func (s *fixture) within(limit time.Duration, do func()) {
	s.t.Helper()
	began := time.Now()
	do()
	if took := time.Since(began); took > limit {
		s.t.Errorf("it took %s, and may take %s", took, limit)
	}
}

// storageClass makes a class of the row's own, of the namespace's name.
func (s *fixture) storageClass(mode storagev1.VolumeBindingMode) {
	s.t.Helper()
	classes := s.Client().StorageV1().StorageClasses()
	_, err := classes.Create(s.t.Context(), &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Provisioner: "kubernetes.io/no-provisioner", VolumeBindingMode: &mode}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = classes.Delete(context.WithoutCancel(s.t.Context()), s.namespace, metav1.DeleteOptions{}) })
}

// claimOf is a claim of a class, and a CronJob that will use it some time.
func claimOf(class string) string {
	return strings.ReplaceAll(`
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: backup}
spec: {storageClassName: CLASS, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "0 3 1 1 *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: backup, image: backup:1}],
    volumes: [{name: data, persistentVolumeClaim: {claimName: backup}}]}}}}
`, "CLASS", class)
}

// plainJob is a Job that is no hook, with a behaviour of the simulated kubelet.
func plainJob(behaviour, delay, spec string) string {
	return strings.NewReplacer("BEHAVIOUR", behaviour, "DELAY", delay, "SPEC", spec).Replace(`
apiVersion: batch/v1
kind: Job
metadata: {name: seed}
spec:
  backoffLimit: 0
  SPEC
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: BEHAVIOUR, sim.berth.dev/delay: DELAY}}
    spec: {restartPolicy: Never, containers: [{name: seed, image: job:1}]}
`)
}

// spread is a Deployment of two replicas, each on a node of its own.
func spread(maxUnavailable string) string {
	return strings.ReplaceAll(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: spread}
spec:
  replicas: 2
  strategy: {rollingUpdate: {maxUnavailable: MAX, maxSurge: 1}}
  selector: {matchLabels: {app: spread}}
  template:
    metadata: {labels: {app: spread}}
    spec:
      affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [
        {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: spread}}}]}}
      containers: [{name: app, image: app:1, readinessProbe: {tcpSocket: {port: 80}}}]
`, "MAX", maxUnavailable)
}

const silentAPI = `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.silent.example.org}
spec: {group: silent.example.org, version: v1, groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true,
  service: {name: nobody, namespace: default}}
`

// gone waits until a Job is deleted.
func (s *fixture) gone(job string) {
	s.t.Helper()
	s.untilJob(job, func(_ *batchv1.Job, err error) bool { return apierrors.IsNotFound(err) })
}

// failed waits until a Job has failed.
func (s *fixture) failed(job string) {
	s.t.Helper()
	s.untilJob(job, func(j *batchv1.Job, err error) bool {
		for _, c := range j.Status.Conditions {
			if err == nil && c.Type == batchv1.JobFailed && c.Status == "True" {
				return true
			}
		}
		return false
	})
}

func (s *fixture) untilJob(name string, holds func(*batchv1.Job, error) bool) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		job, err := s.Client().BatchV1().Jobs(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
		return holds(job, err), "the Job is as before"
	})
}

func (s *fixture) deleteJob(name string) {
	s.t.Helper()
	background := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
	if err := s.Client().BatchV1().Jobs(s.namespace).Delete(s.t.Context(), name, background); err != nil {
		s.t.Fatal(err)
	}
	s.gone(name)
}

// resource gives the chart an object of a kind of the row's own, with a status and any
// field. It changes with the greeting.
func (s *fixture) resource(kind string) {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig()
	crd := &unstructured.Unstructured{}
	text := strings.Replace(s.crd(kind), "{openAPIV3Schema: {type: object}}",
		"{openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}\n      subresources: {status: {}}", 1)
	if err := yaml.Unmarshal([]byte(text), &crd.Object); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.definitions().Create(s.t.Context(), crd, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.deleteDefinition(kind) })
	s.served(kind, true)
	s.chartWith("templates/resource.yaml", "apiVersion: "+s.group()+"/v1\nkind: "+kind+
		"\nmetadata: {name: one}\nspec: {greeting: {{ .Values.greeting }}}\n")
}

// takes is a controller that needs that long for each generation.
func takes(long time.Duration) func(int64, time.Duration) string {
	return func(_ int64, known time.Duration) string {
		if known < long {
			return `{"conditions": [{"type": "Ready", "status": "False", "reason": "Issuing"}]}`
		}
		return `{"conditions": [{"type": "Ready", "status": "True", "reason": "Issued"}]}`
	}
}

// controller writes the status of the row's custom resource, until the row's end: by
// its generation, and how long that one has been known.
func (s *fixture) controller(kind string, status func(generation int64, known time.Duration) string) {
	s.t.Helper()
	resources, ctx := s.resources(kind), s.t.Context()
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		var generation int64
		var since time.Time
		written := ""
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			u, err := resources.Get(ctx, "one", metav1.GetOptions{})
			if err != nil {
				continue
			}
			if u.GetGeneration() != generation {
				generation, since = u.GetGeneration(), time.Now()
			}
			if now := status(generation, time.Since(since)); now != written {
				patch, _ := json.Marshal(map[string]any{"status": json.RawMessage(now)})
				if _, err := resources.Patch(ctx, "one", types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err == nil {
					written = now
				}
			}
		}
	}()
}

// spoken waits until the controller has written a status.
func (s *fixture) spoken(kind string) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		u, err := s.resources(kind).Get(s.t.Context(), "one", metav1.GetOptions{})
		return err == nil && u.Object["status"] != nil, "nothing was said"
	})
}

func (s *fixture) resources(kind string) dynamic.ResourceInterface {
	s.t.Helper()
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	return client.Resource(schema.GroupVersionResource{Group: s.group(), Version: "v1", Resource: plural(kind)}).Namespace(s.namespace)
}

// ownPlane gives the row a control plane of its own, for what would harm other rows.
func (s *fixture) ownPlane() {
	s.t.Helper()
	bin := os.Getenv("BERTH_TEST_CLUSTER_BIN")
	if bin == "" {
		bin = "../../bin/cluster"
	}
	dir := filepath.Join(s.t.TempDir(), "plane")
	if out, err := exec.Command(bin, "up", "--dir", dir).CombinedOutput(); err != nil {
		s.t.Fatalf("start a control plane: %v\n%s", err, out)
	}
	s.t.Cleanup(func() {
		if out, err := exec.Command(bin, "down", "--dir", dir).CombinedOutput(); err != nil {
			s.t.Errorf("stop the control plane: %v\n%s", err, out)
		}
	})
	s.Cluster = kubetest.ConnectTo(s.t, filepath.Join(dir, "kubeconfig"))
}

// silence registers an APIService that nobody serves, and returns when the API server
// has noticed.
func (s *fixture) silence(name string) {
	s.t.Helper()
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	services := client.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(silentAPI, "silent", strings.Split(name, ".")[1])), &u.Object); err != nil {
		s.t.Fatal(err)
	}
	if _, err := services.Create(s.t.Context(), u, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		u, err := services.Get(s.t.Context(), name, metav1.GetOptions{})
		return err == nil && u.Object["status"] != nil, "nobody has looked at it"
	})
}
