//go:build cluster

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/kubetest"
)

// rightsShapes are charts, by their templates, that take permissions of different kinds. NS is the
// namespace, in what belongs to none: other tests have objects there, too.
var rightsShapes = map[string]struct {
	example bool // the chart of examples/
	files   map[string]string
	flags   []string
}{
	"example": {example: true, flags: []string{"--set", "host=shop.example.com", "--set", "migration.enabled=true"}},
	"hooks": {files: map[string]string{"templates/all.yaml": `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "{{ .Values.a }}"}
---
apiVersion: v1
kind: Secret
metadata: {name: seed, annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-weight: "-1"}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: seed, annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: "before-hook-creation"}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: complete}}
    spec: {restartPolicy: Never, containers: [{name: a, image: a}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: bye, annotations: {helm.sh/hook: "pre-delete", helm.sh/hook-delete-policy: "hook-succeeded"}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: complete}}
    spec: {restartPolicy: Never, containers: [{name: a, image: a}]}
`}},
	"definitions": {files: map[string]string{"crds/berths.yaml": `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: moorings.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: Mooring, listKind: MooringList, plural: moorings, singular: mooring}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`, "templates/all.yaml": `
apiVersion: GROUP/v1
kind: Mooring
metadata: {name: one}
spec: {a: "{{ .Values.a }}"}
`}},
	"claims": {files: map[string]string{"templates/all.yaml": `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 0
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}, annotations: {a: "{{ .Values.a }}"}}
    spec: {containers: [{name: db, image: a, volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
`}},
	"roles": {files: map[string]string{"templates/all.yaml": `
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, annotations: {a: "{{ .Values.a }}"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app}
rules:
- {apiGroups: [""], resources: [endpoints], verbs: [get, list]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: app}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app-view}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: app}]
`}},
	"cluster": {files: map[string]string{"templates/all.yaml": `
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: "{{ .Release.Namespace }}", annotations: {a: "{{ .Values.a }}"}}
value: 1
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "{{ .Values.a }}", there: "{{ lookup "v1" "ConfigMap" .Release.Namespace "kube-root-ca.crt" | empty | not }}"}
`}},
}

// shaped gives a fixture the chart of a shape.
func (s *fixture) shaped(name string) (flags []string) {
	s.t.Helper()
	shape := rightsShapes[name]
	if shape.example {
		s.chart = "../../examples/web"
		return shape.flags
	}
	dir := s.t.TempDir()
	files := map[string]string{"Chart.yaml": "apiVersion: v2\nname: shape\nversion: 1.0.0\n", "values.yaml": "a: b\n"}
	for path, text := range shape.files {
		files[path] = strings.ReplaceAll(text, "GROUP", s.namespace+".example.com")
	}
	for path, text := range files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	s.chart = dir
	return shape.flags
}

// printedRole returns what --print-role prints, with no cluster to ask.
func (s *fixture) printedRole(user string, flags ...string) string {
	s.t.Helper()
	env, args := s.command("preflight", append([]string{"--print-role", "--for", user, "--chart", s.chart}, flags...)...)
	delete(env, "KUBECONFIG")
	var stdout, stderr bytes.Buffer
	if e := runBerthOn(s.t, &stdout, &stderr, env, args...); e.code != 0 {
		s.t.Fatalf("exit code %d:\n%s%s", e.code, &stdout, &stderr)
	}
	return stdout.String()
}

// With exactly what is printed, every verb goes well, and the preflight finds nothing missing.
func TestPrintedRoleSuffices(t *testing.T) {
	for name := range rightsShapes {
		t.Run(name, func(t *testing.T) {
			s, account := allowed(t)
			flags := s.shaped(name)
			s.ApplyRBAC(t, s.printedRole(account.User, flags...))
			asked := append([]string{"--chart", s.chart, "--rbac-wait", "20s"}, flags...)
			s.berth("preflight", asked...).exit(t, 0).says(t, "would go well as far as can be tried")
			s.berth("deploy", flags...).exit(t, 0).checksHold(t)
			changed := []string{"--set", "a=c"}
			if rightsShapes[name].example {
				changed = []string{"--set", "config.LEVEL=debug"}
			}
			s.berth("deploy", append(changed, flags...)...).exit(t, 0).checksHold(t)
			s.berth("check").exit(t, 0)
			s.berth("teardown").exit(t, 0)
		})
	}
}

// With a chart, the preflight names all that is missing at once, of Berth's and of the chart's; what it
// writes suffices, but for what reaches out of the namespace, which it names.
func TestPreflightOfAChart(t *testing.T) {
	s, account := allowed(t)
	s.shaped("cluster")
	e := s.berth("preflight", "--chart", s.chart, "--rbac-wait", "0s").exit(t, 20).
		says(t, account.User, "by hand", "priorityclasses.scheduling.k8s.io", "--print-role")
	for _, want := range []string{"update secrets", "create configmaps", "patch configmaps", "delete configmaps", "get configmaps",
		"create priorityclasses", "get namespaces"} {
		if !strings.Contains("\n"+strings.Join(e.missing(), "\n")+"\n", "\n"+want+"\n") {
			t.Errorf("missing is %q, without %s", e.missing(), want)
		}
	}
	s.nothingWasMade()
	if rbac := e.text("rbac"); strings.Contains(rbac, "priorityclasses\n  verbs:\n  - get\n  - ") || !strings.Contains(rbac, "configmaps") {
		t.Errorf("it writes\n%s", rbac)
	}
	c := kubetest.Connect(t)
	account.GrantCluster(t, c.WriteRule("scheduling.k8s.io", "priorityclasses"))
	s.apply(e)
	s.berth("preflight", "--chart", s.chart, "--rbac-wait", "20s").exit(t, 0)
	s.berth("deploy").exit(t, 0)
	s.berth("teardown").exit(t, 0)
}
