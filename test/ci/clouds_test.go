//go:build ci

package ci

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// cloud stands for one: the actions that log in to it and install its programs do nothing,
// and its programs print the address, the certificate and a token of the real control plane,
// or write them into the runner's kubeconfig.
type cloud struct {
	actions  []string
	programs map[string]answers
}

// answers of a program are by its arguments; SERVER, HOST, CA and TOKEN are put in, and what
// is asked beside them is refused. One that begins with kubeconfigOf is written and not
// printed.
type answers map[string]string

// kubeconfigOf is a kubeconfig whose credentials are those of the command behind it.
const kubeconfigOf = "exec "

// credential is what client-go asks a program for.
const credential = `{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"TOKEN"}}`

var (
	aws = cloud{[]string{"aws-actions/configure-aws-credentials@v6"}, map[string]answers{"aws": {
		"eks get-token --cluster-name review --query status.token --output text":                                "TOKEN",
		"eks describe-cluster --name review --query cluster.[endpoint,certificateAuthority.data] --output text": "SERVER\tCA",
	}}}
	awsNative = cloud{aws.actions, map[string]answers{"aws": {
		"eks update-kubeconfig --name review":               kubeconfigOf + "aws eks get-token --cluster-name review --output json",
		"eks get-token --cluster-name review --output json": credential,
	}}}
	gcloud = cloud{[]string{"google-github-actions/auth@v3"}, map[string]answers{"gcloud": {
		"auth print-access-token": "TOKEN",
		"container clusters describe review --location europe-west3 --format value(endpoint,masterAuth.clusterCaCertificate)": "HOST\tCA",
	}}}
	gcloudNative = cloud{append(gcloud.actions, "google-github-actions/setup-gcloud@v3"), map[string]answers{
		"gcloud":                 {"container clusters get-credentials review --location europe-west3": kubeconfigOf + "gke-gcloud-auth-plugin"},
		"gke-gcloud-auth-plugin": {"": credential},
	}}
	az = cloud{[]string{"azure/login@v3"}, map[string]answers{"az": {
		"account get-access-token --resource 6dae42f8-4368-4678-94ff-3960e28e3630 --query accessToken --output tsv": "TOKEN",
		"aks get-credentials --resource-group review --name review --file -":                                        kubeconfig("kubelogin"),
	}}}
	azNative = cloud{append(az.actions, "azure/use-kubelogin@v1"), map[string]answers{
		"az": {"aks get-credentials --resource-group review --name review": kubeconfigOf + "kubelogin get-token --login devicecode"},
		"kubelogin": {
			"convert-kubeconfig --login azurecli": kubeconfigOf + "kubelogin get-token --login azurecli",
			"get-token --login azurecli":          credential,
		},
	}}
)

// kubeconfig is one as clouds write them, with a command for the credentials.
func kubeconfig(command string) string {
	words := strings.Fields(command)
	return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: CA
    server: SERVER
  name: review
contexts:
- context:
    cluster: review
    user: clusterUser_review_review
  name: review
current-context: review
kind: Config
users:
- name: clusterUser_review_review
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      interactiveMode: IfAvailable
      command: ` + words[0] + `
      args: [` + strings.Join(words[1:], ", ") + `]`
}

// onceOnCloud is a pull request that is opened and closed.
var onceOnCloud = []turn{
	{event: opened, want: review(ready(1, "v1 deployed").says("is deployed from commit `SHA`"))},
	{event: event{name: "pull_request", action: "closed", commit: 1}, want: review(gone())},
}

// onCloud is the workflow for a cloud's cluster, by a name of its own: containers are called
// after it.
func onCloud(name string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		return strings.Replace(known(read(t, "examples/workflows/clusters/"+name+".yml")), "\nname: Review app\n", "\nname: "+name+"\n", 1)
	}
}

// emptyAction is the folder of an action that does nothing.
func (g *github) emptyAction() string {
	g.t.Helper()
	dir := g.t.TempDir()
	write(g.t, dir, map[string]string{"action.yml": "name: empty\nruns: {using: composite, steps: [{run: 'true', shell: bash}]}\n"})
	return dir
}

// programs are the cloud's, in the form of the beginning of PATH.
func (g *github) programs() string {
	g.t.Helper()
	if len(g.c.cloud.programs) == 0 {
		return ""
	}
	config, err := clientcmd.BuildConfigFromFlags("", g.kubeconfig)
	if err == nil {
		err = rest.LoadTLSFiles(config)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	put := strings.NewReplacer("SERVER", config.Host, "HOST", strings.TrimPrefix(config.Host, "https://"),
		"CA", base64.StdEncoding.EncodeToString(config.CAData), "TOKEN", config.BearerToken)
	dir := g.t.TempDir()
	for program, answers := range g.c.cloud.programs {
		if err := os.WriteFile(filepath.Join(dir, program), []byte(put.Replace(answers.script(program))), 0o700); err != nil {
			g.t.Fatal(err)
		}
	}
	return dir + ":"
}

// script is a program that gives these answers.
func (a answers) script(program string) string {
	var script strings.Builder
	script.WriteString("#!/bin/sh\nset -e\ncase \"$*\" in\n")
	for args, answer := range a {
		into := ""
		if command, written := strings.CutPrefix(answer, kubeconfigOf); written {
			answer, into = kubeconfig(command), ` > "$HOME/.kube/config"`
		}
		fmt.Fprintf(&script, "'%s') mkdir -p \"$HOME/.kube\"; cat%s <<'END'\n%s\nEND\n;;\n", args, into, answer)
	}
	fmt.Fprintf(&script, "*) echo \"%s is not asked this here: $*\" >&2; exit 2 ;;\nesac\n", program)
	return script.String()
}
