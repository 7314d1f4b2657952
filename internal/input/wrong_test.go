package input

import (
	"errors"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/verb"
)

func TestWrongInputs(t *testing.T) {
	for _, tt := range []struct {
		name    string
		args    []string
		environ []string
		want    []string // each is part of one line
	}{
		{"duration without unit", []string{"--timeout=5"}, nil, []string{`--timeout "5": give a duration`}},
		{"negative duration", nil, []string{"BERTH_LOCK_TIMEOUT=-1s"}, []string{`BERTH_LOCK_TIMEOUT "-1s": give a duration`}},
		{"settle without unit", []string{"--settle=3"}, nil, []string{`--settle "3": give a duration`}},
		{"negative wait for an image", nil, []string{"BERTH_IMAGE_WAIT=-1m"}, []string{`BERTH_IMAGE_WAIT "-1m": give a duration`}},
		{"no time at all", []string{"--timeout=0s"}, nil, []string{"--timeout"}},
		{"boolean", nil, []string{"BERTH_CREATE_NAMESPACE=on"}, []string{`BERTH_CREATE_NAMESPACE "on": give true or false`}},
		{"what to adopt", []string{"--adopt=perhaps", "--adopt=ConfigMap/a/b", "--adopt=Namespace", "--adopt=ConfigMap/["}, nil,
			[]string{`--adopt "perhaps": give true or false, namespace, all, or Kind/name`, `"ConfigMap/a/b"`, `"Namespace"`, `"ConfigMap/["`}},
		{"adopting, and not", []string{"--adopt=false", "--adopt=namespace"}, nil, []string{"--adopt: false does not go with anything else"}},
		{"number", []string{"--confirm=0"}, nil, []string{"--confirm \"0\": give a whole number from 1"}},
		{"choice", []string{"--on-stuck=delete"}, nil, []string{"give one of auto, promote, unlock, rollback, uninstall, fail"}},
		{"choice after a failure", nil, []string{"BERTH_ON_FAILURE=fail"},
			[]string{`BERTH_ON_FAILURE "fail": give one of keep, rollback, uninstall`}},
		{"days without a number", []string{"--ttl=d"}, nil, []string{`--ttl "d": give a duration with its unit, such as 36h or 7d`}},
		{"days where there are none", []string{"--timeout=1d"}, nil, []string{`--timeout "1d": give a duration with its unit, such as 90s`}},
		{"more days than anybody needs", []string{"--ttl=4000d"}, nil, []string{"give a duration up to 3650d"}},
		{"days beyond counting", []string{"--ttl=99999999999999d"}, nil, []string{"--ttl"}},
		{"lock that is too short", []string{"--lock-duration=2999ms"}, nil, []string{`--lock-duration "2999ms": give a duration from 3s to 10m`}},
		{"lock that is too long", nil, []string{"BERTH_LOCK_DURATION=10m1s"}, []string{"give a duration from 3s to 10m"}},
		{"lock that never holds", []string{"--lock-duration=0"}, nil, []string{"give a duration from 3s to 10m"}},
		{"CI's token of two lines", nil, []string{"BERTH_GITLAB_TOKEN=hunter2\nhunter2"}, []string{"BERTH_GITLAB_TOKEN (hidden)"}},
		{"switch", []string{"--dependency-update=maybe"}, nil, []string{"auto, true or false"}},
		{"exit codes", []string{"--soft-fail=21,0,x"}, nil, []string{`"0"`, `"x"`}},
		{"branch that breaks lines", []string{"--branch", "a\n::error::x"}, nil, []string{`"a\n::error::x": give one line`}},
		{"branch that leaves a folder", []string{"--branch=../../etc"}, nil, []string{"--branch"}},
		{"ref of a pull request", []string{"--branch=refs/pull/7/merge"}, nil, []string{"it is a ref and no branch"}},
		{"events that deploy goes by none of", nil,
			[]string{"BERTH_LABEL=preview", "BERTH_DRAFTS=false", "BERTH_FORKS=members", "BERTH_COMMANDS=true"},
			[]string{"BERTH_LABEL: it says for the verb auto which events deploy", "BERTH_DRAFTS: it says", "BERTH_FORKS: it says",
				"BERTH_COMMANDS: it says"}},
		{"an event's input", nil, []string{"BERTH_FORKS=nver"},
			[]string{`BERTH_FORKS "nver": give one of never, members, allowed`}},
		{"pull request", []string{"--pull-request=-7"}, nil, []string{"--pull-request"}},
		{"commit", []string{"--sha=HEAD"}, nil, []string{`--sha "HEAD"`}},
		{"repository", []string{"--repository=shop"}, nil, []string{"owner/name"}},
		{"template", []string{"--namespace={{ .Slug"}, nil, []string{"it is no template"}},
		{"objects to leave out", []string{"--wait-ignore=Job", "--wait-ignore=Job/a/b", "--wait-ignore=/a", "--wait-ignore=Job/[",
			"--wait-ignore=Job/ok"}, nil,
			[]string{`--wait-ignore "Job": give Kind/name`, `"Job/a/b"`, `"/a"`, `"Job/["`}},
		{"fields that may differ", []string{"--ignore-drift=Deployment/web", "--ignore-drift=web:spec.replicas",
			"--ignore-drift=Deployment/[:spec",
			"--ignore-drift=Deployment/web:/spec/replicas", "--ignore-drift=Deployment/web: spec", "--ignore-drift=Deployment/web:spec..a"}, nil,
			[]string{`--ignore-drift "Deployment/web": give Kind/name:path`, `"web:spec.replicas"`, `"Deployment/[:spec"`,
				`"Deployment/web:/spec/replicas"`,
				`"Deployment/web: spec"`, `"Deployment/web:spec..a"`}},
		{"set without key", []string{"--set==1"}, nil, []string{"key=value"}},
		{"path of two lines", []string{"-f", "a\nb", "--set-file", "k=a\nb"}, nil,
			[]string{"--values", `--set-file "k=(hidden)": give one line`}},
		{"password in an object", []string{`--set-json={"a":"hunter2=x{{"}`}, nil, []string{"--set-json (hidden)"}},
		{"labels",
			[]string{"--namespace-label=a", "--namespace-label=berth.dev/app=x", "--namespace-label=b=1", "--namespace-label=b=2",
				"--namespace-label=c=a b"}, nil,
			[]string{`"a": give key=value`, "not yours", "twice", `"c=a b"`}},
		{"apiserver", []string{"--kube-apiserver=example.com"}, nil, []string{"https://"}},
		{"kubeconfig's content as a flag", []string{"--kubeconfig", "apiVersion: v1\nusers: hunter2"}, nil, []string{"a flag takes a path"}},
		{"password in what is no URL", []string{"--chart=x", "--registry-host=u:hunter2@example.com"}, nil, []string{`"***@example.com"`}},
		{"password in a URL", []string{"--chart=x", "--repo=https://u:hunter2@example.com"}, nil, []string{`"https://***@example.com"`}},
		{"password with a space", []string{"--values=https://bob:hun ter2hunter2@h/x.yaml", "--set-file=k=https://h/x?a=b hunter2"}, nil,
			[]string{`--values "https://***@h/x.yaml"`, `--set-file "k=(hidden)": give an address without spaces`}},
		{"query with a space", []string{"--chart=https://h/x.tgz?sig=a hunter2"}, nil, []string{`--chart "https://h/x.tgz": give an address`}},
		{"query with a wrong template", []string{"--values=https://h/x.yaml?sig={{ hunter2sig }}"}, nil,
			[]string{`--values "https://h/x.yaml": it is no template`}},
		{"password for a port", []string{"--kube-apiserver=https://h:hunter2-pw/"}, nil, []string{`"https://h:***/"`}},
		{"content for a path", nil, []string{"BERTH_REGISTRY_CONFIG={\n\"auth\": \"hunter2\"}", "BERTH_CA_FILE=-----BEGIN\nhunter2",
			"BERTH_VALUES=password: {{ hunter2"}, []string{"BERTH_VALUES (hidden)", "BERTH_REGISTRY_CONFIG (hidden)", "BERTH_CA_FILE (hidden)"}},
		{"password in a value", []string{"--set=db.password=hunter2{{", "--set-string=hunter2", "--set-json={\"a\":\"hunter2{{\"}"}, nil,
			[]string{`"db.password=(hidden)"`, "--set-string (hidden)", "--set-json (hidden)"}},
		{"password of two lines", nil, []string{"BERTH_REGISTRY_USERNAME=u", "BERTH_REGISTRY_PASSWORD=hunter2\nhunter2"},
			[]string{"BERTH_REGISTRY_PASSWORD (hidden)"}},
		{"mistyped variable", nil, []string{"BERTH_KUBE_TOKENS=hunter2"},
			[]string{"BERTH_KUBE_TOKENS: there is no such input; did you mean BERTH_KUBE_TOKEN?"}},
		{"mistyped action input", nil, []string{"GITHUB_ACTIONS=true", "INPUT_KUBECONTEXT=x"},
			[]string{"input kubecontext: there is no such input; did you mean kube-context?"}},
		{"the native action's input", nil, []string{"GITHUB_ACTIONS=true", "INPUT_LOCK_TIMEOUT=5"},
			[]string{`input lock-timeout "5": give a duration`}},
		{"unlike any", nil, []string{"BERTH_UNLIKE_ANY_OF_THEM=x"}, []string{"BERTH_UNLIKE_ANY_OF_THEM: there is no such input"}},
		{"all at once", []string{"--timeout=x", "--confirm=x"}, []string{"BERTH_X_Y_Z_Q=1"}, []string{"BERTH_X_Y_Z_Q", "--timeout", "--confirm"}},

		{"two clusters", []string{"--kubeconfig=c", "--kube-apiserver=https://h", "--kube-context=x"}, nil,
			[]string{"--kube-apiserver", "--kube-context"}},
		{"token for nobody", nil, []string{"BERTH_KUBE_TOKEN=hunter2"}, []string{"BERTH_KUBE_TOKEN: it needs kube-apiserver"}},
		{"CA for nobody", nil, []string{"BERTH_KUBE_CA=ca.pem"}, []string{"it needs kube-apiserver"}},
		{"token in the clear", []string{"--kube-apiserver=http://h"}, []string{"BERTH_KUBE_TOKEN=hunter2"}, []string{"in the clear"}},
		{"repo and oci", []string{"--repo=https://h", "--chart=oci://h/c"}, nil, []string{"--repo: chart is not a name"}},
		{"repo and folder", []string{"--repo=https://h", "--chart=./c"}, nil, []string{"--repo: chart is not a name"}},
		{"version of a folder", []string{"--version=1", "--chart=./c"}, nil, []string{"--version: chart is a folder or file"}},
		{"password for nobody", nil, []string{"BERTH_REGISTRY_PASSWORD=hunter2"}, []string{"it needs registry-username"}},
		{"nobody's password", []string{"--registry-username=u"}, nil, []string{"BERTH_REGISTRY_PASSWORD"}},
		{"a URL for a host", []string{"--registry-host=https://registry.example"}, nil,
			[]string{"--registry-host \"https://registry.example\": give a host, or host:port"}},
		{"a path in a host", []string{"--registry-host=registry.example/charts"}, nil, []string{"give a host, or host:port"}},
		{"token in the clear, in capitals", []string{"--kube-apiserver=HTTP://h"}, []string{"BERTH_KUBE_TOKEN=hunter2"},
			[]string{"in the clear"}},
		{"two registry credentials", []string{"--registry-username=u", "--registry-config=c"}, []string{"BERTH_REGISTRY_PASSWORD=hunter2"},
			[]string{"--registry-config"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := tt.args
			if !strings.Contains(strings.Join(args, " "), "--chart") {
				args = append([]string{"--chart=chart"}, args...)
			}
			o, err := resolve(t, verb.Deploy, args, tt.environ, onCI)
			var errs Errors
			if !errors.As(err, &errs) || o != nil {
				t.Fatalf("got %+v, %v", o, err)
			}
			lines := strings.Split(errs.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("got %d errors, want %d:\n%v", len(lines), len(tt.want), err)
			}
			for i, want := range tt.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("got  %s\nwant %s", lines[i], want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("it tells the secret: %v", err)
			}
			var one *Error
			if !errors.As(err, &one) {
				t.Error("each is an *Error")
			}
		})
	}
}

func TestMissing(t *testing.T) {
	_, err := resolve(t, verb.Deploy, nil, nil, Defaults{})
	for _, want := range []string{
		"repository: deploy needs it; give --repository or BERTH_REPOSITORY (in CI it is", "branch: deploy needs it",
		"chart: deploy needs it; give --chart or BERTH_CHART",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	_, err = resolve(t, verb.Teardown, nil, []string{"GITHUB_ACTIONS=true"},
		Defaults{Repository: "acme/shop", NoBranch: "the schedule event is about no branch"})
	if err == nil || !strings.Contains(err.Error(), "branch: teardown needs it; give the input branch, or pull-request") ||
		!strings.HasSuffix(err.Error(), ": the schedule event is about no branch") {
		t.Errorf("got %v", err)
	}
	_, err = resolve(t, verb.Check, nil, nil, Defaults{Repository: "acme/shop", HeadRepository: "a b", Branch: "b"})
	if err == nil || !strings.Contains(err.Error(), `head-repository of the CI's event "a b"`) {
		t.Errorf("got %v", err)
	}
	_, err = resolve(t, verb.Check, nil, nil, Defaults{Repository: "acme/shop", Branch: "a b", SHA: "zz"})
	for _, want := range []string{`branch of the CI's event "a b"`, `sha of the CI's event "zz"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func TestFlagErrors(t *testing.T) {
	for arg, want := range map[string]string{
		"--namspace=x":           "--namspace: there is no such flag; did you mean --namespace?",
		"--github-token=hunter2": "give it as BERTH_GITHUB_TOKEN",
		"--gitlab-token=hunter2": "give it as BERTH_GITLAB_TOKEN",
		"--on-failure=keep":      "--on-failure: teardown does not take it, only deploy",
		"--kube-token=hunter2":   "--kube-token: a secret does not belong on a command line",
		"--chart=x":              "--chart: teardown does not take it, only deploy",
		"--nothing-like-it=x":    "--nothing-like-it: there is no such flag",
		"-z":                     "-z: there is no such flag",
		"--timeout":              "flag needs an argument: --timeout",
		"--kubeconfig":           "flag needs an argument",
		"--registry-password=x":  "give it as BERTH_REGISTRY_PASSWORD",
	} {
		_, err := resolve(t, verb.Teardown, []string{arg}, nil, onCI)
		var errs Errors
		if !errors.As(err, &errs) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v\nwant %s", arg, err, want)
		}
	}
}
