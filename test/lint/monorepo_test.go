//go:build lint

package lint

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

// monorepo includes the template twice. The second include leaves out what the first
// one sets, and its jobs come after those of the first.
const monorepo = `
stages: [first, second]

include:
  - local: .gitlab-ci-template.yml
    inputs:
      stage: first
      chart: ./shop/chart
      namespace: shop-reviews
      release: shop-{{ .Slug }}
      url: https://{{ .Slug }}.shop.example.com
      kube-context: acme/clusters:shop
      set: image.tag={{ .SHA }}
      soft-fail: "21"
  - local: .gitlab-ci-template.yml
    inputs:
      job: api
      stage: second
      app: api
      chart: ./api/chart
      kube-context: acme/clusters:api
`

func TestGitLabTemplateTwice(t *testing.T) {
	preview, err := gitlab(t, "feature/x", monorepo, "--preview")
	if err != nil {
		t.Fatal(err)
	}
	jobs := jobsOf(t, preview)
	if len(jobs) != 4 {
		t.Errorf("got %d jobs:\n%s", len(jobs), preview)
	}
	for name, want := range map[string]map[string]string{
		"review": {"BERTH_CHART": "./shop/chart", "BERTH_NAMESPACE": "shop-reviews", "BERTH_RELEASE": "shop-{{ .Slug }}", "BERTH_APP": "",
			"BERTH_URL": "https://{{ .Slug }}.shop.example.com", "BERTH_SET": "image.tag={{ .SHA }}", "BERTH_SOFT_FAIL": "21",
			"BERTH_KUBE_CONTEXT": "acme/clusters:shop", "BERTH_REPORT_DIR": "berth-report/review"},
		"api": {"BERTH_CHART": "./api/chart", "BERTH_NAMESPACE": "", "BERTH_RELEASE": "", "BERTH_APP": "api", "BERTH_URL": "", "BERTH_SET": "",
			"BERTH_SOFT_FAIL": "", "BERTH_KUBE_CONTEXT": "acme/clusters:api", "BERTH_REPORT_DIR": "berth-report/api"},
		"stop-review": {"BERTH_NAMESPACE": "shop-reviews", "BERTH_RELEASE": "shop-{{ .Slug }}", "BERTH_APP": "",
			"BERTH_KUBE_CONTEXT": "acme/clusters:shop"},
		"stop-api": {"BERTH_NAMESPACE": "", "BERTH_RELEASE": "", "BERTH_APP": "api", "BERTH_KUBE_CONTEXT": "acme/clusters:api"},
	} {
		for variable, value := range want {
			if got := jobs[name].Variables[variable]; got != value {
				t.Errorf("%s: %s is %q, want %q", name, variable, got, value)
			}
		}
	}
	for _, name := range []string{"review", "api"} {
		deploy, stop := jobs[name], jobs["stop-"+name]
		if deploy.Environment["on_stop"] != "stop-"+name || deploy.Environment["name"] != stop.Environment["name"] ||
			!strings.HasPrefix(deploy.Artifacts.Reports["dotenv"], "berth-report/"+name+"/") {
			t.Errorf("%s: %+v, %+v", name, deploy, stop)
		}
	}
}

// recorder stands for Berth: it keeps the variables that its job was given, and hands
// on outputs as Berth does.
const recorder = `#!/bin/sh
set -e
env > "RECORDS/$CI_JOB_NAME"
mkdir -p "$BERTH_REPORT_DIR"
test ! -e "$BERTH_REPORT_DIR/berth.env"
cat > "$BERTH_REPORT_DIR/berth.env" <<END
OUTPUTSEND
echo '{}' > "$BERTH_REPORT_DIR/annotations.json"
echo '<testsuites/>' > "$BERTH_REPORT_DIR/junit.xml"
`

// No output of one job is an input of the next, whatever it is.
func TestGitLabOutputsAreNoInputs(t *testing.T) {
	bin, records, outputs := t.TempDir(), t.TempDir(), ""
	for _, out := range input.Outputs {
		outputs += out.Env() + "=of-$CI_JOB_NAME\n"
	}
	script := strings.NewReplacer("RECORDS", records, "OUTPUTS", outputs).Replace(recorder)
	if err := os.WriteFile(filepath.Join(bin, "berth"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := gitlab(t, "feature/x", monorepo, "--force-shell-executor", "--no-color"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	options := func(job string) *input.Options {
		env, err := os.ReadFile(filepath.Join(records, job))
		if err != nil {
			t.Fatal(err)
		}
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		input.Bind(flags, verb.Deploy)
		o, err := input.Resolve(flags, strings.Split(string(env), "\n"), verb.Deploy,
			input.Defaults{Host: "gitlab.com", Repository: "acme/shop", Branch: "feature/x"})
		if err != nil {
			t.Fatalf("%s: %v", job, err)
		}
		return o
	}
	first, second := options("review"), options("api")
	if first.Namespace != "shop-reviews" || first.Chart != "./shop/chart" {
		t.Errorf("the first has %+v", first.Identity)
	}
	if second.Namespace != "" || second.Release != "" || second.URL != "" || second.App != "api" || second.Chart != "./api/chart" {
		t.Errorf("the second has %+v", second.Identity)
	}
	given, err := os.ReadFile(filepath.Join(records, "api"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(given), "BERTH_RESULT_NAMESPACE=of-review\n") {
		t.Error("the emulator handed on no outputs, so that this test shows nothing")
	}
	if reflect.DeepEqual(first, second) {
		t.Error("both jobs do the same")
	}
}
