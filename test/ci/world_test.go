//go:build ci

package ci

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/docker"
	"github.com/berth-dev/berth/test/kubetest"
)

// world is what all cases share: the cluster, the engine with the image, and the account
// that the workflows deploy with.
type world struct {
	*kubetest.Cluster
	engine     *docker.Engine
	kubeconfig string // of the account, a path
}

// tools is the image that stands for a runner's own helper.
const tools = "tools:test"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cluster: kubetest.Connect(t)}
	w.engine = docker.Start(t)
	if released == "" {
		w.engine.Build(t)
	} else {
		w.pull(t)
	}
	w.engine.ImportTools(t, tools, "bash", "rsync")
	w.account(t)
	return w
}

// released is the checkout of a commit that a release is tagged on, with the folder dist of
// what was built: see release/dryrun. Its image then takes the place of the one built here.
var released = os.Getenv("BERTH_TEST_RELEASE")

// template is GitLab's template, as the release has pinned it or as it is here.
func template(t *testing.T) string {
	t.Helper()
	if released != "" {
		return readFile(t, filepath.Join(released, ".gitlab-ci-template.yml"))
	}
	return read(t, ".gitlab-ci-template.yml")
}

// pull takes the release's image from its registry, by the digest that the action and the
// template name.
func (w *world) pull(t *testing.T) {
	t.Helper()
	var release struct{ Image string }
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(released, "dist/release.json"))), &release); err != nil {
		t.Fatal(err)
	}
	w.engine.Docker(t, "pull", "--quiet", release.Image)
	w.engine.Docker(t, "tag", release.Image, docker.Image)
	t.Logf("pulled %s", release.Image)
}

// account makes the account of docs/start.md, with what Berth says that it needs, and
// Kubernetes' own role for the usual objects of a chart.
func (w *world) account(t *testing.T) {
	t.Helper()
	a := w.ServiceAccount(t, w.Namespace(t), "deployer")
	w.kubeconfig = a.Kubeconfig
	var report struct{ RBAC string }
	out := w.engine.Docker(t, "run", "--rm", "--network", "none", "--volume", w.Kubeconfig()+":/kubeconfig:ro", docker.Image, "preflight",
		"--kubeconfig", "/kubeconfig", "--for", a.User, "--repository", "acme/shop", "--branch", "any", "--output", "json")
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.RBAC == "" {
		t.Fatalf("the preflight names no rights (%v): %s", err, out)
	}
	w.ApplyRBAC(t, report.RBAC)
	edit, err := w.Client().RbacV1().ClusterRoles().Get(t.Context(), "edit", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a.GrantCluster(t, edit.Rules...)
}

// app is one app of a branch, as the cluster has it.
type app struct{ namespace, release string }

// stored is what both Helm and a record's labels say of the revisions, such as
// "v1 superseded, v2 deployed".
func (w *world) stored(t *testing.T, a app) string {
	t.Helper()
	list, err := w.Client().CoreV1().Secrets(a.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm,name=" + a.release})
	if err != nil {
		t.Fatal(err)
	}
	var labels, history []string
	for i := range list.Items {
		labels = append(labels, "v"+list.Items[i].Labels["version"]+" "+list.Items[i].Labels["status"])
	}
	if len(labels) == 0 {
		return "nothing"
	}
	out, errs, code := w.HelmRun(t, kubetest.Helm(t, 3), w.Kubeconfig(), a.namespace, "history", a.release, "--output", "json")
	var revisions []struct {
		Revision int
		Status   string
	}
	if err := json.Unmarshal([]byte(out), &revisions); err != nil || code != 0 {
		t.Fatalf("helm history: %v\n%s%s", err, out, errs)
	}
	for _, r := range revisions {
		history = append(history, fmt.Sprintf("v%d %s", r.Revision, r.Status))
	}
	slices.Sort(labels)
	slices.Sort(history)
	if !slices.Equal(labels, history) {
		return fmt.Sprintf("%v by its labels, and %v by Helm", labels, history)
	}
	return strings.Join(history, ", ")
}

// deployment is the Deployment of the example chart, or nil.
func (w *world) deployment(t *testing.T, a app) *appsv1.Deployment {
	t.Helper()
	d, err := w.Client().AppsV1().Deployments(a.namespace).Get(t.Context(), a.release+"-web", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	return d
}

// running is the tag that all pods run which the Deployment of the app asks for, or what
// there is in place of that.
func (w *world) running(t *testing.T, a app) string {
	t.Helper()
	d := w.deployment(t, a)
	if d == nil {
		return "nothing"
	}
	_, tag, _ := strings.Cut(d.Spec.Template.Spec.Containers[0].Image, ":")
	if s := d.Status; s.ObservedGeneration != d.Generation || s.UpdatedReplicas != *d.Spec.Replicas || s.ReadyReplicas != *d.Spec.Replicas {
		return fmt.Sprintf("%s, and %d of %d pods are ready", tag, s.ReadyReplicas, *d.Spec.Replicas)
	}
	return tag
}

// awaitRollout waits until a Deployment is to run a commit. It returns false where the run
// that was to do it has ended.
func (w *world) awaitRollout(t *testing.T, commit string, ended <-chan struct{}) (under bool) {
	t.Helper()
	kubetest.Eventually(t, runLimit, func() (bool, string) {
		select {
		case <-ended:
			return true, ""
		default:
		}
		list, err := w.Client().AppsV1().Deployments(metav1.NamespaceAll).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return false, err.Error()
		}
		for i := range list.Items {
			if strings.HasSuffix(list.Items[i].Spec.Template.Spec.Containers[0].Image, ":"+commit) {
				under = true
			}
		}
		return under, "no Deployment is to run " + commit
	})
	return under
}

// podsOf are the names and UIDs of an app's pods.
func (w *world) podsOf(t *testing.T, a app) string {
	t.Helper()
	list, err := w.Client().CoreV1().Pods(a.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=web"})
	if err != nil {
		t.Fatal(err)
	}
	var pods []string
	for i := range list.Items {
		pods = append(pods, list.Items[i].Name+" "+string(list.Items[i].UID))
	}
	return strings.Join(pods, ", ")
}

// gone says whether the namespace of an app is gone.
func (w *world) gone(t *testing.T, a app) bool {
	t.Helper()
	_, err := w.Client().CoreV1().Namespaces().Get(t.Context(), a.namespace, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err != nil
}

// remove has the namespaces of a case deleted at its end, whatever it left.
func (w *world) remove(t *testing.T, a app) {
	t.Helper()
	_ = w.Client().CoreV1().Namespaces().Delete(t.Context(), a.namespace, metav1.DeleteOptions{})
}

// blind is an account of the founding case, in a namespace of its own: it may do
// everything there but update the records. See https://github.com/helm/helm/issues/13189.
func (w *world) blind(t *testing.T) (namespace, kubeconfig string) {
	t.Helper()
	namespace = w.Namespace(t)
	rules := slices.Concat(w.DeployerRules(), w.LeaseRules(), w.SecretRules("get", "list", "create"))
	a := w.ServiceAccount(t, namespace, "deployer", rules...)
	a.GrantCluster(t, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}})
	return namespace, a.Kubeconfig
}

// read returns a file of the checkout.
func read(t *testing.T, path string) string {
	t.Helper()
	return readFile(t, filepath.Join(root, path))
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write writes files by their paths in a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// repository is the user's: the example chart, once for each folder, in a clone of a
// branch.
func repository(t *testing.T, branch, origin string, charts ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, chart := range charts {
		if err := os.CopyFS(filepath.Join(dir, chart), os.DirFS(filepath.Join(root, "examples/web"))); err != nil {
			t.Fatal(err)
		}
	}
	for _, chart := range charts {
		write(t, dir, map[string]string{chart + "/values-review.yaml": read(t, "examples/values-review.yaml")})
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch", branch}, {"remote", "add", "origin", origin},
		{"config", "user.name", "alice"}, {"config", "user.email", "alice@example.com"},
	} {
		git(t, dir, args...)
	}
	commit(t, dir)
	return dir
}

// behave writes into the chart of a repository how the pods behave on the simulated node.
func behave(t *testing.T, dir, behaviour string) {
	t.Helper()
	const line = "podAnnotations: {}\n"
	values := read(t, "examples/web/values.yaml")
	if !strings.Contains(values, "\n"+line) {
		t.Fatal("the example chart has no podAnnotations")
	}
	if behaviour != "" {
		values = strings.Replace(values, "\n"+line, "\npodAnnotations: {sim.berth.dev/behaviour: "+behaviour+"}\n", 1)
	}
	write(t, dir, map[string]string{"chart/values.yaml": values})
}

// commit commits all that is in a repository, and returns the commit.
func commit(t *testing.T, dir string) string {
	t.Helper()
	git(t, dir, "add", "--all")
	git(t, dir, "commit", "--quiet", "--allow-empty", "--message", "test")
	return strings.TrimSpace(git(t, dir, "rev-parse", "HEAD"))
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}
