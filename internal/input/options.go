package input

import (
	"time"

	"github.com/berth-dev/berth/internal/verb"
)

// Options is what a run is asked to do, validated.
type Options struct {
	Verb verb.Verb

	Host           string // of the platform
	Repository     string // owner/name
	HeadRepository string
	Branch         string // untrusted text
	DefaultBranch  string // empty when not known
	PullRequest    int    // 0: none
	SHA            string
	RunURL         string
	Attempt        int
	App            string // empty: made from Repository
	Slug           string
	Namespace      string // template; empty: the default
	Release        string // template; empty: the default
	URL            string // template
	Adopt          bool

	Chart            string
	ChartRepo        string
	ChartVersion     string
	DependencyUpdate string   // auto, true, false
	Values           []string // templates of paths
	Set              []string // templates
	SetString        []string // templates
	SetFile          []string // templates
	SetJSON          []string // templates
	RegistryUsername string
	RegistryPassword Secret
	RegistryConfig   string
	CAFile           string

	Kubeconfig    Material
	KubeContext   string
	KubeAPIServer string
	KubeToken     Secret
	KubeCA        Material

	Timeout         time.Duration
	LockTimeout     time.Duration
	LockDuration    time.Duration
	CheckTimeout    time.Duration
	RBACWait        time.Duration
	AssumeDeadAfter time.Duration // 0: never
	Confirm         int
	MaxHistory      int // 0: no limit
	OnStuck         string
	OnFailure       string
	FailFast        bool
	CreateNamespace bool
	NamespaceLabels map[string]string
	Preflight       string
	SoftFail        []int
	Output          string
	ReportDir       string
	LogLevel        string

	GitHubToken Secret
	GitLabToken Secret
}

// Secrets are the values that nobody may see, whichever input they came from.
func (o *Options) Secrets() []Secret {
	var all []Secret
	for i := range Table {
		if s, ok := Table[i].field(o).(*Secret); ok && *s != "" {
			all = append(all, *s)
		}
	}
	return all
}

// Defaults is what the CI's environment says about the run; outside CI it is
// empty.
type Defaults struct {
	Host           string
	Repository     string
	HeadRepository string
	Branch         string
	PullRequest    int
	SHA            string
	RunURL         string
	Attempt        int
	DefaultBranch  string
}

const hidden = "(hidden)"

// Secret is a value that does not print.
type Secret string

// String hides the secret from every form of printing.
func (Secret) String() string { return hidden }

// GoString hides it from %#v.
func (Secret) GoString() string { return hidden }

// MarshalText hides it from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Reveal gives the secret to what needs it.
func (s Secret) Reveal() string { return string(s) }

// Material is a file's path or its content, whichever was given. Content is
// held in memory and never written to a file.
type Material struct {
	Path    string
	Content Secret
}

// Given says that there is one.
func (m Material) Given() bool { return m != Material{} }
