//go:build conformance

package conformance

import (
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

type schemaResource = schema.GroupVersionResource

var (
	deployments = schemaResource{Group: "apps", Version: "v1", Resource: "deployments"}
	configMaps  = schemaResource{Version: "v1", Resource: "configmaps"}
	secrets     = schemaResource{Version: "v1", Resource: "secrets"}
	services    = schemaResource{Version: "v1", Resource: "services"}
)

// What the rows about contents have beside the chart's own objects.
const (
	namedSecret = `
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: {password: hunter2-recorded}
`
	twoPorts = `
apiVersion: v1
kind: Service
metadata: {name: two}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
`
	labelled = `
apiVersion: v1
kind: ConfigMap
metadata: {name: labelled, labels: {team: shop}}
`
	autoscaler = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
`
	spellings = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: spelled, creationTimestamp: null}
spec:
  replicas: 1
  minReadySeconds: 0
  selector: {matchLabels: {app: spelled}}
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  template:
    metadata: {creationTimestamp: null, labels: {app: spelled}}
    spec:
      hostNetwork: false
      dnsPolicy: ""
      nodeSelector: {}
      tolerations: []
      containers:
        - name: app
          image: app:1
          command: null
          env: [{name: EMPTY, value: ""}, {name: NONE}]
          ports: [{containerPort: 80, protocol: ""}, {containerPort: 53, protocol: UDP}, {containerPort: 53}]
          readinessProbe: {tcpSocket: {port: 80}, timeoutSeconds: 0}
          resources: {limits: {cpu: 1000m, memory: 1024Mi}, requests: {cpu: 0.5, memory: 0.5Gi}}
---
apiVersion: v1
kind: Service
metadata: {name: spelled}
spec: {selector: {app: spelled}, clusterIP: "", ports: [{name: tcp, port: 53}, {name: dns, port: 53, protocol: UDP, nodePort: 0}]}
---
apiVersion: v1
kind: Secret
metadata: {name: spelled}
type: Opaque
data:
  text: |
    YQ==
stringData: {more: x, empty: ""}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: spelled}
spec:
  schedule: "0 0 1 1 *"
  suspend: false
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: app:1}]}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: spelled}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: spelled}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: spelled}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}
`
)

// boats defines a kind with defaults and adds a resource of it to the chart. Berth
// runs as the administrator, since nobody else may write the kind.
func (s *fixture) boats() schemaResource {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig()
	open := "{type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {" +
		"size: {type: integer}, flag: {type: string, default: white}, crew: {type: array, items: {type: object, properties: {" +
		"name: {type: string}, rank: {type: string, default: mate}}}}}}}}"
	definition := strings.Replace(s.crd("Boat"), "{type: object}", open, 1)
	crd := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(definition), &crd.Object); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.definitions().Create(s.t.Context(), crd, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.deleteDefinition("Boat") })
	s.served("Boat", true)
	s.chartWith("templates/boat.yaml", "apiVersion: "+s.group()+"/v1\nkind: Boat\nmetadata: {name: one}\nspec: {size: 1, crew: [{name: a}]}\n")
	return schemaResource{Group: s.group(), Version: "v1", Resource: "boats"}
}

func (s *fixture) dynamic() dynamic.Interface {
	s.t.Helper()
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

// wrote fails the row unless a file of the report holds every part.
func (e ended) wrote(file string, parts ...string) {
	e.s.t.Helper()
	data, err := os.ReadFile(filepath.Join(e.dir, file))
	if err != nil {
		e.s.t.Error(err)
	}
	for _, part := range parts {
		if !strings.Contains(string(data), part) {
			e.s.t.Errorf("%s of %s does not hold %q:\n%s", file, e.verb, part, data)
		}
	}
}

// hides fails the row if one of the texts was printed or written into the report.
func (e ended) hides(secrets ...string) {
	e.s.t.Helper()
	said := map[string]string{"its output": e.out.String()}
	files, err := os.ReadDir(e.dir)
	if err != nil || len(files) == 0 {
		e.s.t.Errorf("the report has %d files: %v", len(files), err)
	}
	for _, f := range files {
		if data, err := os.ReadFile(filepath.Join(e.dir, f.Name())); err == nil {
			said[f.Name()] = string(data)
		}
	}
	for where, text := range said {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				e.s.t.Errorf("%s of %s holds %q", where, e.verb, secret)
			}
		}
	}
}
