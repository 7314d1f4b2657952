package input

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/verb"
)

func TestTable(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen, shorts := map[string]bool{}, map[string]bool{}
	for i := range Table {
		in := &Table[i]
		if !kebab.MatchString(in.Name) || seen[in.Name] {
			t.Errorf("%s: the name is malformed or there twice", in.Name)
		}
		if in.Short != "" && shorts[in.Short] {
			t.Errorf("%s: -%s is there twice", in.Name, in.Short)
		}
		seen[in.Name], shorts[in.Short] = true, true
		if len(in.Verbs) == 0 || !strings.HasSuffix(in.Doc, ".") || strings.Contains(in.Doc, "|") {
			t.Errorf("%s: it needs verbs and a sentence that fits a table", in.Name)
		}
		// A deploy is no moment to break a lock in, to ask what another account needs, to list, or to
		// see to all of them.
		alone := []string{"break-lock", "for", "print-role", "watch", "all-releases", "all-repositories", "check", "all", "serve"}
		if !in.Serves(verb.Auto) && !slices.Contains(alone, in.Name) {
			t.Errorf("%s: auto takes every input", in.Name)
		}
		if in.Action != "" && in.CI == "" {
			t.Errorf("%s: what the action gives has to be said", in.Name)
		}
		if in.Default != "" {
			if faults := in.parse(&Options{}, []string{in.Default}); len(faults) > 0 {
				t.Errorf("%s: its default is refused: %v", in.Name, faults)
			}
		}
		if (in.Type == Choice) != (len(in.Choices) > 0) || in.Type == Choice && !slices.Contains(in.Choices, in.Default) {
			t.Errorf("%s: a choice has choices, and one is its default", in.Name)
		}
		if !fits(in) {
			t.Errorf("%s: type %q does not go into a %T", in.Name, in.Type, in.field(&Options{}))
		}
	}
}

func fits(in *Input) bool {
	switch in.field(&Options{}).(type) {
	case *string:
		return slices.Contains([]Type{String, Template, Switch, Choice}, in.Type)
	case *Secret:
		return (in.Type == String || in.Type == YAML) && in.Secret
	case *bool:
		return in.Type == Bool
	case *int:
		return in.Type == Int
	case *time.Duration:
		return in.Type == Duration
	case *[]string, *map[string]string:
		return in.Type == List
	case *[]int:
		return in.Type == Codes
	case *Material:
		return in.Type == Content
	}
	return false
}

func TestNamesOfInputs(t *testing.T) {
	in := Find("kube-context")
	if in.Env() != "BERTH_KUBE_CONTEXT" || in.ActionEnv() != "INPUT_KUBE-CONTEXT" {
		t.Errorf("got %s and %s", in.Env(), in.ActionEnv())
	}
	if Find("kube_context") != nil {
		t.Error("there is one spelling")
	}
}

// What GitLab hands from one job to the next is taken for no input.
func TestOutputsAreNoInputs(t *testing.T) {
	for _, out := range Outputs {
		for i := range Table {
			if in := &Table[i]; in.Env() == out.Env() || strings.HasPrefix(in.Env(), resultPrefix) {
				t.Errorf("%s is an input, and the output %s is %s", in.Env(), out.Name, out.Env())
			}
		}
		o := mustResolve(t, verb.Deploy, []string{"--chart=./chart"}, []string{out.Env() + "=hostile"}, onCI)
		if want := mustResolve(t, verb.Deploy, []string{"--chart=./chart"}, nil, onCI); !reflect.DeepEqual(o, want) {
			t.Errorf("%s changes the options", out.Env())
		}
	}
	// An output under its old name would be an input, or a mistyped one.
	if _, err := resolve(t, verb.Deploy, []string{"--chart=./chart"}, []string{"BERTH_VERDICT=consistent"}, onCI); err == nil {
		t.Error("BERTH_VERDICT is taken")
	}
}

func TestNearest(t *testing.T) {
	names := flagNames(verb.Deploy)
	for name, want := range map[string]string{
		"namspace": "namespace", "timout": "timeout", "kubecontext": "kube-context", "vlaues": "values",
		"set-strings": "set-string", "entirely-else": "", "x": "", "": "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
