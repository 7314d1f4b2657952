package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verdict"
)

// reporter builds the result of a run while it goes on.
type reporter struct {
	result  result.Result
	policy  verdict.Policy
	clock   func() time.Time
	say     func(line string)
	phase   func(title string)
	writes  func() []result.Write // of the records, so far
	repairs []string
	read    int // how many of the writes were made when the status was last read
}

// checked adds a check that was made beside those of the release.
func (r *reporter) checked(c result.Check) { r.result.Checks = append(r.result.Checks, c) }

// step announces and times a step of the timeline, which done ends.
func (r *reporter) step(what string) (done func()) {
	end := r.stepWithParts(what)
	return func() { end(nil) }
}

// stepWithParts is step for a step with parts of its own, timed from its begin.
func (r *reporter) stepWithParts(what string) (done func(parts []result.Event)) {
	r.phase(what)
	from := r.clock()
	return func(parts []result.Event) {
		at, took := from.Sub(r.result.Started), r.clock().Sub(from)
		r.result.Timeline = append(r.result.Timeline, result.Event{At: at, Took: took, What: what, Parts: result.Shift(parts, at)})
	}
}

// note adds an annotation.
func (r *reporter) note(level result.Level, title, format string, args ...any) {
	r.result.Notes = append(r.result.Notes, result.Note{Level: level, Title: title, Message: fmt.Sprintf(format, args...)})
}

// kept names what a release leaves behind on purpose.
func (r *reporter) kept(objects []facts.Object) {
	if len(objects) > 0 {
		var each []string
		for _, o := range objects {
			each = append(each, fmt.Sprintf("%s stays: %s", o.Ref, verdict.WhyKept(o)))
		}
		r.note(result.LevelNotice, result.KeptOnPurpose, "%s", text.Sentences(listed(each, "; ")))
	}
}

// evidence adds a line to what the run has found.
func (r *reporter) evidence(format string, args ...any) {
	r.result.Evidence = append(r.result.Evidence, fmt.Sprintf(format, args...))
}

// left takes into the result what was not deleted, and why: it is somebody else's, as a rule.
func (r *reporter) left(kept []string) {
	r.result.Kept = append(r.result.Kept, kept...)
	for i, one := range kept {
		if i == maxNamed {
			r.note(result.LevelWarning, leftTitle, "And %d more; see what was kept in the report.", len(kept)-i)
			return
		}
		r.note(result.LevelWarning, leftTitle, "%s", text.Sentences(one))
	}
}

// leftTitle is the title of the warnings about what was not deleted.
const leftTitle = "Left in place"

// repaired adds a repair to the result, and a warning that says what was wrong and
// what was done: a repair that nobody hears of hides its cause.
func (r *reporter) repaired(what, format string, args ...any) {
	r.repairs = append(r.repairs, what)
	r.result.Repair = strings.Join(r.repairs, ", ")
	r.note(result.LevelWarning, "Release repaired", format, args...)
}

// hasRepaired returns whether a repair of this name was added.
func (r *reporter) hasRepaired(what string) bool { return slices.Contains(r.repairs, what) }

// diagnosed adds a diagnosis and the plan that was made for it.
func (r *reporter) diagnosed(f *facts.Facts, d verdict.Diagnosis, p verdict.Plan) {
	if last := f.Last(); last != nil {
		r.stored(last)
		r.result.Chart = last.Chart
	}
	if d.State == verdict.StateDeployed || d.State == verdict.StateAbsent || p.Tells(d) {
		return
	}
	r.say("Found: " + d.Cause)
	r.evidence("%s", d.Cause)
	for _, b := range d.Blockers {
		r.evidence("not promoted, since %s", b)
	}
}

// observed takes the objects and checks of an observation into the result.
func (r *reporter) observed(f *facts.Facts, reported verdict.Reported) {
	r.result.Checks = verdict.Checks(f, reported, r.policy)
	r.result.Objects = verdict.Judged(f, r.policy)
	last := f.Last()
	if last == nil {
		return
	}
	r.stored(last)
	if r.result.Chart == "" {
		r.result.Chart = last.Chart
	}
}

// stored takes into the result what a record says that was just read.
func (r *reporter) stored(last *facts.Record) {
	r.result.Revision, r.result.Status, r.read = last.Revision, last.PayloadStatus, len(r.writes())
}

// removed takes into the result that no record is left.
func (r *reporter) removed() { r.result.Revision, r.result.Status, r.read = 0, "", len(r.writes()) }

// wrote takes into the result what this run has stored since the status was last
// read. So the status that is reported is the stored one, also where reading it
// again is what fails.
func (r *reporter) wrote() {
	writes := r.writes()
	r.result.Revision, r.result.Status = result.Stored(writes[r.read:], r.result.Revision, r.result.Status)
	r.read = len(writes)
}

// objectNames lists objects for a sentence.
func objectNames(objects []facts.Object) string {
	refs := make([]facts.Ref, len(objects))
	for i, o := range objects {
		refs[i] = o.Ref
	}
	return refNames(refs)
}

// refNames joins the names of objects.
func refNames(refs []facts.Ref) string {
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = ref.String()
	}
	return strings.Join(names, ", ")
}
