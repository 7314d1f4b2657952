package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// remark tells, once the last look is over, what is to be told of objects that count
// as ready, and what was left out of that.
func (p *proof) remark() {
	if p.facts == nil || !p.facts.Observed {
		return
	}
	p.tell(result.LevelWarning, "Ready, with a warning", func(r facts.Remark) bool { return r.Warning })
	p.tell(result.LevelNotice, "Ready, with a remark", func(r facts.Remark) bool { return !r.Warning })
	p.tellIgnored()
}

// tell adds a note for each of the first few remarks of a kind, and one for the rest.
func (p *proof) tell(level result.Level, title string, kind func(facts.Remark) bool) {
	told := 0
	for _, o := range p.facts.Objects {
		if o.Remark.Text == "" || o.Ignored || !kind(o.Remark) {
			continue
		}
		if told++; told <= maxNamed {
			p.report.note(level, title, "%s", text.Sentences(o.In(p.facts.Namespace.Name)+": "+o.Remark.Text))
		}
	}
	if told > maxNamed {
		p.report.note(level, title, "And %s more; see the objects in the report.", text.Plural(told-maxNamed, "object"))
	}
}

// tellIgnored says what wait-ignore left out, and which patterns, ignore-drift's too,
// match nothing: an object that was renamed is waited for again, and compared.
func (p *proof) tellIgnored() {
	var left []string
	for _, o := range p.facts.Objects {
		if !o.Ignored {
			continue
		}
		state := "ready"
		if !o.Ready {
			state = "not ready" + text.After(": ", o.Reason)
		}
		left = append(left, fmt.Sprintf("%s (%s)", o.In(p.facts.Namespace.Name), state))
	}
	if len(left) > 0 {
		p.report.note(result.LevelNotice, "Left out by wait-ignore", "%s", text.Sentences(listed(left, ", ")))
	}
	p.tellUnmatched("wait-ignore", p.ignore)
	p.tellUnmatched("ignore-drift", p.policy.IgnoreDrift)
}

// listed joins the first few of the items, and says how many more there are.
func listed(items []string, separator string) string {
	shown := slices.Clone(items[:min(len(items), maxNamed)])
	if more := len(items) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, separator)
}

// tellUnmatched says which of an input's patterns name an object that is not there.
func (p *proof) tellUnmatched(input string, patterns []string) {
	for _, pattern := range patterns {
		name, _, _ := strings.Cut(pattern, ":")
		byHook := func(h facts.HookObject) bool { return h.Object.Matches(name) }
		if !slices.ContainsFunc(p.facts.Objects, func(o facts.Object) bool { return o.Matches(name) }) &&
			!slices.ContainsFunc(p.facts.Workloads, byHook) {
			p.report.note(result.LevelNotice, "Nothing to leave out", "%s names %q, which is no object of the release.", input, name)
		}
	}
}
