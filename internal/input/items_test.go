package input

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/verb"
)

// A flag is one item, as with Helm, whatever it holds; a variable has one item a line.
func TestItemsOfFlagsAndVariables(t *testing.T) {
	const object = "{\n  \"a\": {\"b\": 1},\n  \"c\": [\"x=y\"]\n}"
	flags := mustResolve(t, verb.Deploy, []string{
		"--chart=c", "--set", "text=a\nb=c\n", "--set", "blank=x ", "--set", " ", "--set-string", "s=1\n\n2", "--set-json", object,
		"--set-json", "list=[1,\n2]", "-f", `a.yaml,"b,c.yaml", d.yaml`, "-f", "-", "--values", `v-{{ printf "%s,%s" .App .Slug }}.yaml,,`,
	}, nil, onCI)
	variables := mustResolve(t, verb.Deploy, []string{"--chart=c"}, []string{
		"BERTH_SET=a=1\nb=2 \n\n  c= x\t\n", "BERTH_SET_JSON=d=1\n" + object + "\ne={\"f\":\n1}\ng={\"h\":1},i=2\nj={{ .Slug }}",
		"BERTH_VALUES=a.yaml\nb.yaml, c.yaml\n\"d\"\"e,f.yaml\"",
	}, onCI)
	for _, c := range []struct{ got, want []string }{
		{flags.Set, []string{"text=a\nb=c\n", "blank=x "}},
		{flags.SetString, []string{"s=1\n\n2"}},
		{flags.SetJSON, []string{object, "list=[1,\n2]"}},
		{flags.Values, []string{"a.yaml", "b,c.yaml", "d.yaml", "-", `v-{{ printf "%s,%s" .App .Slug }}.yaml`}},
		{variables.Set, []string{"a=1", "b=2 ", "c= x\t"}},
		{variables.SetJSON, []string{"d=1", "{\n\"a\": {\"b\": 1},\n\"c\": [\"x=y\"]\n}", "e={\"f\":\n1}", "g={\"h\":1},i=2", "j={{ .Slug }}"}},
		{variables.Values, []string{"a.yaml", "b.yaml", "c.yaml", `d"e,f.yaml`}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Error(diff)
		}
	}
}

// What is no JSON to its last line stays one item a line, so that the error names the
// one that is wrong.
func TestJoinJSONKeepsWhatIsNone(t *testing.T) {
	for _, items := range [][]string{{`{"a":`, "b=1"}, {"a=1", "b=[", "c"}, {"{{ .App }}", "}"}, {"", "{"}} {
		if got := joinJSON(items); !slices.Equal(got, items) {
			t.Errorf("%q became %q", items, got)
		}
	}
}
