// Package lint checks what the platforms read: action.yml, the GitLab
// template, the Dockerfile and the example workflows.
//
// The tests that need the platforms' own linters are behind the build tag
// lint.
package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

const root = "../.."

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// job is what is looked at of a GitLab job.
type job struct {
	Variables   map[string]string `json:"variables"`
	Script      []string          `json:"script"`
	Rules       []map[string]any  `json:"rules"`
	Environment map[string]string `json:"environment"`
	Artifacts   struct {
		Paths   []string          `json:"paths"`
		Reports map[string]string `json:"reports"`
	} `json:"artifacts"`
	Dependencies []string `json:"dependencies"`
	Extends      string   `json:"extends"`
	Image        struct {
		Entrypoint []string `json:"entrypoint"`
	} `json:"image"`
}

// declared is what is looked at of an input of the template.
type declared struct {
	Default any    `json:"default"`
	Regex   string `json:"regex"`
}

func template(t *testing.T) (inputs map[string]declared, jobs map[string]job, body string) {
	t.Helper()
	head, rest, ok := bytes.Cut(read(t, ".gitlab-ci-template.yml"), []byte("\n---\n"))
	if !ok {
		t.Fatal("the template has no header")
	}
	var header struct {
		Spec struct {
			Inputs map[string]declared `json:"inputs"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(head, &header); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(rest, &jobs); err != nil {
		t.Fatal(err)
	}
	return header.Spec.Inputs, jobs, string(rest)
}

func TestTemplateInputs(t *testing.T) {
	pipelines := []string{"job", "stage", "image", "environment", "auto-stop-in", "pipelines"}
	inputs, _, body := template(t)
	for name := range inputs {
		if !slices.Contains(pipelines, name) && input.Find(name) == nil {
			t.Errorf("%s is no input of Berth", name)
		}
		if !strings.Contains(body, "$[[ inputs."+name+" ]]") {
			t.Errorf("%s is declared and not used", name)
		}
	}
	for _, used := range regexp.MustCompile(`\$\[\[ *inputs\.([\w-]+) *\]\]`).FindAllStringSubmatch(body, -1) {
		if _, known := inputs[used[1]]; !known {
			t.Errorf("%s is used and not declared", used[1])
		}
	}
}

// hidden is the job that both jobs of one include extend. Its name is theirs, since
// GitLab merges hidden jobs of one name.
const hidden = ".berth-$[[ inputs.job ]]"

// TestTemplateVariables sees that each variable is an input of the same name,
// taken by the verb of its job, and that the jobs take nothing of another include's.
func TestTemplateVariables(t *testing.T) {
	_, jobs, _ := template(t)
	for name, job := range jobs {
		for variable, value := range job.Variables {
			rest, ok := strings.CutPrefix(variable, "BERTH_")
			if !ok {
				continue
			}
			in := input.Find(strings.ReplaceAll(strings.ToLower(rest), "_", "-"))
			switch {
			case in == nil:
				t.Errorf("%s: %s is no input", name, variable)
			case strings.HasPrefix(value, "$[[") && value != "$[[ inputs."+in.Name+" ]]":
				t.Errorf("%s: %s is %s", name, variable, value)
			}
		}
	}
}

func TestTemplateStopsWhatItDeploys(t *testing.T) {
	_, jobs, _ := template(t)
	base, deploy, stop := jobs[hidden], jobs["$[[ inputs.job ]]"], jobs["stop-$[[ inputs.job ]]"]
	if !slices.Equal(base.Image.Entrypoint, []string{""}) {
		t.Error("the runner needs the image's shell: entrypoint has to be empty")
	}
	if deploy.Environment["on_stop"] != "stop-$[[ inputs.job ]]" || stop.Environment["action"] != "stop" ||
		deploy.Environment["name"] != stop.Environment["name"] || deploy.Environment["name"] == "" {
		t.Errorf("the environments do not fit: %v, %v", deploy.Environment, stop.Environment)
	}
	if len(jobs) != 3 || deploy.Extends != hidden || stop.Extends != hidden {
		t.Errorf("each job of an include extends %s: %q, %q", hidden, deploy.Extends, stop.Extends)
	}
	if deploy.Environment["url"] != "$"+urlOutput(t) || stop.Environment["url"] != "" {
		t.Error("the URL comes from the deploy's report, and the stop job has none")
	}
	if stop.Variables["GIT_STRATEGY"] != "none" || stop.Dependencies == nil || len(stop.Dependencies) > 0 {
		t.Error("the stop job takes no files, neither from Git nor from the deploy job")
	}
	if folder, _, _ := strings.Cut(base.Variables["BERTH_REPORT_DIR"], "/"); len(stop.Script) != 2 || stop.Script[0] != "rm -rf "+folder {
		t.Errorf("a runner keeps its folder: what another branch's checkout has left for the report's is removed first, not %q", stop.Script)
	}
	for _, rule := range stop.Rules {
		if rule["when"] == "manual" && rule["allow_failure"] == true {
			delete(rule, "when")
			delete(rule, "allow_failure")
		}
	}
	if len(stop.Rules) == 0 || !reflect.DeepEqual(deploy.Rules, stop.Rules) {
		t.Errorf("the rules have to be the same but for when: manual\n%v\n%v", deploy.Rules, stop.Rules)
	}
	for kind, file := range deploy.Artifacts.Reports {
		if !strings.HasPrefix(file, base.Variables["BERTH_REPORT_DIR"]+"/") {
			t.Errorf("%s: %s is not in the report's folder", kind, file)
		}
	}
}

// urlOutput is the variable of the dotenv report that holds the URL.
func urlOutput(t *testing.T) string {
	t.Helper()
	i := slices.IndexFunc(input.Outputs, func(o input.Output) bool { return o.Name == "url" })
	if i < 0 {
		t.Fatal("there is no output url")
	}
	return input.Outputs[i].Env()
}

// Whoever stops an environment plays the stop job of what was deployed to it last: with two branches in one, the end of
// one's merge request would take the other's app down. Many have one slug, and a fork's may be called like the project's.
func TestTemplateKeepsBranchesApart(t *testing.T) {
	const odd = `$CI_COMMIT_REF_NAME !~ /^[a-zA-Z0-9_\/.-]{1,150}$/`
	_, jobs, _ := template(t)
	if jobs[hidden].Variables["REVIEW_PLACE"] != "$CI_COMMIT_REF_NAME" {
		t.Errorf("a branch's environment is called %q", jobs[hidden].Variables["REVIEW_PLACE"])
	}
	for _, name := range []string{"$[[ inputs.job ]]", "stop-$[[ inputs.job ]]"} {
		job := jobs[name]
		if !strings.HasSuffix(job.Environment["name"], "/$REVIEW_PLACE") {
			t.Errorf("%s: its environment is called %s", name, job.Environment["name"])
		}
		places := map[string]int{}
		for _, rule := range job.Rules {
			if rule["when"] == "never" {
				continue
			}
			condition, _ := rule["if"].(string)
			variables, _ := rule["variables"].(map[string]any)
			place, _ := variables["REVIEW_PLACE"].(string)
			places[place]++
			ofMerge := strings.Contains(condition, "merge_request_event")
			switch {
			case place == "" && ofMerge && places["{$CI_COMMIT_REF_SLUG $CI_MERGE_REQUEST_IID}"] == 0,
				place == "" && strings.Contains(condition, `!= "merge-requests"`) && places["{$CI_COMMIT_REF_SLUG}"] == 0:
				t.Errorf("%s: a name that no environment can have falls under %s", name, condition)
			case place != "" && !strings.Contains(condition, odd),
				place != "" && ofMerge && !strings.Contains(condition, "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID != $CI_MERGE_REQUEST_PROJECT_ID"):
				t.Errorf("%s: %s is for %s", name, place, condition)
			}
		}
		if places["{$CI_COMMIT_REF_SLUG $CI_MERGE_REQUEST_IID}"] != 1 || places["{$CI_COMMIT_REF_SLUG}"] != 1 {
			t.Errorf("%s: the places are %v", name, places)
		}
	}
}

// A slash in what an environment's name begins with is also one in a branch's name: with review and review/api, the branch
// api/login of the first include and login of the second would share an environment.
func TestTemplateKeepsIncludesApart(t *testing.T) {
	inputs, jobs, _ := template(t)
	for _, name := range []string{"job", "environment"} {
		in := inputs[name]
		whole := regexp.MustCompile(in.Regex)
		if def, _ := in.Default.(string); !whole.MatchString(def) {
			t.Errorf("%s: its default %q does not pass", name, in.Default)
		}
		for value, passes := range map[string]bool{
			"review": true, "review api": true, "$NAME": true, "": false, "review/api": false, "/": false, "a/": false,
		} {
			if whole.MatchString(value) != passes {
				t.Errorf("%s: %q passes %s: %t", name, value, in.Regex, !passes)
			}
		}
	}
	if inputs["environment"].Default != "$REVIEW_JOB" || jobs[hidden].Variables["REVIEW_JOB"] != "$[[ inputs.job ]]" {
		t.Error("without an environment it is the job's name, of which each include has another one")
	}
}

// A fork's default branch is one like any other. The project's own gets no app, in whatever pipeline.
func TestTemplateLeavesTheOwnDefaultBranch(t *testing.T) {
	_, jobs, _ := template(t)
	for _, name := range []string{"$[[ inputs.job ]]", "stop-$[[ inputs.job ]]"} {
		first := jobs[name].Rules[0]
		if first["when"] != "never" || first["if"] != `$CI_COMMIT_REF_NAME == $CI_DEFAULT_BRANCH && `+
			`($CI_PIPELINE_SOURCE != "merge_request_event" || $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID)` {
			t.Errorf("%s: the first rule is %v", name, first)
		}
	}
}

func TestTemplateVerbsTakeTheirFlags(t *testing.T) {
	_, jobs, _ := template(t)
	flag := regexp.MustCompile(`--([\w-]+)`)
	for name, job := range jobs {
		for _, line := range job.Script {
			words := strings.Fields(line)
			if words[0] == "rm" {
				continue
			}
			if len(words) < 2 || words[0] != "berth" {
				t.Errorf("%s: %q does not call berth", name, line)
				continue
			}
			for _, m := range flag.FindAllStringSubmatch(line, -1) {
				if in := input.Find(m[1]); in == nil || in.Secret || !in.Serves(verb.Verb(words[1])) {
					t.Errorf("%s: %s does not take --%s", name, words[1], m[1])
				}
			}
		}
	}
}

// image is that of action.yml: built of the checkout or, where its commit is tagged, what was released.
var image = regexp.MustCompile(`^(Dockerfile|docker://\S+@sha256:[0-9a-f]{64})$`)

func TestAction(t *testing.T) {
	var action struct {
		Inputs  map[string]struct{ Description, Default string }
		Outputs map[string]struct{ Description string }
		Runs    struct {
			Using, Image string
			Args         []string
		}
	}
	if err := yaml.Unmarshal(read(t, "action.yml"), &action); err != nil {
		t.Fatal(err)
	}
	for i := range input.Table {
		in := &input.Table[i]
		got, ok := action.Inputs[in.Name]
		if !ok || !strings.HasPrefix(got.Description, in.Doc) || got.Default != in.Action {
			t.Errorf("%s: got %+v", in.Name, got)
		}
	}
	if len(action.Inputs) != len(input.Table)+1 || action.Inputs["verb"].Default != string(verb.Auto) {
		t.Error("the action has inputs that the table does not have")
	}
	for _, out := range input.Outputs {
		if action.Outputs[out.Name].Description != out.Doc {
			t.Errorf("output %s: got %+v", out.Name, action.Outputs[out.Name])
		}
	}
	if len(action.Outputs) != len(input.Outputs) {
		t.Error("the action has outputs that the table does not have")
	}
	if runs := action.Runs; runs.Using != "docker" || !image.MatchString(runs.Image) ||
		!slices.Equal(runs.Args, []string{"${{ inputs.verb }}"}) {
		t.Errorf("runs: %+v", runs)
	}
}

// TestDockerfile keeps to what the runners ask of an image: root, an absolute
// entry point in exec form, a shell, no files but the image's own.
func TestDockerfile(t *testing.T) {
	text := string(read(t, "Dockerfile"))
	final := text[strings.LastIndex(text, "\nFROM "):]
	for _, want := range []string{"FROM busybox:", `ENTRYPOINT ["/usr/local/bin/berth"]`, "/etc/ssl/certs/ca-certificates.crt"} {
		if !strings.Contains(final, want) {
			t.Errorf("the image lacks %s", want)
		}
	}
	for _, line := range strings.Split(final, "\n") {
		if strings.HasPrefix(line, "USER") || strings.HasPrefix(line, "WORKDIR") {
			t.Errorf("the runners do not go with %q", line)
		}
	}
	for _, needed := range []string{"go.mod", "go.sum", "main.go", "internal"} {
		if !strings.Contains(string(read(t, ".dockerignore")), "\n!"+needed+"\n") {
			t.Errorf("the build is not given %s", needed)
		}
	}
}
