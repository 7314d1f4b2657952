package input

import (
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"unicode"

	"github.com/berth-dev/berth/internal/ownership"
)

var (
	repositoryPattern = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)+$`)
	shaPattern        = regexp.MustCompile(`^[0-9a-fA-F]{7,64}$`)
)

// These are compiled when a label is given, since that takes half a millisecond of
// every start.
var (
	labelKeyPattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$`)
	})
	labelValuePattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$`)
	})
)

func checkOneLine(value string) string {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return "give one line without control characters"
	}
	return ""
}

func checkRepository(value string) string {
	if _, path, ok := splitRepository(value); !ok || !repositoryPattern.MatchString(path) {
		return "give owner/name, or the repository's URL"
	}
	return ""
}

// checkFullName allows a repository as the platforms call it.
func checkFullName(value string) string {
	if !repositoryPattern.MatchString(value) {
		return "it is not owner/name; give head-repository"
	}
	return ""
}

// splitRepository splits owner/name, an https or ssh URL, or Git's user@host:path.
// The host is empty where none is given. A user or password is dropped.
func splitRepository(value string) (host, path string, ok bool) {
	path = value
	if strings.Contains(value, "://") {
		u, err := url.Parse(value)
		if err != nil || u.Hostname() == "" {
			return "", "", false
		}
		host, path = u.Hostname(), u.Path
	} else if before, after, found := strings.Cut(value, ":"); found {
		host, path = before[strings.LastIndex(before, "@")+1:], after
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	return strings.ToLower(host), path, path != ""
}

// branchName removes refs/heads/, which CI systems often put before a branch.
func branchName(value string) string { return strings.TrimPrefix(value, "refs/heads/") }

// checkBranch allows what git check-ref-format allows for a branch, so that its name
// can neither leave a folder nor break a line.
func checkBranch(value string) string {
	name := branchName(value)
	if strings.HasPrefix(name, "refs/") {
		return "it is a ref and no branch; give the branch's name"
	}
	bad := strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsControl(r) || strings.ContainsRune(" ~^:?*[\\", r)
	})
	for _, part := range []string{"..", "//", "@{"} {
		bad = bad || strings.Contains(name, part)
	}
	if bad || name == "" || len(name) > 255 || strings.HasPrefix(name, "-") || strings.Trim(name, "/.") != name {
		return "give a name that Git allows for a branch"
	}
	return ""
}

// checkEventBranch does not allow what only the platforms can say: a branch that is called like
// another one's ref, for which it would be taken.
func checkEventBranch(value string) string {
	if strings.HasPrefix(value, "refs/") {
		return "the branch is called like another one's ref; rename it"
	}
	return checkBranch(value)
}

func checkSHA(value string) string {
	if !shaPattern.MatchString(value) {
		return "give a commit's hash, 7 to 64 hexadecimal digits"
	}
	return ""
}

// isClearText reports whether an address is one of plain HTTP. The case of its scheme
// does not count.
func isClearText(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	return err == nil && u.Scheme == "http"
}

func checkHTTP(value string) string {
	if allowed := checkSpaces(value); allowed != "" {
		return allowed
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "give a URL that begins with https:// or http://"
	}
	if u.User != nil {
		return "give the URL without user and password"
	}
	return ""
}

// checkAddress allows a port to listen on, with or without a host.
func checkAddress(value string) string {
	host, port, err := net.SplitHostPort(value)
	n, wrong := strconv.ParseUint(port, 10, 16)
	if err != nil || wrong != nil || strconv.FormatUint(n, 10) != port || strings.ContainsFunc(host, unicode.IsSpace) {
		return "give host:port, or :port for every address of the machine, such as 127.0.0.1:8080 or :8080"
	}
	return ""
}

var objectNamePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
})

// checkObjectName allows an object's namespace and name.
func checkObjectName(value string) string {
	if !objectNamePattern().MatchString(value) {
		return "give NAMESPACE/NAME, such as berth/sweep-totals"
	}
	return ""
}

// checkHost allows a host with or without a port.
func checkHost(value string) string {
	u, err := url.Parse("//" + value)
	if err != nil || u.Host != value || u.Hostname() == "" || strings.ContainsFunc(value, unicode.IsSpace) {
		return "give a host, or host:port, one a line, such as registry.example.com or registry.example.com:5000"
	}
	return ""
}

func checkTemplate(value string) string {
	if _, err := template.New("it").Parse(value); err != nil {
		return "it is no template: " + strings.TrimPrefix(err.Error(), "template: ") + "; give text with values such as {{ .Slug }}"
	}
	return ""
}

// checkPath allows the path of a values file, an address, or - for standard input.
func checkPath(value string) string {
	if allowed := checkOneLine(value); allowed != "" {
		return allowed
	}
	if allowed := checkSpaces(value); allowed != "" {
		return allowed
	}
	return checkSecretTemplate(value)
}

var templateAction = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\{.*?\}\}`) })

// checkSpaces refuses an address with a space in its password or query: where it stands in
// an error, nobody could tell where it ends.
func checkSpaces(value string) string {
	if strings.Contains(value, "://") && strings.ContainsAny(value, "@?#") &&
		strings.ContainsFunc(templateAction().ReplaceAllString(value, ""), unicode.IsSpace) {
		return "give an address without spaces; %20 stands for one"
	}
	return ""
}

func checkSet(value string) string {
	if key, _, ok := strings.Cut(value, "="); !ok || key == "" {
		return "give key=value, one a line"
	}
	return checkSecretTemplate(value)
}

func checkSetFile(value string) string {
	if allowed := checkOneLine(value); allowed != "" {
		return allowed
	}
	_, path, _ := strings.Cut(value, "=")
	if allowed := checkSpaces(path); allowed != "" {
		return allowed
	}
	return checkSet(value)
}

func checkSetJSON(value string) string {
	if isJSONObject(value) {
		return checkSecretTemplate(value)
	}
	return checkSet(value)
}

// checkObjectPattern allows a glob for a kind and one for a name.
func checkObjectPattern(value string) string {
	kind, name, ok := strings.Cut(value, "/")
	_, err := path.Match(value, "")
	if !ok || kind == "" || name == "" || strings.Contains(name, "/") || err != nil {
		return "give Kind/name, one a line, such as ExternalSecret/cache or ExternalSecret/*"
	}
	return ""
}

var groupKindPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z][A-Za-z0-9]*$`)
})

// NeverStripped are the kinds of which no finalizer is ever taken off: these hold data, or take along
// what others have. A * is for every kind of a group. internal/verdict holds to them, too.
var NeverStripped = []string{"v1/Namespace", "v1/PersistentVolume", "v1/PersistentVolumeClaim",
	"apiextensions.k8s.io/CustomResourceDefinition", "storage.k8s.io/VolumeAttachment",
	"snapshot.storage.k8s.io/*", "groupsnapshot.storage.k8s.io/*"}

// checkStripped allows a kind with its API group, and no pattern.
func checkStripped(value string) string {
	group, kind, _ := strings.Cut(value, "/")
	switch {
	case !groupKindPattern().MatchString(value):
		return "give GROUP/KIND without a version, one a line, such as example.com/Widget; v1/ConfigMap is one of the core group; " +
			"patterns are not allowed"
	case slices.Contains(NeverStripped, value), slices.Contains(NeverStripped, group+"/*"):
		return "no finalizer is taken off a " + kind + ": it holds data, or what others have; leave it out"
	}
	return ""
}

// checkAdoption allows what adoptions makes of a boolean, two words, and objects.
func checkAdoption(value string) string {
	if slices.Contains([]string{"true", "false", "namespace", "all"}, value) || checkObjectPattern(value) == "" {
		return ""
	}
	return "give true or false, namespace, all, or Kind/name, one a line, such as PersistentVolumeClaim/data or ConfigMap/*"
}

// checkFieldPattern allows an object, whose kind and name may be globs, and the path
// of a field as a check names it.
func checkFieldPattern(value string) string {
	object, field, ok := strings.Cut(value, ":")
	isField := field != "" && !strings.ContainsAny(field[:1], "./") && !strings.Contains(field, "..")
	if !ok || checkObjectPattern(object) != "" || !isField || strings.ContainsFunc(value, unicode.IsSpace) {
		return "give Kind/name:path, one a line, such as Deployment/web:spec.template.spec.containers[web].image or ConfigMap/*:data"
	}
	return ""
}

// checkSecretTemplate does not pass on the parser's error, which quotes from a value
// that may be a password.
func checkSecretTemplate(value string) string {
	if checkTemplate(value) != "" {
		return `it is no template; values such as {{ .Slug }} stand between braces, and {{ "{{" }} gives two braces as they are`
	}
	return ""
}

// checkLabel does not allow the labels that Berth or Kubernetes sets itself.
func checkLabel(key, value string) string {
	switch prefix, _, _ := strings.Cut(key, "/"); {
	case !labelKeyPattern().MatchString(key) || !labelValuePattern().MatchString(value):
		return "give key=value as Kubernetes allows it for a label, one a line"
	case prefix == ownership.Prefix || key == ownership.LabelManagedBy || key == "kubernetes.io/metadata.name":
		return "this label is not yours to set; give another key"
	}
	return ""
}
