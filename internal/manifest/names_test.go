package manifest

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

func TestNaming(t *testing.T) {
	pod := func(spec string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: " + spec + "}}\n"
	}
	claim, secret := facts.Ref{Kind: "PersistentVolumeClaim", Name: "data"}, facts.Ref{Kind: "Secret", Name: "data"}
	config, account := facts.Ref{Kind: "ConfigMap", Name: "data"}, facts.Ref{Kind: "ServiceAccount", Name: "data"}
	for name, c := range map[string]struct {
		text string
		to   facts.Ref
		want string
	}{
		"a claim":                    {pod("{volumes: [{name: x, persistentVolumeClaim: {claimName: data}}]}"), claim, "Deployment/web"},
		"a volume's name":            {pod("{volumes: [{name: data, emptyDir: {}}]}"), claim, ""},
		"another claim":              {pod("{volumes: [{name: data, persistentVolumeClaim: {claimName: other}}]}"), claim, ""},
		"a claim is no Secret":       {pod("{volumes: [{name: x, persistentVolumeClaim: {claimName: data}}]}"), secret, ""},
		"a Secret as a volume":       {pod("{volumes: [{name: x, secret: {secretName: data}}]}"), secret, "Deployment/web"},
		"a Secret in a volume":       {pod("{volumes: [{projected: {sources: [{secret: {name: data}}]}}]}"), secret, "Deployment/web"},
		"a Secret to pull with":      {pod("{imagePullSecrets: [{name: data}]}"), secret, "Deployment/web"},
		"a variable":                 {pod("{containers: [{name: x, env: [{name: A, valueFrom: {secretKeyRef: {name: data, key: k}}}]}]}"), secret, "Deployment/web"},
		"a key":                      {pod("{containers: [{name: x, env: [{name: A, valueFrom: {secretKeyRef: {name: x, key: data}}}]}]}"), secret, ""},
		"variables":                  {pod("{containers: [{name: x, envFrom: [{configMapRef: {name: data}}]}]}"), config, "Deployment/web"},
		"a container's name":         {pod("{containers: [{name: data}]}"), config, ""},
		"an account":                 {pod("{serviceAccountName: data}"), account, "Deployment/web"},
		"a class":                    {pod("{priorityClassName: data}"), facts.Ref{Kind: "PriorityClass", Name: "data"}, "Deployment/web"},
		"of another one":             {pod("{serviceAccountName: data}"), facts.Ref{Kind: account.Kind, Namespace: "other", Name: "data"}, ""},
		"a label":                    {"apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {secret: data}}\nspec: {selector: {secret: data}}\n", secret, ""},
		"a custom resource":          {"apiVersion: x.io/v1\nkind: Database\nmetadata: {name: db}\nspec: {auth: {existingSecret: data}}\n", secret, "Database/db"},
		"an annotation":              {"apiVersion: v1\nkind: Service\nmetadata: {name: web, annotations: {x.io/auth-secret: ns/data}}\n", secret, "Service/web"},
		"kind and name":              {"apiVersion: v1\nkind: RoleBinding\nmetadata: {name: rb}\nroleRef: {kind: Role, name: data}\n", facts.Ref{Kind: "Role", Name: "data"}, "RoleBinding/rb"},
		"kind, name and a namespace": {"apiVersion: v1\nkind: ClusterRoleBinding\nmetadata: {name: rb}\nsubjects: [{kind: ServiceAccount, name: data, namespace: other}]\n", account, ""},
		"itself":                     {"apiVersion: v1\nkind: Secret\nmetadata: {name: data}\nstringData: {name: data}\n", secret, ""},
	} {
		objects, err := Parse(c.text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := Naming(objects, c.to, "ns"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNamedLater(t *testing.T) {
	const secret, other = "apiVersion: v1\nkind: Secret\nmetadata: {name: data}\n", "apiVersion: v1\nkind: Secret\nmetadata: {name: other}\n"
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {imagePullSecrets: [{name: data}]}\n"
	for name, c := range map[string]struct {
		manifests []string
		want      int
	}{
		"named, and had no more":  {[]string{secret + "---\n" + other, pod}, 1},
		"named by one between":    {[]string{secret, pod, other}, 1},
		"named, and had":          {[]string{secret, pod + "---\n" + secret}, 0},
		"named by one before":     {[]string{pod, secret, other}, 0},
		"named by its own":        {[]string{secret + "---\n" + pod, other}, 0},
		"a manifest that is none": {[]string{"[", pod}, 0},
		"no manifest":             {nil, 0},
		"had, by its namespace":   {[]string{secret, pod + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: data, namespace: ns}\n"}, 0},
	} {
		got := 0
		for _, named := range NamedLater(c.manifests, "ns") {
			got += len(named)
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
