package kube

import (
	"slices"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// What a plugin is handed is masked whatever it is called, but for what is plainly public.
func TestSecretsOfPlugin(t *testing.T) {
	file := write(t, "token", "x")
	for _, c := range []struct{ args, env, want string }{
		{"-p shortflag-hunter2 --pass longpass-hunter2", "", "longpass-hunter2 shortflag-hunter2"},
		{"--token ./hunter2-token --pin=1234 -phunter2 hunter2-alone", "", "./hunter2-token 1234 hunter2 hunter2-alone"},
		{"--password -begins-with-a-dash1", "", "-begins-with-a-dash1"},
		{"", "AWS_SECRET_ACCESS_KEY=/JalrXUtnFEMI/K7MDENG PIN=pinval-hunter2", "/JalrXUtnFEMI/K7MDENG pinval-hunter2"},
		{"--url https://bob:hunter2-pw@h/x?sig=hunter2-sig --auth bob:swordfish", "",
			"Ym9iOmh1bnRlcjItcHc= Ym9iOnN3b3JkZmlzaA== bob:swordfish hunter2-pw hunter2-sig sig=hunter2-sig swordfish"},
		{"--password-file " + file, "GOOGLE_APPLICATION_CREDENTIALS=" + file, ""},
		{"--region eu-west-1 eks get-token --cluster-name shop --output json", "AWS_PROFILE=review AWS_REGION=eu-west-1 ON=true", ""},
		{"get-token --oidc-issuer-url=https://issuer.example/x --oidc-client-id=kubernetes --environment AzurePublicCloud", "", ""},
	} {
		plugin := &clientcmdapi.ExecConfig{Args: strings.Fields(c.args)}
		for _, variable := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(variable, "=")
			plugin.Env = append(plugin.Env, clientcmdapi.ExecEnvVar{Name: name, Value: value})
		}
		got := slices.DeleteFunc(secretsOfPlugin(plugin), func(s string) bool { return s == "" })
		slices.Sort(got)
		if all := strings.Join(got, " "); all != c.want {
			t.Errorf("%s %s: got %q, want %q", c.args, c.env, all, c.want)
		}
	}
	inShell := secretsOfPlugin(&clientcmdapi.ExecConfig{Args: []string{"-c", "curl -u 'bob:hunter2-curl' https://h"}})
	if !slices.Contains(inShell, "hunter2-curl") {
		t.Errorf("got %q", inShell)
	}
}
