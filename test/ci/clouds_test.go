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

// cloud stands for one: the action that logs in to it does nothing, and its program prints
// the address, the certificate and a token of the real control plane.
type cloud struct {
	login   string
	program string
	answers map[string]string // by the arguments; SERVER, HOST, CA and TOKEN are put in. Others are refused
}

var (
	aws = cloud{login: "aws-actions/configure-aws-credentials@v6", program: "aws", answers: map[string]string{
		"eks get-token --cluster-name review --query status.token --output text":                                "TOKEN",
		"eks describe-cluster --name review --query cluster.[endpoint,certificateAuthority.data] --output text": "SERVER\tCA",
	}}
	gcloud = cloud{login: "google-github-actions/auth@v3", program: "gcloud", answers: map[string]string{
		"auth print-access-token": "TOKEN",
		"container clusters describe review --location europe-west3 --format value(endpoint,masterAuth.clusterCaCertificate)": "HOST\tCA",
	}}
	az = cloud{login: "azure/login@v3", program: "az", answers: map[string]string{
		"account get-access-token --resource 6dae42f8-4368-4678-94ff-3960e28e3630 --query accessToken --output tsv": "TOKEN",
		"aks get-credentials --resource-group review --name review --file -": `apiVersion: v1
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
      command: kubelogin`,
	}}
)

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

// loginAction is the folder of an action that does nothing.
func (g *github) loginAction() string {
	g.t.Helper()
	dir := g.t.TempDir()
	write(g.t, dir, map[string]string{"action.yml": "name: login\nruns: {using: composite, steps: [{run: 'true', shell: bash}]}\n"})
	return dir
}

// programs is the cloud's program, in the form of the beginning of PATH.
func (g *github) programs() string {
	g.t.Helper()
	if g.c.cloud.program == "" {
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
	var script strings.Builder
	script.WriteString("#!/bin/sh\ncase \"$*\" in\n")
	for args, answer := range g.c.cloud.answers {
		fmt.Fprintf(&script, "'%s') cat <<'END'\n%s\nEND\n;;\n", args, put.Replace(answer))
	}
	fmt.Fprintf(&script, "*) echo \"%s is not asked this here: $*\" >&2; exit 2 ;;\nesac\n", g.c.cloud.program)
	dir := g.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, g.c.cloud.program), []byte(script.String()), 0o700); err != nil {
		g.t.Fatal(err)
	}
	return dir + ":"
}
