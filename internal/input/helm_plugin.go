package input

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/verb"
)

// asPlugin are the inputs that Helm's own flags give, by the variables in which Helm hands
// them to a plugin: it takes these flags out of the plugin's command line. The kubeconfig
// comes as KUBECONFIG, and HELM_DRIVER is read as it always is.
var asPlugin = map[string]string{
	"namespace": "HELM_NAMESPACE", "kube-context": "HELM_KUBECONTEXT", "kube-apiserver": "HELM_KUBEAPISERVER",
	"kube-token": "HELM_KUBETOKEN", "kube-ca": "HELM_KUBECAFILE",
}

// notAsPlugin are Helm's flags that Berth has nothing for. To leave them out of account
// could mean another server, or another user.
var notAsPlugin = map[string]string{
	"HELM_KUBEASUSER": "--kube-as-user", "HELM_KUBEASGROUPS": "--kube-as-group", "HELM_KUBETLS_SERVER_NAME": "--kube-tls-server-name",
	"HELM_KUBEINSECURE_SKIP_TLS_VERIFY": "--kube-insecure-skip-tls-verify",
}

// helmDebug is HELM_DEBUG, Helm's --debug.
const helmDebug = "HELM_DEBUG"

// helmVariables returns what Helm hands to Berth as its plugin, by input name; nothing
// outside of Helm, where such a variable may be left from anything.
func helmVariables(environ []string) (map[string]variable, Errors) {
	set := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "HELM_") && strings.TrimSpace(value) != "" {
			set[name] = value
		}
	}
	if set["HELM_PLUGIN_NAME"] == "" {
		return nil, nil
	}
	given := map[string]variable{}
	for input, name := range asPlugin {
		if value := set[name]; value != "" {
			given[input] = variable{name, value}
		}
	}
	if debug, err := strconv.ParseBool(set[helmDebug]); err == nil && debug {
		given["log-level"] = variable{helmDebug, "debug"}
	}
	var errs Errors
	for _, name := range []string{"HELM_KUBEASGROUPS", "HELM_KUBEASUSER", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY", "HELM_KUBETLS_SERVER_NAME"} {
		if value := set[name]; value != "" && value != "false" {
			errs = append(errs, &Error{From: notAsPlugin[name], Allowed: "Berth does not take it; set it in the kubeconfig, and leave it out here"})
		}
	}
	return given, errs
}

// judgeHelmsNamespace leaves out the namespace default, which Helm names where nobody names
// one, unless the release is given by its name: else Berth names both. Any other may be what
// the kubeconfig's context says, of a cluster's other work: Helm does not tell, and a branch's
// app is neither put there nor looked for there unasked.
func judgeHelmsNamespace(v verb.Verb, fs *pflag.FlagSet, env environment) Errors {
	in, helms := Find("namespace"), env.helm["namespace"]
	given, _ := lookup(in, fs, env)
	release, _ := lookup(Find("release"), fs, env)
	if helms.name == "" || given != helms.name || release != "" && verb.Of(v).ByName {
		return nil
	}
	delete(env.helm, "namespace")
	if helms.value == "default" {
		return nil
	}
	return Errors{{Input: in.Name, Value: helms.value, From: helms.name, Allowed: "Helm does not tell whether you name it or the " +
		"kubeconfig's context does, and a branch's app has a namespace of its own; give it as " + in.Env() + " if it is meant, or name " +
		"default, by which Helm means none"}}
}
