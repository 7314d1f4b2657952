package chart

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/registry"

	"github.com/berth-dev/berth/internal/problem"
)

// Source says where a chart is and how to fetch it.
type Source struct {
	Chart   string // a folder, a .tgz, oci://…, https://….tgz, or a name in Repo
	Repo    string // the URL of a chart repository
	Version string // a version or a constraint; empty is the newest

	// DependencyUpdate: nil builds the dependencies of a folder when charts/
	// lacks one; true builds them always, false never.
	DependencyUpdate *bool

	// Username and Password are sent to the host that Chart or Repo names and to
	// RegistryHosts, and to no host that the chart names. They are never written
	// anywhere.
	Username, Password string
	RegistryHosts      []string // more hosts that may have the credentials, host or host:port
	RegistryConfig     string   // credentials by host, a file as `docker login` writes it
	CAFile             string   // certificates to trust besides the system's

	CacheDir string // working folder; Fetch removes what it makes there
	Log      func(format string, args ...any)
	Hide     func(secrets ...string) // takes what is sent to authenticate, to be masked; may be nil
}

// origin is the kind of place that a chart comes from.
type origin int

const (
	inFolderOrFile origin = iota
	inRepository
	inRegistry
	atURL
)

// origin returns the kind of place that the chart comes from, and its address or
// path there.
func (s Source) origin() (origin, string) {
	switch {
	case registry.IsOCI(s.Chart):
		return inRegistry, s.Chart
	case registry.IsOCI(s.Repo):
		return inRegistry, strings.TrimSuffix(s.Repo, "/") + "/" + s.Chart
	case s.Repo != "":
		return inRepository, s.Repo
	case isHTTP(s.Chart):
		return atURL, s.Chart
	default:
		return inFolderOrFile, s.Chart
	}
}

// address returns the address that the chart is named by; nil for one on this machine.
func (s Source) address() *url.URL {
	kind, address := s.origin()
	if kind == inFolderOrFile {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return u
}

// validate refuses contradictory inputs before anything is read. Its errors quote no
// address that holds credentials.
func (s Source) validate() error {
	switch {
	case s.Chart == "":
		return s.wrongInput("no chart was named", "Give the input chart: a folder, a .tgz, oci://…, or a name together with repo.")
	case (s.Username == "") != (s.Password == ""):
		return s.wrongInput("registry-username and registry-password go together, and one of them is empty", "Give both, or neither.")
	case s.Username != "" && s.RegistryConfig != "":
		return s.wrongInput("registry-username and registry-config were both given", "Keep one of them.")
	case s.Repo != "" && (strings.Contains(s.Chart, "://") || filepath.IsAbs(s.Chart) || strings.HasPrefix(s.Chart, ".")):
		return s.wrongInput("repo goes with a chart's name, and chart is a path or an address",
			"Leave repo out, or give the chart's name in that repository.")
	case s.Repo != "" && !isHTTP(s.Repo) && !registry.IsOCI(s.Repo):
		return s.wrongInput("repo is not an address",
			"Give the repository's URL, https://… or oci://…; names that `helm repo add` made are not known here.")
	}
	for input, address := range map[string]string{"chart": s.Chart, "repo": s.Repo} {
		if !strings.Contains(address, "://") {
			continue
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			return s.wrongInput("the input "+input+" is not a complete address", "Give it as https://host/path or oci://host/path.")
		}
		if u.User != nil {
			return s.wrongInput("the input "+input+" holds credentials",
				"Take them out of the address and give registry-username and registry-password.")
		}
	}
	return nil
}

// wrongInput returns the problem of an input that names the chart.
func (s Source) wrongInput(cause, next string) error {
	return &problem.Problem{Reason: problem.WrongInput, Tried: "find the chart", Cause: errors.New(cause), Next: next}
}

// problem returns err as the problem of a chart that cannot be used, unless it is a
// *problem.Problem already.
func (s Source) problem(tried string, err error, next string) error {
	var known *problem.Problem
	if errors.As(err, &known) {
		return err
	}
	return &problem.Problem{
		Reason: problem.ChartInvalid,
		Tried:  sanitize(tried),
		Cause:  sanitizeError(err, s.Username, s.Password),
		Next:   next,
	}
}

// logf logs a line without the credentials.
func (s Source) logf(format string, args ...any) {
	if s.Log != nil {
		s.Log("%s", sanitize(fmt.Sprintf(format, args...), s.Username, s.Password))
	}
}

// isHTTP reports whether something is an address. The case of a scheme does not count.
func isHTTP(address string) bool {
	scheme, _, found := strings.Cut(address, "://")
	return found && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}
