//go:build conformance

package conformance

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hooksOutside makes objects that are not in the release's namespace, as Helm's usual chart labels them.
const hooksOutside = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: NAME
  labels: {app.kubernetes.io/instance: "{{ .Release.Name }}"}
  annotations: {helm.sh/hook: "pre-install,pre-upgrade,pre-delete"}
rules: []
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shared
  namespace: OTHER
  labels: {app.kubernetes.io/instance: "{{ .Release.Name }}"}
  annotations: {helm.sh/hook: "pre-install,pre-upgrade,pre-delete", helm.sh/hook-delete-policy: "before-hook-creation,hook-failed"}
`

// hooksElsewhere are the rows about what the hooks of several releases of one name make outside
// their namespaces.
var hooksElsewhere = []row{
	{ID: "S188", Setup: "by Helm, a release of the same name and chart in another namespace, whose hooks made a " +
		"ClusterRole and an object in a third one",
		Action: "deploy, teardown with delete-hooks", End: "both", Exit: "27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			outside, _ := s.outside()
			s.at(s.Namespace(s.t), s.release, func() { s.mustHelm(3, "install", s.release, s.chart, "--wait") })
			before := outside()
			s.berth("deploy").exit(27).says("ClusterRole/"+s.namespace+"-migrate is there", "ConfigMap/shared is there",
				"a hook made it outside the release's namespace, and nothing shows")
			s.stored("nothing")
			s.berth("teardown", "--delete-hooks").exit(0)
			if now := outside(); now != before {
				s.t.Errorf("the other release's objects were %s and are %s", before, now)
			}
		}},
	{ID: "S188b", Setup: "Helm has deployed this release with such hooks; Berth adopts it; then Helm deploys one of its name elsewhere, " +
		"whose hooks make the objects anew",
		Action: "deploy, deploy, and after that deploy; teardown", End: "the other release's objects", Exit: "0, 0, 27, 27, 0", Gone: true,
		run: func(s *fixture) {
			outside, remove := s.outside()
			s.kubeconfig = s.Kubeconfig()
			s.mustHelm(3, "install", s.release, s.chart, "--wait")
			before := outside()
			s.berth("deploy", "--adopt").exit(0)
			if outside() == before {
				s.t.Error("the hooks did not run anew")
			}
			s.berth("deploy").exit(0)
			other := s.Namespace(s.t)
			s.at(other, s.release, func() { s.mustHelm(3, "install", s.release, s.chart, "--wait") })
			before = outside()
			s.berth("deploy").exit(27).says("ConfigMap/shared is there", "nothing shows")
			s.berth("teardown").exit(27).says("ConfigMap/shared is there", "nothing shows")
			if now := outside(); now != before {
				s.t.Errorf("the other release's objects were %s and are %s", before, now)
			}
			s.at(other, s.release, func() { s.mustHelm(3, "uninstall", s.release, "--no-hooks") })
			remove()
			s.berth("teardown", "--delete-hooks").exit(0)
		}},
}

// outside gives the chart hooks that make a ClusterRole, and a ConfigMap in a namespace beside
// the release's. It returns what tells apart two states of these, and what deletes them.
func (s *fixture) outside() (state func() string, remove func()) {
	s.t.Helper()
	third, role := s.Namespace(s.t), object{"rbac.authorization.k8s.io/v1", "clusterroles", s.namespace + "-migrate"}
	s.chartWith("templates/outside.yaml", strings.NewReplacer("NAME", role.name, "OTHER", third).Replace(hooksOutside))
	s.t.Cleanup(func() {
		_ = s.client(role).Delete(context.WithoutCancel(s.t.Context()), role.name, metav1.DeleteOptions{})
	})
	state = func() (all string) {
		s.t.Helper()
		s.at(third, s.release, func() { all = s.uid(role) + " " + s.uid(configMap("shared")) })
		return all
	}
	return state, func() {
		s.t.Helper()
		s.at(third, s.release, func() {
			s.remove(role)
			s.remove(configMap("shared"))
		})
	}
}
