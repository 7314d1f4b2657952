//go:build cluster

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/test/kubetest"
)

const sweeperChart = "../../examples/sweeper"

// sweeperObjects renders the chart of the sweeper, by kind and name.
func sweeperObjects(t *testing.T, helm string, flags ...string) map[string]map[string]any {
	t.Helper()
	args := append([]string{"template", "sweeper", sweeperChart, "--namespace", "berth", "--kube-version", "1.33.0", "--set",
		"repository=acme/shop"}, flags...)
	out, err := exec.Command(helm, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("helm %q: %v\n%s", args, err, out)
	}
	all := map[string]map[string]any{}
	for document := range strings.SplitSeq(string(out), "\n---\n") {
		var o unstructured.Unstructured
		if err := yaml.UnmarshalStrict([]byte(document), &o.Object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if o.GetKind() != "" {
			all[o.GetKind()+"/"+o.GetName()] = o.Object
		}
	}
	return all
}

// rulesOf returns the rules of a role of the chart.
func rulesOf(t *testing.T, objects map[string]map[string]any, name string) []rbacv1.PolicyRule {
	t.Helper()
	var role rbacv1.ClusterRole
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[name], &role); err != nil || len(role.Rules) == 0 {
		t.Fatalf("%s has the rules %v, %v", name, role.Rules, err)
	}
	return role.Rules
}

// lacking returns the rules without one verb of one resource, and without those of everything.
func lacking(rules []rbacv1.PolicyRule, resource, verb string) (left []rbacv1.PolicyRule) {
	for _, r := range rules {
		for _, of := range r.Resources {
			verbs := slices.DeleteFunc(slices.Clone(r.Verbs), func(v string) bool { return of == resource && v == verb })
			if of != "*" && len(verbs) > 0 {
				left = append(left, rbacv1.PolicyRule{APIGroups: r.APIGroups, Resources: []string{of}, Verbs: verbs})
			}
		}
	}
	return left
}

// The sweeper's account may do what a sweep needs for itself, and nothing else: without any one of
// its rights, a sweep says which it lacks, or what it went without.
func TestSweeperChartGrantsWhatASweepNeeds(t *testing.T) {
	objects := sweeperObjects(t, kubetest.Helm(t, 3))
	own, charts := rulesOf(t, objects, "ClusterRole/berth-sweeper"), rulesOf(t, objects, "ClusterRole/berth-sweeper-charts")
	o := newOrchard(t)
	// One app is in a namespace of its own, and one in a namespace that stays.
	try := func(t *testing.T, name string, rules []rbacv1.PolicyRule) ended {
		t.Helper()
		one := *o
		one.t, one.apps = t, nil
		repository := "acme/" + name
		one.deploy(&appOf{name: "expired", branch: name, repository: repository}, long)
		for _, app := range []string{"expired", "stays"} {
			one.deploy(&appOf{name: app, branch: app, repository: repository, namespace: "shared-" + o.app + "-" + name, release: app}, long)
		}
		if name == "create-leases" { // it is there as long as its release is
			err := o.Client().CoordinationV1().Leases("review-"+o.app+"-"+name).
				DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
		}
		account := o.ServiceAccount(t, o.Namespace(t), "sweeper")
		account.GrantCluster(t, rules...)
		env := map[string]string{"HOME": t.TempDir(), "PATH": os.Getenv("PATH"), "GIT_DIR": t.TempDir(), "KUBECONFIG": account.Kubeconfig}
		return runBerth(t, env, "sweep", "--repository", "https://"+o.host+"/"+repository, "--rbac-wait", "0s")
	}
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		e := try(t, "all", slices.Concat(own, charts)).exit(t, 0).says(t, "2 went")
		for _, lacks := range []string{"No lock", "Not looked at", "Lock not removed", "missing"} {
			if strings.Contains(e.stdout, lacks) {
				t.Errorf("it says %q:\n%s", lacks, e.stdout)
			}
		}
	})
	t.Run("list all", func(t *testing.T) {
		t.Parallel()
		try(t, "list-all", lacking(slices.Concat(own, charts), "", "")).exit(t, 0).says(t, "2 went", "Not looked at: ")
	})
	for _, r := range own {
		resource := r.Resources[0]
		if resource == "*" {
			continue
		}
		for _, verb := range r.Verbs {
			t.Run(verb+" "+resource, func(t *testing.T) {
				t.Parallel()
				e := try(t, verb+"-"+resource, lacking(slices.Concat(own, charts), resource, verb))
				switch says := verb + " " + resource; says {
				case "get leases", "create leases", "update leases":
					e.says(t, "No lock: Leases in namespace")
				case "delete leases":
					e.says(t, "Lock not removed: ")
				default:
					e.says(t, says)
				}
			})
		}
	}
}

// Both Helms like the chart, and what it makes has no more rights on its node than it needs.
func TestSweeperChartIsHardened(t *testing.T) {
	for _, version := range []int{3, 4} {
		helm := kubetest.Helm(t, version)
		out, err := exec.Command(helm, "lint", "--strict", sweeperChart, "--set", "repository=acme/shop").CombinedOutput()
		if err != nil {
			t.Errorf("helm %d lint: %v\n%s", version, err, out)
		}
		if out, err := exec.Command(helm, "template", "sweeper", sweeperChart, "--kube-version", "1.33.0").CombinedOutput(); err == nil {
			t.Errorf("helm %d takes no repository:\n%s", version, out)
		}
		objects := sweeperObjects(t, helm, "--set", "token.secret=hub", "--set", "ttl=7d", "--set", "flags={--delete-claims=true}")
		job, _, _ := unstructured.NestedMap(objects["CronJob/sweeper"], "spec", "jobTemplate", "spec", "template", "spec")
		serve, _, _ := unstructured.NestedMap(objects["Deployment/sweeper-serve"], "spec", "template", "spec")
		hardened(t, job)
		hardened(t, serve)
		args, _, _ := unstructured.NestedSlice(job, "containers")
		for _, has := range []string{"--repository=acme/shop --all-repositories=false --dry-run=true --ttl=7d --max-apps=0 --max-deletions=20",
			"--totals=berth/sweeper-totals --delete-claims=true", "BERTH_GITHUB_TOKEN"} {
			if !strings.Contains(fmt.Sprint(args), has) {
				t.Errorf("helm %d: a sweep is run with %v, without %q", version, args, has)
			}
		}
		for _, name := range []string{"ClusterRole/berth-sweeper-serve", "Role/sweeper-serve"} {
			for _, r := range rulesOf(t, objects, name) {
				if !slices.Equal(r.Verbs, []string{"list", "watch"}) {
					t.Errorf("%s may %v", name, r.Verbs)
				}
			}
		}
		if ingress, there, _ := unstructured.NestedSlice(objects["NetworkPolicy/sweeper-sweep"], "spec", "ingress"); there {
			t.Errorf("a sweep can be reached: %v", ingress)
		}
	}
}

// hardened holds a pod's specification against the restricted standard of Kubernetes, with a root
// that cannot be written.
func hardened(t *testing.T, pod map[string]any) {
	t.Helper()
	containers, _, _ := unstructured.NestedSlice(pod, "containers")
	if len(containers) != 1 {
		t.Fatalf("it has %d containers", len(containers))
	}
	is := map[string]any{"pod": pod, "container": containers[0]}
	for _, tt := range []struct {
		path string
		want any
	}{
		{"pod.securityContext.runAsNonRoot", true},
		{"pod.securityContext.seccompProfile.type", "RuntimeDefault"},
		{"pod.enableServiceLinks", false},
		{"container.securityContext.allowPrivilegeEscalation", false},
		{"container.securityContext.readOnlyRootFilesystem", true},
		{"container.securityContext.capabilities.drop", []any{"ALL"}},
		{"container.resources.limits.memory", "512Mi"},
	} {
		if got, _, _ := unstructured.NestedFieldNoCopy(is, strings.Split(tt.path, ".")...); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s is %v, want %v", tt.path, got, tt.want)
		}
	}
}
