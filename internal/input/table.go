package input

import (
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/secrets"
)

// Table is every input. The flags, action.yml and docs/inputs.md are made from it
// (gen/).
var Table = slices.Concat(identity, events, chart, cluster, behaviour, fleet, sweep, probing)

// Group is inputs that are documented together.
type Group struct {
	Title  string
	Inputs []Input
}

// Groups are the inputs in the order in which they are documented.
var Groups = []Group{
	{"Identity", identity},
	{"Events", events},
	{"Chart", chart},
	{"Cluster", cluster},
	{"Behaviour", behaviour},
	{"Fleet", fleet},
	{"Sweep", sweep},
	{"Probe", probing},
}

// Find returns the input of that name, or nil.
func Find(name string) *Input {
	for i := range Table {
		if Table[i].Name == name {
			return &Table[i]
		}
	}
	return nil
}

// tokens are variables of the platforms that hold a secret which Berth takes nothing
// from, or only by default.
var tokens = []string{"HELM_KUBETOKEN",
	"GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CI_JOB_TOKEN", "CI_REGISTRY_PASSWORD",
	"CI_DEPLOY_PASSWORD", "CI_DEPENDENCY_PROXY_PASSWORD"}

// proxies are the variables that name the proxy of requests. It may repeat the password
// that it is sent.
var proxies = []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}

// SecretsIn returns the secrets in an environment, be the inputs right or wrong.
func SecretsIn(getenv func(string) string) []string {
	var all []string
	for _, name := range tokens {
		all = append(all, getenv(name))
	}
	for _, name := range proxies {
		all = append(all, secrets.Password(getenv(name))...)
		all = append(all, secrets.Password(getenv(strings.ToLower(name)))...)
	}
	for i := range Table {
		if in := &Table[i]; in.isSecret() {
			for _, name := range in.Envs() {
				all = append(all, getenv(name))
			}
		}
	}
	return all
}

// SecretVariables returns the values of an environment (as of os.Environ) that are called a
// secret, and the passwords of addresses in it: what credential plugins and helpers are
// started with, and quote when they fail. Berth's own inputs are none of them where the table
// says so, whatever they are called: the name of a Secret to be copied is public.
func SecretVariables(environ []string) []string {
	var all []string
	public := map[string]bool{}
	for i := range Table {
		for _, name := range Table[i].Envs() {
			public[name] = !Table[i].Secret
		}
	}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		switch {
		case strings.Contains(value, "://"):
			all = append(all, secrets.Password(value)...)
		case public[name] || name == "PWD" || name == "OLDPWD": // folders, in a shell
		case secrets.IsName(name) && !secrets.LooksLikePath(value):
			all = append(all, value)
		}
	}
	return all
}

// InAddresses returns what is secret in the addresses among the inputs: passwords, and
// queries, which may be signed.
func (o *Options) InAddresses() []string {
	var all []string
	for _, given := range slices.Concat([]string{o.Chart, o.ChartRepo}, o.Values, o.SetFile) {
		if begin, rest, ok := strings.Cut(given, "://"); ok {
			address := begin[strings.LastIndexByte(begin, '=')+1:] + "://" + rest
			all = append(append(all, secrets.Password(address)...), secrets.InQuery(address)...)
		}
	}
	return all
}

// isSecret reports whether the whole of the input's value is a secret. Of a YAML text it is
// the values in it: its lines are of a kind that stands everywhere.
func (in *Input) isSecret() bool { return in.Secret && in.Type != YAML }

// Secrets returns the values that nobody may see, of whichever input.
func (o *Options) Secrets() []Secret {
	var all []Secret
	for i := range Table {
		if s, ok := Table[i].field(o).(*Secret); ok && *s != "" && Table[i].isSecret() {
			all = append(all, *s)
		}
	}
	return all
}

// resultPrefix begins the variables in which GitLab hands the outputs of one job to
// the jobs after it. No input has it, so that none of them is taken for one.
const resultPrefix = "BERTH_RESULT_"

// Output is a value that a run hands on: an output of the step on GitHub, and a
// variable in GitLab's dotenv report.
type Output struct {
	Name string
	Doc  string
}

// Env returns the name of the output's variable in GitLab's dotenv report.
func (o Output) Env() string {
	return resultPrefix + strings.ToUpper(strings.ReplaceAll(o.Name, "-", "_"))
}

// Outputs are all outputs.
var Outputs = []Output{
	{"url", "URL of the review app; empty when no url was given."},
	{"namespace", "Namespace of the release."},
	{"release", "Name of the release."},
	{"revision", "Last stored revision."},
	{"status", "Status of that revision as stored, not as returned."},
	{"verdict", "How the run ended, in a word, such as consistent or deploy-failed."},
	{"repair", "The repairs that were made, such as promote or unlock, sweep; empty when none was."},
	{"exit-code", "The exit code before soft-fail."},
	{"report", "Path of report.json, when report-dir was given."},
}

// Ignored are the variables that look like inputs and are none.
var Ignored = []struct{ Name, Why string }{
	{"BERTH_TEST_*", "Berth's own tests"},
	{resultPrefix + "*", "outputs, which GitLab hands to later jobs"},
	{"BERTH_PORT, BERTH_PORT_*, BERTH_SERVICE_*", "Kubernetes sets them where a Service is called berth"},
	{"INPUT_VERB", "the action's verb, which is the first argument"},
	{"INPUT_ARGS, INPUT_ENTRYPOINT", "the runner's own"},
}
