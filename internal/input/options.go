package input

import (
	"time"

	"github.com/berth-dev/berth/internal/verb"
)

// Options is what a run is asked to do, validated. An option that its verb does
// not take has its default.
type Options struct {
	Verb  verb.Verb
	Place Place
	// ByEvent says that an event asked for the verb, by auto.
	ByEvent bool
	Identity
	ChartSource
	ChartValues
	Cluster
	Timing
	Policy
	Events
	Probing
	Fleet
	Sweeping
	Reporting
	Tokens
}

// OfMany reports whether the run is about the review apps that it finds, of whichever branch.
func (o *Options) OfMany() bool { return verb.Of(o.Verb).OnFleet || o.All }

// Identity is which branch the review app is for, in which run, and under which
// names.
type Identity struct {
	Host           string // of the platform: github.com
	Repository     string // owner/name
	HeadRepository string // owner/name; Repository unless the branch lives in a fork, empty where that is not known
	Branch         string // untrusted text; empty where the pull request's has to be looked up
	DefaultBranch  string // of the repository; empty: not known
	NoBranch       string // why the run's event names no branch; a clause, empty outside CI
	PullRequest    int    // number; 0 means none
	SHA            string
	RunURL         string // empty outside CI
	RunMark        string // belongs behind RunURL where the run is written down in the cluster
	Actor          string // who started the run; empty outside CI; untrusted text
	Attempt        int
	CommitPages    string   // begins the address of a commit's page; empty where it is not known
	PullPages      string   // begins the address of a pull or merge request's page; empty where it is not known
	App            string   // empty means one that is made from Repository
	Slug           string   // empty means one that is made from Branch
	Namespace      string   // template; empty means the default
	Release        string   // template; empty means the default
	URL            string   // template; empty means none
	Adopt          []string // true or false, namespace, all, Kind/name with globs
	// ByName says that Namespace and Release are the names themselves, and the run is
	// about whichever branch's release that is, if it is a branch's at all.
	ByName bool
}

// ChartSource is where the chart comes from.
type ChartSource struct {
	Chart            string
	ChartRepo        string
	ChartVersion     string
	RenamedFrom      string
	DependencyUpdate string // auto, true or false
	RegistryUsername string
	RegistryPassword Secret
	RegistryHosts    []string // host or host:port
	RegistryConfig   string
	CAFile           string
}

// ChartValues are the values that the chart is rendered with. All but ValuesContent are
// templates.
type ChartValues struct {
	Values []string // paths of files
	// ValuesContent is YAML text, and no template.
	ValuesContent Secret
	Set           []string // key=value
	SetString     []string // key=value
	SetFile       []string // key=path
	SetJSON       []string // key=JSON, or an object

	SkipSchemaValidation bool
}

// Cluster is the API server, and how to authenticate to it.
type Cluster struct {
	For           string // another account, of which preflight tells what it needs; empty: none
	PrintRole     bool   // preflight prints roles alone, and asks no cluster
	Kubeconfig    Material
	KubeContext   string
	KubeAPIServer string
	KubeToken     Secret
	KubeCA        Material
}

// Timing is how long a run waits, and for what.
type Timing struct {
	Timeout         time.Duration
	LockTimeout     time.Duration // 0 means not to wait
	LockDuration    time.Duration
	CheckTimeout    time.Duration
	RBACWait        time.Duration
	AssumeDeadAfter time.Duration // 0 means never
	Settle          time.Duration // 0 means not at all
	ImageWait       time.Duration // 0 means not at all
	TTL             time.Duration // 0 means none
}

// Policy is what a run does with what it finds.
type Policy struct {
	Confirm         int
	MaxHistory      int // 0 means no limit
	OnStuck         string
	BreakLock       bool
	OnFailure       string
	DeleteHooks     bool
	DeleteClaims    bool
	SkipFailedHooks bool
	StripFinalizers []string // GROUP/KIND
	FailFast        bool
	WaitIgnore      []string // Kind/name, globs
	IgnoreDrift     []string // Kind/name:path, in which * is any text
	CreateNamespace bool
	NamespaceLabels map[string]string
	Preflight       string
	DeleteForeign   bool
	DeleteKept      bool
	NamespaceOwns   []string // Kind/name, globs
	CopySecrets     []string // namespace/name, namespace/name=name
	Quota           string   // path; empty means none
}

// Events is which events make a review app.
type Events struct {
	Label    string // empty means with and without
	Drafts   bool
	Forks    string
	Commands bool // of comments
}

// Probing is what the app is asked after a deploy, and what it has to answer.
type Probing struct {
	HelmTest     bool
	Probe        string   // true, false or a path
	ProbeExpect  []string // status=CODES, body=TEXT, header=NAME: TEXT
	ProbeVersion string   // header=NAME or json=PATH; empty means that any version will do
	ProbeTimeout time.Duration
}

// Reporting is what a run prints, writes and tells, and with which exit code it ends.
type Reporting struct {
	Comment    bool
	Deployment bool
	SoftFail   []int
	Output     string
	ReportDir  string // empty means none
	LogLevel   string
}

// Tokens authenticate to the APIs of the CI platforms.
type Tokens struct {
	GitHubToken Secret
	GitLabToken Secret
}

// Hidden is shown in place of a secret.
const Hidden = "(hidden)"

const hidden = Hidden

// Secret is a value that is not printed.
type Secret string

// String hides the secret from every form of printing.
func (Secret) String() string { return hidden }

// GoString hides it from %#v.
func (Secret) GoString() string { return hidden }

// MarshalText hides it from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// Material is either the path of a file or its content. Content is kept in memory
// and never written to a file.
type Material struct {
	Path    string
	Content Secret
}

// Given reports whether there is a path or content.
func (m Material) Given() bool { return m != Material{} }
