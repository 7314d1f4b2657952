package input

import (
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/verb"
)

func TestByName(t *testing.T) {
	named := []string{"--namespace=shop", "--release=web"}
	nightly := Defaults{Host: "github.com", Repository: "acme/shop", NoBranch: "a schedule is about no branch"}
	for name, c := range map[string]struct {
		verb     verb.Verb
		args     []string
		defaults Defaults
		byName   bool
		missing  string // what the error says; "": none
	}{
		"by hand":                      {verb.Check, named, Defaults{}, true, ""},
		"repair":                       {verb.Repair, named, Defaults{}, true, ""},
		"a nightly run":                {verb.Check, named, nightly, true, ""},
		"a run that is about a branch": {verb.Check, named, onCI, false, ""},
		"a branch is given":            {verb.Check, append(named, "--branch=login", "--repository=acme/shop"), Defaults{}, false, ""},
		"a pull request is given":      {verb.Check, append(named, "--pull-request=7"), nightly, false, ""},
		"a template": {verb.Check, []string{"--namespace=r-{{ .Slug }}", "--release=web"}, nightly, false,
			"branch: check needs it"},
		"no release": {verb.Check, named[:1], Defaults{}, false,
			"or give namespace and release, to check a release by its name"},
		"no namespace": {verb.Repair, named[1:], Defaults{}, false,
			"or give namespace and release, to repair a release by its name"},
		"teardown": {verb.Teardown, named, nightly, false, "branch: teardown needs it"},
	} {
		o, err := resolve(t, c.verb, c.args, nil, c.defaults)
		switch {
		case c.missing == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.missing != "" && (err == nil || !strings.Contains(err.Error(), c.missing)):
			t.Errorf("%s: %v, want %q", name, err, c.missing)
		case err == nil && o.ByName != c.byName:
			t.Errorf("%s: by name %t", name, o.ByName)
		}
	}
}

// What Helm hands to its plugin counts there alone, and after everything else.
func TestAsHelmPlugin(t *testing.T) {
	helm := []string{
		"HELM_PLUGIN_NAME=berth", "HELM_NAMESPACE=shop", "HELM_KUBECONTEXT=staging", "HELM_DEBUG=true", "HELM_KUBEASUSER=",
		"HELM_KUBEASGROUPS=", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY=false", "HELM_KUBETLS_SERVER_NAME=", "HELM_MAX_HISTORY=10", "HELM_KUBETOKEN=",
	}
	o := mustResolve(t, verb.Check, []string{"--release=web"}, helm, Defaults{})
	if o.Namespace != "shop" || o.KubeContext != "staging" || o.LogLevel != "debug" || !o.ByName || o.MaxHistory != 10 {
		t.Errorf("got %+v", o)
	}
	o = mustResolve(t, verb.Check, []string{"--release=web"}, append(slices.Clone(helm), "BERTH_NAMESPACE=other"), Defaults{})
	if o.Namespace != "other" {
		t.Errorf("BERTH_* beats HELM_*: got %s", o.Namespace)
	}
	if o := mustResolve(t, verb.Deploy, []string{"--chart=c"}, helm[1:], onCI); o.Namespace != "" || o.KubeContext != "" {
		t.Errorf("outside of Helm: got %+v", o)
	}
	server := []string{"HELM_PLUGIN_NAME=berth", "HELM_KUBEAPISERVER=https://h", "HELM_KUBETOKEN=hunter2-token", "HELM_KUBECAFILE=ca.pem"}
	if o := mustResolve(t, verb.Check, nil, server, onCI); o.KubeAPIServer != "https://h" || o.KubeToken.Reveal() != "hunter2-token" ||
		o.KubeCA.Path != "ca.pem" {
		t.Errorf("got %+v", o)
	}
}

// Helm names a namespace also where its user names none.
func TestHelmsDefaultNamespace(t *testing.T) {
	helm := []string{"HELM_PLUGIN_NAME=berth", "HELM_NAMESPACE=default"}
	for name, c := range map[string]struct {
		verb verb.Verb
		args []string
		want string
	}{
		"a release by its name": {verb.Check, []string{"--release=web"}, "default"},
		"a branch's":            {verb.Check, nil, ""},
		"a deploy":              {verb.Deploy, []string{"--chart=c", "--release=web"}, ""},
	} {
		if o := mustResolve(t, c.verb, c.args, helm, onCI); o.Namespace != c.want {
			t.Errorf("%s: %q, want %q", name, o.Namespace, c.want)
		}
	}
}

// Helm names the namespace of the kubeconfig's context, too, where its user names none.
func TestNamespaceOfTheContext(t *testing.T) {
	helm := []string{"HELM_PLUGIN_NAME=berth", "HELM_NAMESPACE=production"}
	for name, c := range map[string]struct {
		verb    verb.Verb
		args    []string
		environ string
		want    string
		refused bool
	}{
		"a release by its name":         {verb.Check, []string{"--release=web"}, "", "production", false},
		"a branch's":                    {verb.Repair, nil, "", "", true},
		"a deploy":                      {verb.Deploy, []string{"--chart=c"}, "", "", true},
		"a deploy of a release's name":  {verb.Deploy, []string{"--chart=c", "--release=web"}, "", "", true},
		"a teardown":                    {verb.Teardown, nil, "", "", true},
		"a teardown that says it twice": {verb.Teardown, nil, "BERTH_NAMESPACE=production", "production", false},
	} {
		o, err := resolve(t, c.verb, c.args, append(slices.Clone(helm), c.environ), onCI)
		switch {
		case c.refused && (err == nil || !strings.Contains(err.Error(), `HELM_NAMESPACE "production": Helm does not tell`)):
			t.Errorf("%s: %v", name, err)
		case !c.refused && (err != nil || o.Namespace != c.want):
			t.Errorf("%s: %v, %+v", name, err, o)
		}
	}
}

func TestHelmsFlagsThatDoNotFit(t *testing.T) {
	_, err := resolve(t, verb.Check, []string{"--release=web"}, []string{"HELM_PLUGIN_NAME=berth", "HELM_NAMESPACE=shop",
		"HELM_KUBEASUSER=admin", "HELM_KUBEASGROUPS=a,b", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY=true", "HELM_KUBETLS_SERVER_NAME=x"}, Defaults{})
	for _, flag := range []string{"--kube-as-user", "--kube-as-group", "--kube-insecure-skip-tls-verify", "--kube-tls-server-name"} {
		if err == nil || !strings.Contains(err.Error(), flag+": Berth does not take it") {
			t.Errorf("%s: %v", flag, err)
		}
	}
}
