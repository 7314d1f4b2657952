//go:build conformance

package conformance

import (
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// charts are the rows about what a chart brings: hooks, kinds of its own, more
// than is allowed, and records that are too large.
var charts = []row{
	{ID: "T61", Setup: "a hook's Job is left from the deploy before",
		Action: "deploy", End: "removed, the hook ran anew", Exit: "0 + warning", run: func(s *fixture) {
			hook := []string{"--set", "hooks.pre-upgrade.policy=hook-failed"} // nothing removes one that succeeded
			s.berth("deploy", hook...).exit(0)
			s.berth("deploy", hook...).exit(0)
			before := s.jobUID("web-pre-upgrade")
			s.berth("deploy", hook...).exit(0).warned("Release repaired")
			s.stored("v1 superseded, v2 superseded, v3 deployed")
			s.hookCompleted("pre-upgrade")
			if s.jobUID("web-pre-upgrade") == before {
				s.t.Error("the hook did not run anew")
			}
		}},
	{ID: "T62", Setup: "a hook's Job is deleted while it is watched",
		Action: "deploy", End: "deployed, the hook flagged as unproven", Exit: "0 + warning", run: func(s *fixture) {
			watched := s.holdAnswer(s.proxy(), faultproxy.Match{Verb: "watch", Resource: "jobs"})
			run := s.start("deploy", "--set", "hooks.post-install.delay=1h")
			watched.await(run)
			watched.release()
			background := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
			err := s.Client().BatchV1().Jobs(s.namespace).Delete(s.t.Context(), "web-post-install", background)
			if err != nil {
				s.t.Fatal(err)
			}
			run.wait(runLimit).exit(0).warned("Hook not proven").says("Job/web-post-install")
			s.stored("v1 deployed")
		}},
	{ID: "T63", Setup: "two CRDs in one file: one exists, no permission to create the other",
		Action: "deploy", End: "the missing one is named, although its sibling exists; nothing stored",
		Exit: "20", Gone: true, run: func(s *fixture) {
			s.deployerWith(s.SecretRules(), s.LeaseRules())
			s.define("Boat")
			s.chartWith("crds/all.yaml", s.crd("Boat")+"\n---\n"+s.crd("Ship"))
			s.berth("deploy").exit(20).says("ships."+s.group(), "create customresourcedefinitions")
			s.stored("nothing")
			s.owns()
		}},
	{ID: "T64", Setup: "the stored manifest names a kind that the API server has no more",
		Action: "teardown", End: "what is left of it is gone",
		Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.define("Boat")
			s.chartWith("templates/boat.yaml", "apiVersion: "+s.group()+"/v1\nkind: Boat\nmetadata: {name: one}\n")
			s.berth("deploy").exit(0)
			s.undefine("Boat")
			s.berth("teardown").exit(0).says("Boat/one")
			s.owns()
		}},
	{ID: "T65", Setup: "the quota is exceeded at the third kind", Action: "deploy", End: "v1 failed", Exit: "23", run: func(s *fixture) {
		s.quota("count/deployments.apps")
		s.berth("deploy").exit(23).says("exceeded quota")
		s.stored("v1 failed")
		s.owns("ConfigMap/web", "Service/web")
		s.noQuota()
	}},
	{ID: "T66", Setup: "a record of 1.1 MiB",
		Action: "deploy", End: "refused before its POST, nothing stored or made", Exit: "29", Gone: true, run: func(s *fixture) {
			p := s.proxy()
			posted := p.On(recordCreate, faultproxy.Delay(0))
			s.berth("deploy", s.padding(1100<<10)...).exit(29)
			if posted.Hits() > 0 {
				s.t.Error("the record was sent")
			}
			s.stored("nothing")
			s.owns()
		}},
	{ID: "T67", Setup: "a record near the limit, and an error that does not fit",
		Action: "deploy", End: "v1 failed, its description cut", Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/broken.yaml", manyWrongKeys)
			s.berth("deploy", s.padding(400<<10)...).exit(23)
			s.stored("v1 failed")
			last := s.last()
			size, description := len(last.Secret.Data["release"]), len(last.Description)
			if size < 700<<10 || description < 200 || description > 4<<10 {
				s.t.Errorf("the record has %d bytes, and its description %d", size, description)
			}
		}},
}

// manyWrongKeys makes a ConfigMap of which the API server names every key as
// wrong: an error larger than what the record has room for.
const manyWrongKeys = `{{- with .Values.padding }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: broken
data:
  {{- $all := . }}
  {{- range $i := until 1900 }}
  "! {{ substr (int (mul $i 200)) (int (mul (add1 $i) 200)) $all }}": ""
  {{- end }}
{{- end }}
`

// chartWith is the row's chart with one more file, in a folder of its own.
func (s *fixture) chartWith(name, content string) {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "app")
	if err := os.CopyFS(dir, os.DirFS(s.chart)); err != nil {
		s.t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.TrimLeft(content, "\n")), 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.chart = dir
}

func (s *fixture) jobUID(name string) string {
	s.t.Helper()
	job, err := s.Client().BatchV1().Jobs(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(job.UID)
}

// quota allows none of a resource, and returns when that is enforced.
func (s *fixture) quota(resourceName corev1.ResourceName) {
	s.t.Helper()
	quotas := s.Client().CoreV1().ResourceQuotas(s.namespace)
	none := corev1.ResourceList{resourceName: resource.MustParse("0")}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "none"}, Spec: corev1.ResourceQuotaSpec{Hard: none}}
	if _, err := quotas.Create(s.t.Context(), quota, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		q, err := quotas.Get(s.t.Context(), "none", metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		_, counted := q.Status.Used[resourceName]
		return counted, "the quota is not counted yet"
	})
}

func (s *fixture) noQuota() {
	s.t.Helper()
	if err := s.Client().CoreV1().ResourceQuotas(s.namespace).Delete(s.t.Context(), "none", metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}
