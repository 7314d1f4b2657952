package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/input"
)

// composite is what is looked at of native/action.yml.
type composite struct {
	Inputs  map[string]any
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []map[string]any
	}
}

func TestNativeAction(t *testing.T) {
	for _, wrong := range judgeNative(t, string(read(t, "native/action.yml")), string(read(t, "action.yml"))) {
		t.Error(wrong)
	}
}

// judgeNative says what is wrong with native/action.yml, beside action.yml. It holds it against
// what zizmor asks of an action: no expression in a script, where its value would be code; no
// action of others; no file that changes what later steps run.
func judgeNative(t *testing.T, native, container string) (wrong []string) {
	t.Helper()
	miss := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	inputs := regexp.MustCompile(`(?s)\ninputs:\n.*?\noutputs:\n`)
	if found := inputs.FindString(container); found == "" || found != inputs.FindString(native) {
		miss("its inputs are not those of action.yml")
	}
	var action composite
	if err := yaml.Unmarshal([]byte(native), &action); err != nil {
		t.Fatal(err)
	}
	for _, out := range input.Outputs {
		if got := action.Outputs[out.Name]; got.Description != out.Doc || got.Value != "${{ steps.berth.outputs."+out.Name+" }}" {
			miss("output %s: got %+v", out.Name, got)
		}
	}
	if len(action.Outputs) != len(input.Outputs) || action.Runs.Using != "composite" || len(action.Runs.Steps) != 2 {
		miss("it has %d outputs and %d steps, and is %s", len(action.Outputs), len(action.Runs.Steps), action.Runs.Using)
		return wrong
	}
	for _, step := range action.Runs.Steps {
		script, _ := step["run"].(string)
		if step["uses"] != nil || step["shell"] != "bash" || script == "" || strings.Contains(script, "${{") {
			miss("the step %v uses something else than a script of its own, or one with expressions", step["id"])
		}
		if regexp.MustCompile(`GITHUB_(ENV|PATH)\b|::set-|::add-path|eval `).MatchString(script) {
			miss("the step %v changes what later steps run", step["id"])
		}
	}
	install, berth := action.Runs.Steps[0], action.Runs.Steps[1]
	if install["id"] != "install" || install["env"] != nil {
		miss("the step that downloads is given something: %v", install["env"])
	}
	// Its shell becomes Berth, and has the signals of a cancelled job.
	if berth["id"] != "berth" || berth["run"] != `exec "$BERTH" "$INPUT_VERB"` {
		miss("the last step runs %v", berth["run"])
	}
	return append(wrong, judgeVariables(berth["env"])...)
}

// judgeVariables says what is wrong with the variables that give Berth its inputs.
func judgeVariables(given any) (wrong []string) {
	env, _ := given.(map[string]any)
	want := map[string]string{"BERTH": "${{ steps.install.outputs.berth }}", "INPUT_VERB": "${{ inputs.verb }}"}
	for i := range input.Table {
		want[input.Table[i].NativeEnv()] = "${{ inputs." + input.Table[i].Name + " }}"
	}
	for name, value := range want {
		if env[name] != value {
			wrong = append(wrong, fmt.Sprintf("the variable %s is %v, want %s", name, env[name], value))
		}
	}
	if len(env) != len(want) {
		wrong = append(wrong, fmt.Sprintf("there are %d variables, want %d", len(env), len(want)))
	}
	slices.Sort(wrong)
	return wrong
}

// The component has the inputs and the jobs of the template, under a head of its own.
func TestComponent(t *testing.T) {
	component, template := string(read(t, "templates/berth.yml")), string(read(t, ".gitlab-ci-template.yml"))
	head, rest, found := strings.Cut(component, "\nspec:\n")
	_, body, _ := strings.Cut(template, "\nspec:\n")
	if !found || rest != body {
		t.Error("templates/berth.yml has other inputs or jobs than .gitlab-ci-template.yml")
	}
	if !regexp.MustCompile(`\n#     - component: \$CI_SERVER_FQDN/berth-dev/berth/berth@v\d+\.\d+\.\d+\S*\n`).MatchString(head) {
		t.Errorf("it does not say how it is included:\n%s", head)
	}
}

// Helm runs a plugin's hooks through sh, and the archive has them beside plugin.yaml.
func TestPlugin(t *testing.T) {
	var plugin struct {
		Name, Version, Command string
		Hooks                  map[string]string
	}
	if err := yaml.Unmarshal(read(t, "plugin.yaml"), &plugin); err != nil {
		t.Fatal(err)
	}
	const hook = `exec sh "$HELM_PLUGIN_DIR/plugin.sh"`
	if plugin.Name != "berth" || plugin.Command != "$HELM_PLUGIN_DIR/bin/berth" || len(plugin.Hooks) != 2 ||
		plugin.Hooks["install"] != hook || plugin.Hooks["update"] != hook {
		t.Errorf("it is %+v", plugin)
	}
	if script := string(read(t, "plugin.sh")); !strings.HasPrefix(script, "#!/bin/sh\n") || !strings.Contains(script, "\nset -eu\n") {
		t.Errorf("plugin.sh goes on after a failure, or is no script:\n%s", script)
	}
}

// Each of these is a mistake that a later change could make.
func TestNativeActionBites(t *testing.T) {
	native, container := string(read(t, "native/action.yml")), string(read(t, "action.yml"))
	for _, wrong := range []struct{ from, to, says string }{
		{`"$INPUT_VERB"`, "${{ inputs.verb }}", "one with expressions"},
		{"    - id: install\n", "    - id: install\n      uses: actions/cache@v4\n", "something else than a script"},
		{`exec "$BERTH"`, `command "$BERTH"`, "the last step runs"},
		{"INPUT_KUBE_CONTEXT", "INPUT_KUBE-CONTEXT", "the variable INPUT_KUBE_CONTEXT is <nil>"},
		{"${{ inputs.kube-ca }}", "${{ inputs.kube-token }}", "the variable INPUT_KUBE_CA is"},
		{"steps.berth.outputs.url", "steps.install.outputs.url", "output url"},
		{"fail() {", "echo PATH=. >> $GITHUB_ENV; fail() {", "changes what later steps run"},
		{"      run: |\n", "      env: {TOKEN: \"${{ inputs.kube-token }}\"}\n      run: |\n", "is given something"},
		{"  kube-ca:\n", "  kube-sa:\n", "inputs are not those"},
	} {
		text := strings.Replace(native, wrong.from, wrong.to, 1)
		if got := judgeNative(t, text, container); text == native || !strings.Contains(strings.Join(got, "\n"), wrong.says) {
			t.Errorf("%s in place of %s is not noticed: %q", wrong.to, wrong.from, got)
		}
	}
}
