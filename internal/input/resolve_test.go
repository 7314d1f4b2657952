package input

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/verb"
)

var onCI = Defaults{
	Host: "github.com", Repository: "acme/shop", HeadRepository: "mallory/shop", Branch: "patch-1",
	PullRequest: 7, SHA: "0123456789abcdef", RunURL: "https://ci/1", Attempt: 2,
}

func resolve(t testing.TB, v verb.Verb, args, environ []string, d Defaults) (*Options, error) {
	t.Helper()
	fs := pflag.NewFlagSet(string(v), pflag.ContinueOnError)
	Bind(fs, v)
	if err := fs.Parse(args); err != nil {
		return nil, FlagError(v, err)
	}
	return Resolve(fs, environ, v, d)
}

func mustResolve(t *testing.T, v verb.Verb, args, environ []string, d Defaults) *Options {
	t.Helper()
	o, err := resolve(t, v, args, environ, d)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestDefaults(t *testing.T) {
	o := mustResolve(t, verb.Deploy, []string{"--chart=./chart"}, nil, onCI)
	if o.Timeout != 5*time.Minute || o.LockTimeout != 5*time.Minute || o.CheckTimeout != time.Minute || o.RBACWait != 10*time.Second ||
		o.Settle != 3*time.Second || o.ImageWait != 0 || o.AssumeDeadAfter != 30*time.Minute || o.Confirm != 1 || o.MaxHistory != 10 ||
		!o.CreateNamespace || len(o.Adopt) > 0 ||
		o.OnStuck != "auto" || o.OnFailure != "keep" || o.LockDuration != 30*time.Second || o.Preflight != "storage" || o.Output != "text" ||
		o.LogLevel != "info" || o.DependencyUpdate != "auto" {
		t.Errorf("got %+v", o)
	}
	if o.Host != "github.com" || o.Repository != "acme/shop" || o.HeadRepository != "mallory/shop" || o.Branch != "patch-1" ||
		o.PullRequest != 7 || o.SHA != onCI.SHA || o.RunURL != onCI.RunURL || o.Attempt != 2 {
		t.Errorf("got %+v", o)
	}
}

func TestOneBeatsTheOther(t *testing.T) {
	github := []string{"GITHUB_ACTIONS=true", "INPUT_TIMEOUT=1m", "INPUT_CONFIRM=2", "INPUT_KUBE-CONTEXT=action", "INPUT_RELEASE= ",
		"INPUT_VERB=deploy"}
	environ := append(slices.Clone(github), "BERTH_TIMEOUT=2m", "BERTH_NAMESPACE=", "BERTH_RELEASE=env", "HOME=/root")
	o := mustResolve(t, verb.Check, []string{"--timeout=3m", "--release", ""}, environ, onCI)
	if o.Timeout != 3*time.Minute || o.Confirm != 2 || o.KubeContext != "action" || o.Namespace != "" || o.Release != "env" {
		t.Errorf("got %+v", o)
	}
	if o := mustResolve(t, verb.Check, nil, environ, onCI); o.Timeout != 2*time.Minute {
		t.Errorf("BERTH_* beats INPUT_*: got %v", o.Timeout)
	}
	if o := mustResolve(t, verb.Check, nil, github[1:], onCI); o.Timeout != 5*time.Minute || o.KubeContext != "" {
		t.Errorf("INPUT_* is GitHub's alone: got %+v", o)
	}
}

func TestKinds(t *testing.T) {
	o := mustResolve(t, verb.Deploy, []string{
		"--chart=oci://example.com/chart", "--version=1.2.3", "-f", "a.yaml", "--values", " b-{{ .Slug }}.yaml ",
		"--set=a=1", "--set-json", `{"a": 1}`, "--adopt", "--ignore-drift=Deployment/*:spec.replicas", "--dependency-update", "--soft-fail=21, 22", "--soft-fail=[23]", "-n", "reviews",
	}, []string{
		"BERTH_SET_STRING=\n  a=1\r\n\n b= x \n", "BERTH_NAMESPACE_LABEL=team=a\nexample.com/tier=", "BERTH_CREATE_NAMESPACE=No",
		"BERTH_ASSUME_DEAD_AFTER=0", "BERTH_MAX_HISTORY=0", "BERTH_REGISTRY_USERNAME=u", "BERTH_REGISTRY_PASSWORD=hunter2\n",
		"BERTH_RESULT_STATUS=deployed", "BERTH_RESULT_NAMESPACE=of-the-job-before", "BERTH_PORT_80_TCP=tcp://10.0.0.1:80",
		"BERTH_SERVICE_HOST=10.0.0.1", "BERTH_TEST_X=1", "BERTH_TTL=7d",
	}, onCI)
	for name, got := range map[string]string{
		"values [a.yaml b-{{ .Slug }}.yaml]":   fmt.Sprint("values ", o.Values),
		"ignored [Deployment/*:spec.replicas]": fmt.Sprint("ignored ", o.IgnoreDrift),
		"set [a=1] [a=1 b= x ] [{\"a\": 1}]":   fmt.Sprint("set ", o.Set, o.SetString, o.SetJSON),
		"soft-fail [21 22 23]":                 fmt.Sprint("soft-fail ", o.SoftFail),
		"labels map[example.com/tier: team:a]": fmt.Sprint("labels ", o.NamespaceLabels),
		"bools false true\n":                   fmt.Sprintln("bools", o.CreateNamespace, o.DependencyUpdate),
		"numbers 0s 0":                         fmt.Sprint("numbers ", o.AssumeDeadAfter, o.MaxHistory),
		"chart oci://example.com/chart 1.2.3":  fmt.Sprint("chart ", o.Chart, " ", o.ChartVersion),
		"password hunter2 (hidden) \"(hidden)\"": fmt.Sprintf("password %s %v %q", o.RegistryPassword.Reveal(), o.RegistryPassword,
			o.RegistryPassword),
		"namespace reviews": "namespace " + o.Namespace,
		"ttl 168h0m0s":      fmt.Sprint("ttl ", o.TTL),
	} {
		if got != name {
			t.Errorf("got %s, want %s", got, name)
		}
	}
	if s := fmt.Sprintf("%+v %#v", o, o); strings.Contains(s, "hunter2") {
		t.Error("printing the options shows the password")
	}
}

// What was a boolean once still is one, and takes more besides.
func TestAdopt(t *testing.T) {
	for name, c := range map[string]struct {
		args, environ, want []string
	}{
		"left out":     {nil, nil, nil},
		"alone":        {[]string{"--adopt"}, nil, []string{"true"}},
		"true":         {[]string{"--adopt=true"}, nil, []string{"true"}},
		"yes":          {nil, []string{"BERTH_ADOPT= Yes "}, []string{"true"}},
		"false":        {[]string{"--adopt=false"}, []string{"BERTH_ADOPT=true"}, []string{"false"}},
		"0":            {nil, []string{"BERTH_ADOPT=0"}, []string{"false"}},
		"alone, twice": {[]string{"--adopt", "--adopt=namespace"}, nil, []string{"true", "namespace"}},
		"by lines": {nil, []string{"BERTH_ADOPT=true\n  namespace\nPersistentVolumeClaim/data\nConfigMap/*\n"},
			[]string{"true", "namespace", "PersistentVolumeClaim/data", "ConfigMap/*"}},
		"all": {nil, []string{"GITHUB_ACTIONS=true", "INPUT_ADOPT=all"}, []string{"all"}},
	} {
		o := mustResolve(t, verb.Teardown, c.args, c.environ, onCI)
		if !slices.Equal(o.Adopt, c.want) {
			t.Errorf("%s: %q, want %q", name, o.Adopt, c.want)
		}
	}
}

// What the proxies' and the inputs' addresses hold is secret, too.
func TestSecretsInAddresses(t *testing.T) {
	env := map[string]string{"HTTPS_PROXY": "http://bob:hunter2-proxy@h:1", "http_proxy": "bob:hu2r@h", "BERTH_KUBE_TOKEN": "hunter2-kube",
		"INPUT_REGISTRY-PASSWORD": "hunter2-registry", "INPUT_GITHUB_TOKEN": "hunter2-native"}
	got := SecretsIn(func(name string) string { return env[name] })
	for _, want := range []string{"hunter2-proxy", "hu2r", "Ym9iOmh1MnI=", "hunter2-kube", "hunter2-registry", "hunter2-native"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not in %q", want, got)
		}
	}
	got = mustResolve(t, verb.Deploy, []string{"--chart=https://h/c.tgz?sig=hunter2-csig", "--values=https://bob:hunter2-pw@h/x.yaml",
		"--set-file=k=https://h/x?token=hunter2-file"}, nil, onCI).InAddresses()
	for _, want := range []string{"sig=hunter2-csig", "hunter2-csig", "hunter2-pw", "hunter2-file"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not in %q", want, got)
		}
	}
}

func TestSecrets(t *testing.T) {
	if got := mustResolve(t, verb.Check, nil, nil, onCI).Secrets(); len(got) > 0 {
		t.Errorf("got %d secrets, and none was given", len(got))
	}
	o := mustResolve(t, verb.Deploy, []string{"--chart=chart", "--kube-apiserver=https://h", "--registry-username=u"}, []string{
		"GITHUB_ACTIONS=true", "INPUT_GITHUB-TOKEN=hunter2-hub\n", "BERTH_GITLAB_TOKEN=hunter2-lab",
		"BERTH_KUBE_TOKEN=hunter2-kube", "BERTH_REGISTRY_PASSWORD=hunter2-registry",
	}, onCI)
	var got []string
	for _, s := range o.Secrets() {
		got = append(got, s.Reveal())
	}
	if want := []string{"hunter2-registry", "hunter2-kube", "hunter2-hub", "hunter2-lab"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if s := fmt.Sprintf("%+v %#v", o, o); strings.Contains(s, "hunter2") {
		t.Error("printing the options shows a secret")
	}
}

func TestMaterial(t *testing.T) {
	const config = "apiVersion: v1\nkind: Config\n"
	for raw, want := range map[string]Material{
		"/home/me/.kube/config": {Path: "/home/me/.kube/config"},
		"config":                {Path: "config"},
		" config\n":             {Path: "config"},
		config:                  {Content: config},
		"YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmlnCg==":     {Content: config},
		"YXBpVmVyc2lvbjogdjEK\na2luZDogQ29uZmlnCg==\n": {Content: config},
		`{"apiVersion":"v1"}`:                          {Content: `{"apiVersion":"v1"}`},
	} {
		if got := material(raw); got != want {
			t.Errorf("%q: got path %q, content %q", raw, got.Path, got.Content.Reveal())
		}
	}
}

func TestRepository(t *testing.T) {
	for raw, want := range map[string]string{
		"acme/shop": "github.com acme/shop",
		"https://gitlab.example.com/group/sub/shop":    "gitlab.example.com group/sub/shop",
		"https://u:p@GitLab.example.com/acme/shop.git": "gitlab.example.com acme/shop",
		"git@github.example.com:acme/shop.git":         "github.example.com acme/shop",
		"ssh://git@example.com:2222/acme/shop/":        "example.com acme/shop",
	} {
		o, err := resolve(t, verb.Check, []string{"--repository", raw, "--branch=b"}, nil, Defaults{})
		if err != nil || o.Host+" "+o.Repository != want || o.HeadRepository != o.Repository {
			t.Errorf("%s: got %+v, %v", raw, o, err)
		}
	}
}

func TestEventSpeaksOfItsOwnBranch(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		head string
		pr   int
	}{
		"same branch, named":         {[]string{"--branch=refs/heads/patch-1"}, "mallory/shop", 7},
		"same repository, named":     {[]string{"--repository=Acme/Shop"}, "mallory/shop", 7},
		"another branch":             {[]string{"--branch=other"}, "acme/shop", 0},
		"another repository":         {[]string{"--repository=acme/two", "--branch=patch-1"}, "acme/two", 0},
		"another repository alone":   {[]string{"--repository=acme/two"}, "mallory/shop", 0}, // a fork's branch is not acme/two's
		"the pull request, named":    {[]string{"--pull-request=7"}, "mallory/shop", 7},
		"same name, another host":    {[]string{"--repository=https://example.com/acme/shop", "--branch=patch-1"}, "acme/shop", 0},
		"another branch of the fork": {[]string{"--branch=other", "--head-repository=mallory/shop"}, "mallory/shop", 0},
	} {
		o, err := resolve(t, verb.Check, tt.args, nil, onCI)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if o.HeadRepository != tt.head || o.PullRequest != tt.pr || (o.SHA != "") != (tt.pr != 0) {
			t.Errorf("%s: got %+v", name, o)
		}
	}
}

// What names one pull request is about no other's branch, and a ref that a run was
// merely started on says nothing of a pull request.
func TestPullRequestByNumber(t *testing.T) {
	pushed := Defaults{Host: "github.com", Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "login", SHA: "0123456789abcdef"}
	started := pushed
	started.OnRef = true
	for name, tt := range map[string]struct {
		args     []string
		defaults Defaults
		branch   string
		head     string
	}{
		"another than the event's":      {[]string{"--pull-request=8"}, onCI, "", ""},
		"another, and its branch":       {[]string{"--pull-request=8", "--branch=x"}, onCI, "x", "acme/shop"},
		"another, of a fork":            {[]string{"--pull-request=8", "--head-repository=octo/shop"}, onCI, "", "octo/shop"},
		"of what was pushed":            {[]string{"--pull-request=8"}, pushed, "login", "acme/shop"},
		"in a run started on a branch":  {[]string{"--pull-request=8"}, started, "", ""},
		"a run started on a branch":     {nil, started, "login", "acme/shop"},
		"where the event names nothing": {[]string{"--pull-request=8"}, Defaults{Repository: "acme/shop", NoBranch: "it is a comment"}, "", ""},
	} {
		o, err := resolve(t, verb.Teardown, tt.args, nil, tt.defaults)
		if err != nil || o.Branch != tt.branch || o.HeadRepository != tt.head || o.Branch == "" && o.SHA != "" {
			t.Errorf("%s: got %+v, %v", name, o, err)
		}
	}
}

// A fork that is not known is never taken for the base repository.
func TestUnknownHeadRepository(t *testing.T) {
	lost, unread := onCI, Defaults{Host: "github.com", Repository: "acme/shop", HeadUnknown: true}
	lost.HeadRepository, lost.HeadUnknown = "", true
	for name, tt := range map[string]struct {
		args     []string
		defaults Defaults
		head     string
	}{
		"the fork is gone":                     {nil, lost, ""},
		"the fork is gone, its branch named":   {[]string{"--branch=patch-1"}, lost, ""},
		"the fork is gone, another repository": {[]string{"--repository=acme/two"}, lost, ""},
		"the fork is gone, another branch":     {[]string{"--branch=other"}, lost, "acme/shop"},
		"the fork is gone, and named":          {[]string{"--head-repository=mallory/shop"}, lost, "mallory/shop"},
		"the event cannot be read":             {[]string{"--branch=patch-1"}, unread, ""},
		"the same, named":                      {[]string{"--branch=patch-1", "--head-repository=acme/shop"}, unread, "acme/shop"},
	} {
		o, err := resolve(t, verb.Teardown, tt.args, nil, tt.defaults)
		if err != nil || o.HeadRepository != tt.head {
			t.Errorf("%s: got %+v, %v", name, o, err)
		}
	}
}

func TestSetHead(t *testing.T) {
	for name, tt := range map[string]struct {
		args              []string
		branch, head, sha string
		want              string // head repository
		wrong             string
	}{
		"of a fork":              {nil, "patch-1", "octo/shop", "0123456789abcdef", "octo/shop", ""},
		"of the base repository": {nil, "login", "acme/shop", "", "acme/shop", ""},
		"of a fork that is gone": {nil, "patch-1", "", "", "", ""},
		"which was named":        {[]string{"--head-repository=octo/shop"}, "patch-1", "", "", "octo/shop", ""},
		"of another fork":        {[]string{"--head-repository=octo/shop"}, "patch-1", "mallory/shop", "", "", "leave head-repository out"},
		"hostile branch":         {nil, "x\n::error::y", "octo/shop", "", "", `branch of pull request 8 "x\n::error::y"`},
		"hostile repository":     {nil, "x", "octo/shop\nurl=evil", "", "", "head-repository of pull request 8"},
		"hostile commit":         {nil, "x", "octo/shop", "$(id)", "", "sha of pull request 8"},
		"nothing":                {nil, "", "", "", "", "branch of pull request 8"},
	} {
		o := mustResolve(t, verb.Teardown, append([]string{"--pull-request=8"}, tt.args...), nil, onCI)
		err := o.SetHead(tt.branch, tt.head, tt.sha)
		switch {
		case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong) || o.Branch != ""):
			t.Errorf("%s: got %v and branch %q", name, err, o.Branch)
		case tt.wrong == "" && (err != nil || o.Branch != tt.branch || o.HeadRepository != tt.want || o.SHA != tt.sha):
			t.Errorf("%s: got %+v, %v", name, o, err)
		}
	}
}

// What auto does is decided by the event, so that it is done to what that is about.
func TestCheckEvent(t *testing.T) {
	deleted := Defaults{Host: "github.com", Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "login"}
	lost := onCI
	lost.HeadRepository, lost.HeadUnknown = "", true
	for name, tt := range map[string]struct {
		args     []string
		defaults Defaults
		wrong    string
	}{
		"nothing given":                 {nil, deleted, ""},
		"the same":                      {[]string{"--branch=login", "--head-repository=Acme/Shop"}, deleted, ""},
		"with refs/heads":               {[]string{"--branch=refs/heads/login"}, deleted, ""},
		"a number, where none is known": {[]string{"--pull-request=3"}, deleted, ""},
		"another repository's app":      {[]string{"--repository=acme/two"}, deleted, ""},
		"the branch of the run":         {[]string{"--branch=main"}, deleted, `about "login"`},
		"a fork's":                      {nil, onCI, ""},
		"a fork's, said to be the base": {[]string{"--head-repository=acme/shop"}, onCI, `about "mallory/shop"`},
		"a fork's, for another app":     {[]string{"--repository=acme/two", "--branch=patch-1"}, onCI, `about "mallory/shop"`},
		"another number":                {[]string{"--pull-request=8", "--branch=patch-1"}, onCI, `about "7"`},
		"a fork that is gone, named":    {[]string{"--head-repository=mallory/shop"}, lost, ""},
	} {
		o := mustResolve(t, verb.Auto, tt.args, nil, tt.defaults)
		err := o.CheckEvent(tt.defaults)
		if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: %v, want %q", name, err, tt.wrong)
		}
	}
}

func TestAutoAsksLater(t *testing.T) {
	o := mustResolve(t, verb.Auto, nil, nil, Defaults{})
	var errs Errors
	if !errors.As(o.Require(verb.Deploy), &errs) || len(errs) != 3 {
		t.Errorf("got %v", errs)
	}
	if !errors.As(o.Require(verb.Teardown), &errs) || len(errs) != 2 {
		t.Errorf("got %v", errs)
	}
	if err := o.Require(verb.Auto); err != nil {
		t.Error(err)
	}
}

func TestInputsOfOtherVerbsAreLeftAlone(t *testing.T) {
	o := mustResolve(t, verb.Teardown, nil, []string{"BERTH_CHART=./chart", "BERTH_CHECK_TIMEOUT=soon"}, onCI)
	if o.Chart != "" || o.CheckTimeout != time.Minute {
		t.Errorf("got %+v", o)
	}
	if o := mustResolve(t, verb.Version, nil, []string{"BERTH_NO_SUCH=1"}, Defaults{}); o.Verb != verb.Version {
		t.Errorf("got %+v", o)
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("--chart=x\x00--set=a={{", "BERTH_TIMEOUT=1\x00GITHUB_ACTIONS=true\x00INPUT_KUBECONFIG=e30=", "patch-1", "acme/shop")
	f.Add("-fx\x00--soft-fail=,", "BERTH_REPOSITORY=https://u:p@h/a/b\x00BERTH_=\x00=\x00BERTH_NAMESPACE_LABEL==", "refs/heads/", "git@h:a")
	f.Fuzz(func(t *testing.T, args, environ, branch, repository string) {
		for _, p := range verb.Table {
			o, err := resolve(t, p.Verb, strings.Split(args, "\x00"), strings.Split(environ, "\x00"),
				Defaults{Branch: branch, Repository: repository})
			var errs Errors
			if err == nil && o == nil || err != nil && !errors.As(err, &errs) {
				t.Fatalf("%s: got %v, %v", p.Verb, o, err)
			}
			for _, e := range errs {
				if s := e.Error(); e.Allowed == "" || strings.ContainsAny(s, "\r\n") {
					t.Fatalf("%s: %q", p.Verb, s)
				}
			}
		}
	})
}
