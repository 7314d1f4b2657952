//go:build cluster

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/test/kubetest"
	"github.com/berth-dev/berth/test/platform"
)

// The platforms on loopback are believed, as the real ones are.
func init() {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
}

// orchard is review apps of a repository that nothing else in the cluster belongs to.
type orchard struct {
	*kubetest.Cluster
	t     *testing.T
	host  string
	app   string
	chart string
	hub   *platform.Repository
	apps  []*appOf
}

// appOf is one review app, and what a sweep is to make of it.
type appOf struct {
	name, branch       string
	number             int
	repository         string
	namespace, release string
	fate, reason       string // empty: it is not among those that the sweep is about
}

func newOrchard(t *testing.T) *orchard {
	t.Helper()
	t.Parallel()
	c := kubetest.Connect(t)
	name := c.Name(t, "shop")
	o := &orchard{Cluster: c, t: t, host: name + ".example.com", app: name, chart: t.TempDir(), hub: platform.NewRepository(t, false)}
	for name, text := range map[string]string{
		"Chart.yaml":         "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
		"templates/all.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-settings'}\ndata: {ref: '{{ .Values.ref }}'}\n",
		"values.yaml":        "ref: main\n",
	} {
		path := filepath.Join(o.chart, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// own is the namespace of a branch's own. It is deleted at the end.
func (o *orchard) own(branch string) string {
	name := "review-" + o.app + "-" + branch
	o.t.Cleanup(func() {
		err := o.Client().CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			o.t.Errorf("deleting namespace %s: %v", name, err)
		}
	})
	return name
}

// env is the environment of a scheduled run of the repository's workflow.
func (o *orchard) env() map[string]string {
	o.t.Helper()
	dir := o.t.TempDir()
	env := o.hub.Env()
	maps.Copy(env, map[string]string{
		"HOME": dir, "PATH": os.Getenv("PATH"), "KUBECONFIG": o.Kubeconfig(), "GIT_DIR": dir,
		"GITHUB_SERVER_URL": "https://" + o.host, "GITHUB_EVENT_NAME": "schedule", "GITHUB_REF": "refs/heads/main",
		"GITHUB_EVENT_PATH": filepath.Join(dir, "event.json"), "GITHUB_OUTPUT": filepath.Join(dir, "output"),
		"GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary.md"), "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1",
		"BERTH_GITHUB_TOKEN": platform.Token,
	})
	event := `{"schedule": "0 3 * * *", "repository": {"full_name": "acme/shop", "default_branch": "main"}}`
	if err := os.WriteFile(env["GITHUB_EVENT_PATH"], []byte(event), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return env
}

// deploy deploys an app, and says that it was a while ago.
func (o *orchard) deploy(a *appOf, since time.Duration, flags ...string) {
	o.t.Helper()
	if a.repository == "" {
		a.repository = "acme/shop"
	}
	if a.namespace == "" {
		a.namespace = o.own(a.branch)
	}
	if a.release == "" {
		a.release = o.app
	}
	args := []string{"deploy", "--repository", "https://" + o.host + "/" + a.repository, "--branch", a.branch, "--app", o.app,
		"--namespace", a.namespace, "--release", a.release, "--chart", o.chart}
	if a.number > 0 {
		args = append(args, "--pull-request", fmt.Sprint(a.number))
	}
	dir := o.t.TempDir()
	env := map[string]string{"HOME": dir, "PATH": os.Getenv("PATH"), "KUBECONFIG": o.Kubeconfig(), "GIT_DIR": dir}
	runBerth(o.t, env, append(args, flags...)...).exit(o.t, 0)
	if since > 0 {
		o.backdate(a, since)
	}
	o.apps = append(o.apps, a)
}

// backdate says that an app was deployed a while ago, and what ttl it has, so long ago as well.
func (o *orchard) backdate(a *appOf, since time.Duration) {
	o.t.Helper()
	annotations := map[string]string{ownership.AnnotationLastDeployed: time.Now().Add(-since).UTC().Format(time.RFC3339)}
	if strings.Contains(a.name, "expired") {
		annotations[ownership.AnnotationExpires] = time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	}
	o.annotate(a, annotations)
}

// annotate writes annotations on an app's namespace, where it has one of its own, and its record.
func (o *orchard) annotate(a *appOf, annotations map[string]string) {
	o.t.Helper()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": annotations}})
	if err != nil {
		o.t.Fatal(err)
	}
	core := o.Client().CoreV1()
	if !strings.HasPrefix(a.namespace, "shared") {
		if _, err := core.Namespaces().Patch(o.t.Context(), a.namespace, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			o.t.Fatal(err)
		}
	}
	_, err = core.Secrets(a.namespace).Patch(o.t.Context(), o.record(a), types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		o.t.Fatal(err)
	}
}

func (*orchard) record(a *appOf) string { return "sh.helm.release.v1." + a.release + ".v1" }

// label says that the record has another status.
func (o *orchard) label(a *appOf, status string) {
	o.t.Helper()
	patch := []byte(`{"metadata":{"labels":{"status":"` + status + `"}}}`)
	_, err := o.Client().CoreV1().Secrets(a.namespace).Patch(o.t.Context(), o.record(a), types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		o.t.Fatal(err)
	}
}

// sweep sweeps as a scheduled run does.
func (o *orchard) sweep(flags ...string) ended {
	o.t.Helper()
	dir := o.t.TempDir()
	return runBerth(o.t, o.env(), append([]string{"sweep", "--report-dir", dir}, flags...)...)
}

// swept returns the fate and the reason of each app, by namespace and release.
func (e ended) swept(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	apps, _ := e.report["apps"].([]any)
	for _, one := range apps {
		a, _ := one.(map[string]any)
		all[fmt.Sprintf("%s/%s", a["namespace"], a["release"])] = fmt.Sprintf("%s, %s", a["fate"], a["reason"])
	}
	return all
}

// objects returns every ConfigMap, Secret, ServiceAccount and namespace of the apps, with what
// changes with each write to it.
func (o *orchard) objects() map[string]string {
	o.t.Helper()
	all := map[string]string{}
	for _, a := range o.apps {
		ns, err := o.Client().CoreV1().Namespaces().Get(o.t.Context(), a.namespace, metav1.GetOptions{})
		if err != nil {
			continue // it is gone
		}
		all["Namespace "+ns.Name] = string(ns.UID) + " " + ns.ResourceVersion
		maps, err := o.Client().CoreV1().ConfigMaps(a.namespace).List(o.t.Context(), metav1.ListOptions{})
		if err != nil {
			o.t.Fatal(err)
		}
		for _, m := range maps.Items {
			all["ConfigMap "+a.namespace+"/"+m.Name] = string(m.UID) + " " + m.ResourceVersion
		}
		secrets, err := o.Client().CoreV1().Secrets(a.namespace).List(o.t.Context(), metav1.ListOptions{})
		if err != nil {
			o.t.Fatal(err)
		}
		for _, s := range secrets.Items {
			all["Secret "+a.namespace+"/"+s.Name] = string(s.UID) + " " + s.ResourceVersion
		}
	}
	return all
}

// untouched fails the test where something of an app that was to be kept has changed.
func (o *orchard) untouched(before, after map[string]string, gone func(*appOf) bool) {
	o.t.Helper()
	for object, was := range before {
		of := slices.ContainsFunc(o.apps, func(a *appOf) bool {
			own := !strings.HasPrefix(a.namespace, "shared")
			return gone(a) && (own && (strings.Contains(object, " "+a.namespace+"/") || object == "Namespace "+a.namespace) ||
				!own && (object == "Secret "+a.namespace+"/"+o.record(a) || object == "ConfigMap "+a.namespace+"/"+a.release+"-settings"))
		})
		switch now, there := after[object]; {
		case of && there:
			o.t.Errorf("%s is still there", object)
		case !of && now != was:
			o.t.Errorf("%s was %q, and is %q", object, was, now)
		}
	}
}
