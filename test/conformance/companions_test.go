//go:build conformance

package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/faultproxy"
)

// registrySecret is the copy that most of these rows are about, and budget the quota.
var (
	registrySecret = object{"v1", "secrets", "registry"}
	budgetQuota    = object{"v1", "resourcequotas", "budget"}
	defaultLimits  = object{"v1", "limitranges", "defaults"}
)

const quotaFile = `
apiVersion: v1
kind: ResourceQuota
metadata: {name: budget}
spec: {hard: {pods: "20", count/secrets: "30", count/configmaps: "10"}}
`

const limitsFile = `
---
apiVersion: v1
kind: LimitRange
metadata: {name: defaults}
spec: {limits: [{type: Container, default: {memory: 64Mi}}]}
`

// source puts a Secret with one value under the key a into a namespace of its own, and returns
// how copy-secret names it.
func (s *fixture) source(kind corev1.SecretType, value string) (namespace, input string) {
	s.t.Helper()
	namespace = s.Namespace(s.t)
	s.sourceIn(namespace, kind, value)
	return namespace, namespace + "/registry"
}

// sourceIn puts the Secret into a namespace that is there, or writes its value anew.
func (s *fixture) sourceIn(namespace string, kind corev1.SecretType, value string) {
	s.t.Helper()
	secrets := s.Client().CoreV1().Secrets(namespace)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "registry", Labels: map[string]string{"reflect": "yes"},
		Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: value}}, Type: kind, StringData: map[string]string{"a": value}}
	_, err := secrets.Create(s.t.Context(), secret, metav1.CreateOptions{FieldManager: "kubectl-create"})
	if apierrors.IsAlreadyExists(err) {
		_, err = secrets.Update(s.t.Context(), secret, metav1.UpdateOptions{FieldManager: "kubectl-edit"})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// isCopy fails the row unless the copy holds the value, and nothing else of its source.
func (s *fixture) isCopy(value string) {
	s.t.Helper()
	if got := s.secretValue("registry", "a"); got != value {
		s.t.Errorf("the copy holds %q, want %q", got, value)
	}
	live := s.read(registrySecret)
	if _, applied := live.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; applied || live.GetLabels()["reflect"] != "" {
		s.t.Errorf("the copy has labels %v and annotations %v", live.GetLabels(), live.GetAnnotations())
	}
}

// quotaIn writes a file of quota.
func (s *fixture) quotaIn(content string) (path string) {
	s.t.Helper()
	path = filepath.Join(s.t.TempDir(), "quota.yaml")
	s.write(path, content)
	return path
}

// companions are the rows about what Berth puts beside a release.
var companions = []row{
	{ID: "T194", Setup: "a registry's Secret in another namespace, which changes after the second deploy",
		Action: "deploy with copy-secret, three times; teardown", End: "its type and data, as they are by then; no write where nothing changed",
		Exit: "0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			platform, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.berth("deploy", "--copy-secret", input).exit(0).says("Secret/registry holds what " + input + " holds")
			s.isCopy("first-value")
			before := s.versions(registrySecret)
			s.berth("deploy", "--copy-secret", input).exit(0).silent("Secret copied")
			if after := s.versions(registrySecret); after != before {
				s.t.Errorf("the copy was written without need: %s, before %s", after, before)
			}
			s.sourceIn(platform, corev1.SecretTypeOpaque, "second-value")
			s.berth("deploy", "--copy-secret", input).exit(0).says("Secret copied")
			s.isCopy("second-value")
			s.berth("teardown", "--copy-secret", input).exit(0)
			s.namespaceGone()
		}},
	{ID: "T195", Setup: "two copies and a quota of two documents in the branch's own namespace, " +
		"and one copy in a namespace that Berth did not make",
		Action: "deploy without one copy and one document; then without any input; in the other namespace as well",
		End:    "what is named still; then none of them", Exit: "0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			fixed := s.namespace
			s.asAdmin()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			both := s.quotaIn(quotaFile + limitsFile)
			other := object{"v1", "secrets", "other"}
			s.berth("deploy", "--copy-secret", input, "--copy-secret", input+"=other", "--quota", both).exit(0)
			if s.uid(other) == "" || s.uid(defaultLimits) == "" || s.uid(budgetQuota) == "" {
				s.t.Error("not all of it was made")
			}
			s.berth("deploy", "--copy-secret", input, "--quota", s.quotaIn(quotaFile)).exit(0).says("Secret/other, which Berth had made")
			s.absent(other, defaultLimits)
			s.isCopy("first-value")
			s.berth("deploy").exit(0)
			s.absent(registrySecret, budgetQuota)
			s.berth("teardown").exit(0)
			s.namespace = fixed
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.isCopy("first-value")
			s.berth("deploy").exit(0)
			s.absent(registrySecret)
			s.berth("teardown").exit(0)
		}},
	{ID: "T196", Setup: "a quota that counts pods, Secrets and ConfigMaps, in a namespace that is not there yet; then one of another size",
		Action: "deploy with quota, each time", End: "it counts before the first record and object; the second size", Exit: "0, 0",
		run: func(s *fixture) {
			s.asAdmin()
			p := s.proxy()
			s.berth("deploy", "--quota", s.quotaIn(quotaFile+limitsFile)).exit(0)
			s.before(p, "resourcequotas", "budget", "secrets", "sh.helm.release.v1.web.v1")
			s.before(p, "limitranges", "defaults", "deployments", "web")
			if used := s.live(budgetQuota, "status.used.count/secrets"); used == "" || used == "0" {
				s.t.Errorf("the quota counts %q Secrets", used)
			}
			s.berth("deploy", "--quota", s.quotaIn(strings.Replace(quotaFile, `"20"`, `"21"`, 1)+limitsFile)).exit(0)
			s.has(budgetQuota, "status.hard.pods", `"21"`)
		}},
	{ID: "T197", Setup: "a copy; its source changes; then the copy is deleted", Action: "check with copy-secret, each time; deploy, check",
		End: "told; copied anew by the deploy", Exit: "0, 0, 0 + warning, 24, 0, 0", run: func(s *fixture) {
			s.asAdmin()
			platform, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.berth("check", "--copy-secret", input).exit(0)
			s.sourceIn(platform, corev1.SecretTypeOpaque, "second-value")
			s.berth("check", "--copy-secret", input).exit(0).warned("Copy out of date")
			s.remove(registrySecret)
			s.berth("check", "--copy-secret", input).exit(24).says("Secret/registry, the copy of " + input + ", is gone")
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.berth("check", "--copy-secret", input).exit(0)
		}},
	{ID: "T198", Setup: "a copy that somebody made immutable, of a source that changed; then one of another type",
		Action: "deploy, each time", End: "the copy, made anew", Exit: "0, 0, 0", run: func(s *fixture) {
			s.asAdmin()
			platform, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.patch("kubectl-edit", registrySecret, `{"immutable": true}`)
			s.sourceIn(platform, corev1.SecretTypeOpaque, "second-value")
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.isCopy("second-value")
			if err := s.Client().CoreV1().Secrets(platform).Delete(s.t.Context(), "registry", metav1.DeleteOptions{}); err != nil {
				s.t.Fatal(err)
			}
			s.secretOf(platform, "registry", corev1.SecretTypeBasicAuth, map[string]string{"username": "u", "password": "third-value"})
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.has(registrySecret, "type", `"kubernetes.io/basic-auth"`)
		}},
	{ID: "T199", Setup: "HELM_DRIVER=configmap, in a namespace that Berth did not make, by a user without rights on Secrets; then with them",
		Action: "deploy with copy-secret, each time; teardown", End: "refused; then copied; then gone", Exit: "20, 0, 0", Gone: true,
		run: func(s *fixture) {
			s.env["HELM_DRIVER"] = "configmap"
			account := s.deployerWith(s.LeaseRules())
			platform, input := s.source(corev1.SecretTypeOpaque, "first-value")
			account.Grant(s.t, platform, s.SecretRules("get")...)
			s.berth("deploy", "--copy-secret", input, "--rbac-wait", "0s").exit(20).
				lacks("get secrets", "list secrets", "create secrets", "update secrets", "delete secrets")
			account.Grant(s.t, s.namespace, s.SecretRules("get", "list", "create", "update", "delete")...)
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.isCopy("first-value")
			s.berth("teardown", "--copy-secret", input).exit(0)
			s.absent(registrySecret)
		}},
	{ID: "T200", Setup: "copy-secret names what is not there, a service account's token, a record's type, a namespace of Kubernetes' own, " +
		"the release's own, one name twice; files of quota that are not there, or of other kinds", Action: "deploy, each",
		End: "no namespace", Exit: "64, 64, 64, 64, 64, 64, 64, 64, 64, 64", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			platform, input := s.source("example.com/mine", "first-value")
			s.secretOf(platform, "token", corev1.SecretTypeServiceAccountToken, map[string]string{corev1.ServiceAccountNameKey: "default"})
			for _, c := range []struct{ input, says string }{
				{platform + "/missing", "there is no such Secret"}, {input, "example.com/mine"}, {platform + "/token", "service-account-token"},
				{"kube-system/x", "Kubernetes' own"}, {s.namespace + "/x", "the release's own namespace"},
				{platform + "/a=x\n" + platform + "/b=x", "two copies would be called x"},
			} {
				s.env["BERTH_COPY_SECRET"] = c.input
				s.berth("deploy").exit(64).says(c.says)
			}
			delete(s.env, "BERTH_COPY_SECRET")
			for content, says := range map[string]string{
				quotaFile + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: first-value}": `document 2 is a "Secret"`,
				strings.Replace(quotaFile, "name: budget", "name: budget, namespace: other", 1):                    `for namespace "other"`,
				strings.Replace(quotaFile, "hard", "hart", 1):                                                      "hart",
			} {
				s.berth("deploy", "--quota", s.quotaIn(content)).exit(64).says(says)
			}
			s.berth("deploy", "--quota", "nowhere.yaml").exit(64).says("there is no such file")
			s.namespaceIsGone(s.namespace)
		}},
	{ID: "T201", Setup: "a user who may not read the source",
		Action: "deploy with preflight off, then with it; deploy once what is printed is applied",
		End:    "nothing; then deployed, and the user may read that one Secret alone", Exit: "20, 20, 0", run: func(s *fixture) {
			account := s.deployerWith(s.SecretRules(), s.LeaseRules())
			platform, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.secretOf(platform, "else", corev1.SecretTypeOpaque, map[string]string{"a": "x"})
			s.berth("deploy", "--copy-secret", input, "--preflight", "off").exit(20).lacks("get secrets")
			s.untouched()
			s.berth("deploy", "--copy-secret", input, "--rbac-wait", "0s").exit(20).lacks("get secrets").applied()
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.isCopy("first-value")
			if rules := s.rulesIn(platform); strings.Join(rules, "; ") != "get secrets registry" {
				s.t.Errorf("%s may do in %s: %q", account.User, platform, rules)
			}
		}},
	{ID: "T202", Setup: "a quota that has no room for a copy; then the file has another size and other scopes, and copy-secret names one more",
		Action: "deploy, each time", End: "the quota as the file has it, and both copies", Exit: "0, 0, 0", run: func(s *fixture) {
			s.asAdmin()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			quota := func(size, scopes string) string {
				return s.quotaIn(strings.NewReplacer(`"30"`, size, "spec: {", "spec: {"+scopes).Replace(quotaFile))
			}
			s.berth("deploy", "--copy-secret", input, "--quota", quota(`"2"`, "")).exit(0)
			s.berth("deploy", "--copy-secret", input, "--copy-secret", input+"=other", "--quota", quota(`"9"`, "")).exit(0)
			s.isCopy("first-value")
			pods := s.quotaIn(strings.Replace(quotaFile, `{pods: "20", count/secrets: "30", count/configmaps: "10"}`,
				`{pods: "20"}, scopes: [NotTerminating]`, 1))
			s.berth("deploy", "--copy-secret", input, "--copy-secret", input+"=other", "--quota", pods).exit(0)
			s.has(budgetQuota, "spec.scopes.0", `"NotTerminating"`)
		}},
}

// before fails the row unless the one object was made before the other.
func (s *fixture) before(p *faultproxy.Proxy, resource, name, laterResource, laterName string) {
	s.t.Helper()
	at := map[string]int{}
	for i, r := range p.Log() {
		if r.Writes() && at[r.Resource+"/"+r.Name] == 0 {
			at[r.Resource+"/"+r.Name] = i + 1
		}
	}
	first, then := at[resource+"/"+name], at[laterResource+"/"+laterName]
	if first == 0 || then == 0 || first > then {
		s.t.Errorf("%s/%s was made at request %d, and %s/%s at %d", resource, name, first, laterResource, laterName, then)
	}
}

// secretOf puts a Secret into a namespace.
func (s *fixture) secretOf(namespace, name string, kind corev1.SecretType, meta map[string]string) {
	s.t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Type: kind}
	if kind == corev1.SecretTypeServiceAccountToken {
		secret.Annotations = meta
	} else {
		secret.StringData = meta
	}
	if _, err := s.Client().CoreV1().Secrets(namespace).Create(s.t.Context(), secret, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// applied applies the RBAC that the report has.
func (e ended) applied() {
	e.s.t.Helper()
	name := "report.json"
	if slices.Contains(e.cmd.Args, "--all") { // it is about many apps
		name = "fleet.json"
	}
	data, err := os.ReadFile(filepath.Join(e.dir, name))
	var report struct {
		RBAC  string
		Ended struct{ RBAC string }
	}
	if err == nil {
		err = json.Unmarshal(data, &report)
	}
	rbac := report.RBAC + report.Ended.RBAC
	if err != nil || rbac == "" {
		e.s.t.Fatalf("the report has no RBAC: %v", err)
	}
	e.s.ApplyRBAC(e.s.t, rbac)
}

// rulesIn are the rules of the Roles in a namespace, each "verbs resources names".
func (s *fixture) rulesIn(namespace string) (all []string) {
	s.t.Helper()
	roles, err := s.Client().RbacV1().Roles(namespace).List(s.t.Context(), metav1.ListOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, role := range roles.Items {
		for _, r := range role.Rules {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", strings.Join(r.Verbs, ","), strings.Join(r.Resources, ","),
				strings.Join(r.ResourceNames, ","))))
		}
	}
	return all
}
