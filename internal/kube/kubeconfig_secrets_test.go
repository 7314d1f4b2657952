package kube

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// Whatever a kubeconfig holds that is secret is masked, of each user and cluster, and
// what is none stays readable.
func TestSecretsIn(t *testing.T) {
	raw, err := clientcmd.Load([]byte(`
apiVersion: v1
kind: Config
clusters:
- {name: a, cluster: {server: "https://u:of-server@a", proxy-url: "http://u:of-proxy@b"}}
- {name: b, cluster: {server: "https://b", proxy-url: "http://u:of%zz@b"}}
users:
- {name: a, user: {token: a-token, client-key-data: YS1rZXk=}}
- {name: b, user: {username: u, password: a-password}}
- {name: c, user: {auth-provider: {name: oidc, config: {client-secret: of-provider, client-id: public}}}}
- name: d
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: plugin
      args: [get-token, --client-secret, of-args, --token=of-equals, --cluster-name, public, --password-file, /no/file, --token, ./no/file]
      env:
      - {name: AAD_CLIENT_SECRET, value: of-env}
      - {name: AWS_PROFILE, value: public}
      - {name: GOOGLE_APPLICATION_CREDENTIALS, value: /no/key.json}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := slices.DeleteFunc(secretsIn(raw), func(s string) bool { return s == "" })
	slices.Sort(got)
	want := "./no/file /no/file /no/key.json a-key a-password a-token dTphLXBhc3N3b3Jk dTpvZi1wcm94eQ== dTpvZi1zZXJ2ZXI= dTpvZiV6eg== " +
		"of%zz of-args of-env of-equals of-provider of-proxy of-server"
	if all := strings.Join(got, " "); all != want {
		t.Errorf("got %s, want %s", all, want)
	}
}
