package input

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/verb"
)

// conflicts returns the inputs that contradict each other. from names the flag or
// variable that an input was given as.
func (o *Options) conflicts(from map[string]string) (errs Errors) {
	refuse := func(wrong bool, name, allowed string) {
		if wrong {
			errs = append(errs, &Error{Input: name, Allowed: allowed, From: from[name]})
		}
	}
	refuse(slices.Contains(o.Adopt, "false") && slices.ContainsFunc(o.Adopt, func(item string) bool { return item != "false" }), "adopt",
		"false does not go with anything else; leave it out, or all the rest")
	refuse(o.copiesTwice() != "", "copy-secret",
		"two copies would be called "+o.copiesTwice()+"; give one another name, as NAMESPACE/NAME=NEWNAME")
	o.fleetConflicts(refuse)
	o.allConflicts(refuse, from)
	o.clusterConflicts(refuse)
	refuse(o.PrintRole && o.Output != "text", "print-role", "it prints YAML alone; leave it out, or output")
	refuse(o.PrintRole && o.Chart == "", "print-role", "it needs chart, whose objects the roles are for")
	o.chartConflicts(refuse)
	o.Probing.conflicts(o, refuse)
	return errs
}

func (o *Options) fleetConflicts(refuse func(wrong bool, name, allowed string)) {
	lists := slices.Contains(listing, o.Verb)
	refuse(slices.Contains([]string{"markdown", "html"}, o.Output) && !lists, "output",
		"only "+verb.Join(listing, ", ")+" prints it; give text or json")
	refuse(o.Watch && o.Check, "watch", "it shows what is stored, and check looks at each app once; leave one of them out")
	refuse(o.Watch && o.Output != "text", "watch", "it prints lines as they come; leave it out, or output")
	refuse(o.Serve != "" && o.Check, "serve", "it shows what is stored, and check looks at each app once; leave one of them out")
	refuse(o.Serve != "" && o.Output != "text", "serve", "it serves every form; leave output out")
	refuse(lists && o.Totals != "" && o.Serve == "", "totals", "only a served list shows them; give serve, too, or leave it out")
	refuse(lists && strings.Contains(o.Namespace, "{{"), "namespace",
		"it has a name for every branch; give the name of one namespace, or leave it out to look in all")
}

// allConflicts refuses what is about one release where all are to be repaired. from names the flag or
// variable that an input was given as: what the CI's event says of a branch counts for nothing.
func (o *Options) allConflicts(refuse func(wrong bool, name, allowed string), from map[string]string) {
	for _, name := range []string{"branch", "head-repository", "pull-request", "sha", "app", "slug", "release", "url", "adopt", "break-lock"} {
		refuse(o.All && from[name] != "", name, "it is about one release, and all is about every review app; leave one of them out")
	}
}

func (c *Cluster) clusterConflicts(refuse func(wrong bool, name, allowed string)) {
	refuse(c.KubeAPIServer != "" && c.Kubeconfig.Given(), "kube-apiserver", "it does not go with kubeconfig; give one of the two")
	refuse(c.KubeAPIServer != "" && c.KubeContext != "", "kube-context",
		"it chooses from a kubeconfig and does not go with kube-apiserver; give one of the two")
	refuse(c.KubeToken != "" && c.KubeAPIServer == "", "kube-token",
		"it needs kube-apiserver; give that too, or a kubeconfig with the token in it")
	refuse(c.KubeToken != "" && isClearText(c.KubeAPIServer), "kube-apiserver",
		"kube-token would be sent in the clear; give an https:// URL")
	refuse(c.KubeCA.Given() && c.KubeAPIServer == "", "kube-ca", "it needs kube-apiserver; give that too, or a kubeconfig with the CA in it")
}

func (c *ChartSource) chartConflicts(refuse func(wrong bool, name, allowed string)) {
	registry, remote := strings.HasPrefix(c.Chart, "oci://"), strings.Contains(c.Chart, "://")
	local := c.ChartRepo == "" && !registry
	refuse(c.ChartRepo != "" && (remote || isPath(c.Chart)), "repo",
		"chart is not a name in a repository but a reference of its own; leave repo out, or give the chart's name")
	refuse(c.ChartVersion != "" && c.Chart != "" && local, "version",
		"chart is a folder or file, which has its version in it; leave version out, or give repo")
	refuse(c.RegistryPassword != "" && c.RegistryUsername == "", "registry-password", "it needs registry-username")
	refuse(c.RegistryUsername != "" && c.RegistryPassword == "", "registry-username", "it needs registry-password, as "+
		Find("registry-password").Env())
	refuse(c.RegistryUsername != "" && c.RegistryConfig != "", "registry-config", "it does not go with registry-username; give one of the two")
}

// isPath reports whether chart can only be a folder or file.
func isPath(chart string) bool {
	for _, prefix := range []string{"./", "../", "/"} {
		if strings.HasPrefix(chart, prefix) {
			return true
		}
	}
	return chart == "." || strings.HasSuffix(chart, ".tgz")
}

// Require returns Errors that name what a verb needs and was not given, or nil.
func (o *Options) Require(v verb.Verb) error {
	if errs := o.missing(v); len(errs) > 0 {
		return errs
	}
	return nil
}

// isByName reports whether a verb is about the release of that name, since no branch is
// known by which Berth would name it: after somebody's own helm upgrade, say, or in a
// nightly run.
func (o *Options) isByName(v verb.Verb) bool {
	return verb.Of(v).ByName && !o.All && o.isNamed() && o.Branch == "" && o.PullRequest == 0
}

// isNamed reports whether namespace and release are names, and no templates.
func (o *Options) isNamed() bool {
	name := func(given string) bool { return given != "" && !strings.Contains(given, "{{") }
	return name(o.Namespace) && name(o.Release)
}

// missing leaves out the branch where the number of a pull request is given, whose
// branch is looked up then.
func (o *Options) missing(v verb.Verb) (errs Errors) {
	properties := verb.Of(v)
	if o.ByName {
		return nil
	}
	for _, required := range []struct {
		name, value string
		by          bool
	}{
		{"repository", o.Repository, properties.OnRelease && !o.All || (o.All || properties.OnFleet && properties.Removes) && !o.AllRepositories},
		{"branch", o.Branch, properties.OnRelease && !o.All && o.PullRequest == 0},
		{"chart", o.Chart, properties.NeedsChart},
	} {
		if !required.by || required.value != "" {
			continue
		}
		in := Find(required.name)
		allowed := fmt.Sprintf("%s needs it; give %s", v, in.In(o.Place))
		switch {
		case in.Name == "branch" && o.NoBranch != "" && o.Place == ByHand:
			allowed += ": " + o.NoBranch
		case in.Name == "branch" && o.NoBranch != "":
			allowed += ", or pull-request with a token for the platform: " + o.NoBranch
		case in.CI != "":
			allowed += " (in CI it is " + in.CI + ", which was not found here)"
		}
		if properties.OnFleet || o.All {
			allowed += "; or all-repositories, for those of every one"
		}
		if properties.ByName && !o.All && !o.isNamed() {
			allowed += "; or give namespace and release, to " + string(v) + " a release by its name"
		}
		errs = append(errs, &Error{Input: in.Name, Allowed: allowed})
	}
	return errs
}
