package verdict

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// going is an object that is being deleted for four minutes.
func going(name string, change ...func(*facts.Blocker)) facts.Blocker {
	b := facts.Blocker{UID: "uid-" + name, Version: "1", Resource: "boats", Resident: facts.Resident{Ref: facts.Ref{
		APIVersion: "example.com/v1", Kind: "Boat", Namespace: "review", Name: name}},
		Deletion: facts.Deletion{Since: noon.Add(-4 * time.Minute), Finalizers: []string{"example.com/hold"}}}
	for _, c := range change {
		c(&b)
	}
	return b
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestDescribeGoing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*facts.Blocker)
		want   string
	}{
		"a finalizer": {func(*facts.Blocker) {},
			"Boat/a is being deleted since 2026-05-01T11:56:00Z (4 min 0 s), and the finalizer example.com/hold holds it"},
		"who wrote it": {func(b *facts.Blocker) { b.Writers = []string{"harbour-operator"} }, "holds it, written by harbour-operator"},
		"two": {func(b *facts.Blocker) { b.Finalizers = []string{"example.com/a", "example.com/b"} },
			"and the finalizers example.com/a, example.com/b hold it"},
		"many": {func(b *facts.Blocker) { b.Finalizers = []string{"a", "b", "c", "d", "e", "f", "g"} },
			"a, b, c, d, e, and 2 more hold it"},
		"none": {func(b *facts.Blocker) { b.Finalizers = nil; b.Writers = []string{"x"} },
			"(4 min 0 s), and no finalizer holds it"},
		"the garbage collector's": {func(b *facts.Blocker) { b.Finalizers = []string{"foregroundDeletion"} },
			"(4 min 0 s), and what it owns goes first"},
		"its controller": {func(b *facts.Blocker) { b.Controller, b.ManagedBy = "Fleet/f", "Helm" },
			"example.com/hold holds it; it belongs to Fleet/f"},
		"its release":     {func(b *facts.Blocker) { b.Owner, b.ManagedBy = "review/web", "Helm" }, "; it belongs to release review/web"},
		"its manager":     {func(b *facts.Blocker) { b.ManagedBy = "harbour" }, "; it is managed by harbour"},
		"a clock behind":  {func(b *facts.Blocker) { b.Since = noon.Add(time.Hour) }, "(0 s)"},
		"no time":         {func(b *facts.Blocker) { b.Since = time.Time{} }, "Boat/a is being deleted, and the finalizer"},
		"text of others'": {func(b *facts.Blocker) { b.Writers = []string{"x\n::error::y", "`z`"} }, "written by \"x\\n::error::y\", \"`z`\""},
		"another namespace's": {func(b *facts.Blocker) { b.Namespace = "other" },
			"other/Boat/a is being deleted"},
	} {
		lines := DescribeGoing(facts.Going{Blockers: []facts.Blocker{going("a", c.change)}}, "review", noon)
		if len(lines) != 1 || !strings.Contains(lines[0], c.want) || strings.Contains(lines[0], "\n") {
			t.Errorf("%s: got %q, want %q", name, lines, c.want)
		}
	}
}

// However much is left, what is told of it is bounded, the oldest first.
func TestDescribeGoingIsBounded(t *testing.T) {
	g := facts.Going{More: 1000, Unread: []string{"ships.example.com may not be listed"}}
	for i := range 100 {
		older := func(b *facts.Blocker) { b.Since = b.Since.Add(-time.Duration(i) * time.Second) }
		g.Blockers = append(g.Blockers, going(fmt.Sprint("b", i), older))
	}
	lines := DescribeGoing(g, "review", noon)
	if len(lines) != 22 || !strings.HasPrefix(lines[0], "Boat/b99 ") || lines[20] != "and 1080 more" ||
		lines[21] != "what else is left is not known: ships.example.com may not be listed" {
		t.Errorf("got %d lines: %q", len(lines), lines)
	}
}

func TestExplainGoing(t *testing.T) {
	why := errors.New("the time is over")
	p := &problem.Problem{Reason: problem.NamespaceTerminating, Cause: why, Next: "Remove what blocks it."}
	if got := ExplainGoing(p, facts.Going{}, "review", noon); got != p {
		t.Errorf("of nothing: %+v", got)
	}
	claim := going("data", func(b *facts.Blocker) { b.APIVersion, b.Kind = "v1", "PersistentVolumeClaim" })
	collected := going("pods", func(b *facts.Blocker) {
		b.APIVersion, b.Kind, b.Finalizers = "apps/v1", "Deployment", []string{"foregroundDeletion"}
	})
	got := ExplainGoing(p, facts.Going{Blockers: []facts.Blocker{going("a"), going("b"), claim, collected}}, "review", noon)
	if !errors.Is(got, why) || !strings.Contains(got.Cause.Error(), "Boat/b is being deleted since") {
		t.Errorf("the cause is %v", got.Cause)
	}
	want := "Remove what blocks it. Where nothing will ever take a finalizer off, have a teardown do it:\n" +
		"$ berth teardown --strip-finalizers example.com/Boat"
	if got.Next != want || p.Next != "Remove what blocks it." {
		t.Errorf("the next step is %q", got.Next)
	}
	if got := ExplainGoing(p, facts.Going{Blockers: []facts.Blocker{claim, collected}}, "review", noon); got.Next != p.Next {
		t.Errorf("what may not be stripped: %q", got.Next)
	}
	p.Next = "Fix what serves it:\n$ kubectl delete apiservice x"
	if got := ExplainGoing(p, facts.Going{Blockers: []facts.Blocker{going("a")}}, "review", noon); got.Next != p.Next {
		t.Errorf("beside another command: %q", got.Next)
	}
}
