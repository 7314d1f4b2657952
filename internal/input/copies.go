package input

import (
	"regexp"
	"strings"
	"sync"
)

// Copy is a Secret that is to be copied, and the name of the copy.
type Copy struct{ Namespace, Name, As string }

// Copies returns what copy-secret says.
func (o *Options) Copies() []Copy {
	var all []Copy
	for _, item := range o.CopySecrets {
		source, as, _ := strings.Cut(strings.TrimSpace(item), "=")
		namespace, name, _ := strings.Cut(source, "/")
		if as == "" {
			as = name
		}
		all = append(all, Copy{namespace, name, as})
	}
	return all
}

// copiesTwice returns the name of two copies, or "".
func (o *Options) copiesTwice() string {
	seen := map[string]bool{}
	for _, c := range o.Copies() {
		if seen[c.As] {
			return c.As
		}
		seen[c.As] = true
	}
	return ""
}

// The names of objects and of namespaces, compiled when one is given.
var (
	objectName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	})
	namespaceName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) })
)

// longestName is how long the name of an object may be.
const longestName = 253

// formOfCopy is what copy-secret takes.
const formOfCopy = "give NAMESPACE/NAME of a Secret, or NAMESPACE/NAME=NEWNAME, one a line, such as platform/registry"

// checkCopy allows a Secret of a namespace that is not Kubernetes' own, and another name. Helm's
// records are neither copied nor made.
func checkCopy(value string) string {
	source, as, renamed := strings.Cut(strings.TrimSpace(value), "=")
	namespace, name, _ := strings.Cut(source, "/")
	if !renamed {
		as = name
	}
	for _, n := range []string{name, as} {
		if !objectName().MatchString(n) || len(n) > longestName {
			return formOfCopy
		}
		if strings.HasPrefix(n, "sh.helm.") {
			return "this is the name of a record of Helm's, which is not copied; give another one"
		}
	}
	switch {
	case !namespaceName().MatchString(namespace):
		return formOfCopy
	case strings.HasPrefix(namespace, "kube-"):
		return "no Secret of a namespace of Kubernetes' own is copied; give one of another namespace"
	}
	return ""
}

// checkFilePath allows the path of a file on this machine.
func checkFilePath(value string) string {
	if strings.Contains(value, "://") || value == "-" {
		return "give the path of a file"
	}
	return ""
}
