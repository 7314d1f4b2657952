package input

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/verb"
)

// conflicts refuses inputs that contradict each other.
func (r *resolver) conflicts() {
	o := r.o
	r.refuse(o.KubeAPIServer != "" && o.Kubeconfig.Given(), "kube-apiserver", "it does not go with kubeconfig; give one of the two")
	r.refuse(o.KubeAPIServer != "" && o.KubeContext != "", "kube-context", "it chooses from a kubeconfig and does not go with kube-apiserver; give one of the two")
	r.refuse(o.KubeToken != "" && o.KubeAPIServer == "", "kube-token", "it needs kube-apiserver; give that too, or a kubeconfig with the token in it")
	r.refuse(o.KubeToken != "" && strings.HasPrefix(o.KubeAPIServer, "http://"), "kube-apiserver", "kube-token would be sent in the clear; give an https:// URL")
	r.refuse(o.KubeCA.Given() && o.KubeAPIServer == "", "kube-ca", "it needs kube-apiserver; give that too, or a kubeconfig with the CA in it")

	registry, remote := strings.HasPrefix(o.Chart, "oci://"), strings.Contains(o.Chart, "://")
	local := o.ChartRepo == "" && !registry
	r.refuse(o.ChartRepo != "" && (remote || isPath(o.Chart)), "repo", "chart is not a name in a repository but a reference of its own; leave repo out, or give the chart's name")
	r.refuse(o.ChartVersion != "" && o.Chart != "" && local, "version", "chart is a folder or file, which has its version in it; leave version out, or give repo")
	r.refuse(o.RegistryPassword != "" && o.RegistryUsername == "", "registry-password", "it needs registry-username")
	r.refuse(o.RegistryUsername != "" && o.RegistryPassword == "", "registry-username", "it needs registry-password, as "+Find("registry-password").Env())
	r.refuse(o.RegistryUsername != "" && o.RegistryConfig != "", "registry-config", "it does not go with registry-username; give one of the two")
}

func (r *resolver) refuse(wrong bool, name, allowed string) {
	if wrong {
		r.errs = append(r.errs, &Error{Input: name, Allowed: allowed, From: r.from[name]})
	}
}

func isPath(chart string) bool {
	for _, prefix := range []string{"./", "../", "/"} {
		if strings.HasPrefix(chart, prefix) {
			return true
		}
	}
	return chart == "." || strings.HasSuffix(chart, ".tgz")
}

// Require tells whether a verb has all that it cannot do without. The error is
// Errors.
func (o *Options) Require(v verb.Verb) error {
	if errs := o.missing(v); len(errs) > 0 {
		return errs
	}
	return nil
}

func (o *Options) missing(v verb.Verb) (errs Errors) {
	properties := verb.Of(v)
	for _, need := range []struct {
		name, value string
		asked       bool
	}{
		{"repository", o.Repository, properties.OnRelease},
		{"branch", o.Branch, properties.OnRelease},
		{"chart", o.Chart, properties.NeedsChart},
	} {
		if need.asked && need.value == "" {
			in := Find(need.name)
			allowed := fmt.Sprintf("%s needs it; give --%s or %s", v, in.Name, in.Env())
			if in.CI != "" {
				allowed += " (in CI it is " + in.CI + ", which was not found here)"
			}
			errs = append(errs, &Error{Input: in.Name, Allowed: allowed})
		}
	}
	return errs
}
