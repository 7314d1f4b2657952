package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// checkTable returns the consistency checks with what each of them saw.
func checkTable(r result.Result) string {
	if len(r.Checks) == 0 {
		return ""
	}
	var b strings.Builder
	failed := 0
	if r.Looks > 1 {
		fmt.Fprintf(&b, "Looked at %d times.\n\n", r.Looks)
	}
	b.WriteString("| | Check | Seen |\n|:-:|:--|:--|\n")
	for _, c := range capped(r.Checks) {
		if !c.OK {
			failed++
		}
		var seen []string
		if s := phrase(c.Detail); s != "" {
			seen = append(seen, s)
		}
		for i, f := range c.Findings {
			if i == maxLines {
				seen = append(seen, fmt.Sprintf("and %d more", len(c.Findings)-i))
				break
			}
			seen = append(seen, code(bounded(f)))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", tick(c.OK), phrase(checkTitle(c)), strings.Join(seen, "<br>"))
	}
	table := b.String() + more(len(r.Checks))
	if failed == 0 {
		return details(text.Plural(len(r.Checks), "check")+", all passed", table)
	}
	return "### Checks\n\n" + table
}

// checkTitle returns the check's title, or its name if it has none.
func checkTitle(c result.Check) string {
	if c.Title != "" {
		return c.Title
	}
	return c.Name
}

// objectTable returns the objects of the release, the unhealthy ones first. It is
// folded if all of them are healthy.
func objectTable(r result.Result) string {
	if len(r.Objects) == 0 {
		return ""
	}
	objects := unhealthyFirst(r)
	unhealthy := 0
	var b strings.Builder
	b.WriteString("| | Object | State |\n|:-:|:--|:--|\n")
	for i, o := range objects {
		ok, state := objectState(o, r)
		if !ok {
			unhealthy++
		}
		if i < maxRows {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", tick(ok), code(text.Cut(o.In(r.Namespace), maxPhrase)), quote(state))
		}
	}
	table := b.String() + more(len(objects))
	if unhealthy == 0 {
		return details(text.Plural(len(objects), "object")+", all healthy", table)
	}
	return "### " + attentionTitle(unhealthy, len(objects)) + "\n\n" + table
}

// attentionTitle counts the objects that are not as they should be.
func attentionTitle(unhealthy, all int) string {
	if unhealthy == 1 {
		return fmt.Sprintf("Objects: 1 of %d needs attention", all)
	}
	return fmt.Sprintf("Objects: %d of %d need attention", unhealthy, all)
}

// unhealthyFirst returns the objects sorted: the unhealthy ones first, and within
// the healthy and the unhealthy ones in the release's own order.
func unhealthyFirst(r result.Result) []facts.Object {
	rank := func(o facts.Object) int {
		if ok, _ := objectState(o, r); ok {
			return 1
		}
		return 0
	}
	objects := slices.Clone(r.Objects)
	slices.SortStableFunc(objects, func(a, b facts.Object) int { return rank(a) - rank(b) })
	return objects
}

// objectState describes an object, and says whether it is as the verb wants it. A
// verb that removes the release wants it gone, every other one wants it ready.
func objectState(o facts.Object, r result.Result) (ok bool, state string) {
	removes := verb.Of(r.Verb).Removes
	switch {
	case o.Error != "":
		return false, "could not be read: " + o.Error
	case !o.Exists && removes:
		return true, "gone"
	case o.Expired:
		return true, "deleted after its end, as its ttlSecondsAfterFinished says"
	case !o.Exists && hookFailed(r):
		return false, "not there: a hook failed first"
	case !o.Exists:
		return false, "missing"
	case o.Deleting:
		return false, withReason("being deleted", o.Reason)
	case removes:
		return false, withReason("still there", o.Reason)
	case !o.Owned && o.Owner != "":
		return false, "belongs to " + o.Owner
	case !o.Owned:
		return false, "does not carry this release's ownership"
	case o.Failed && !o.Ignored:
		return false, withReason("failed", brief(o))
	case len(o.Differences) > 0:
		return false, "differs from the manifest: " + facts.Paths(o.Differences)
	case o.Complete:
		return true, withReason("complete", strings.Join(notes(o), "; "))
	case o.Ready:
		return true, withReason("ready", strings.Join(notes(o), "; "))
	case o.Ignored:
		return true, withReason("left out by wait-ignore, not ready", o.Reason)
	}
	return false, withReason("not ready", brief(o))
}

// hookFailed returns whether a hook is among what a deploy failed by.
func hookFailed(r result.Result) bool {
	return slices.ContainsFunc(result.FaultsOf(r.Diagnostics), func(f result.Fault) bool { return f.Hook })
}

// brief returns why an object is not ready. What was found out about it is told with its
// pods at length, and here by its name.
func brief(o facts.Object) string {
	if o.Cause.Kind != "" && o.Cause.Kind != facts.CauseNotReady && o.Cause.Kind != facts.CauseResource {
		return strings.ReplaceAll(string(o.Cause.Kind), "-", " ")
	}
	return o.Reason
}

// notes are what is worth a word about an object that is well.
func notes(o facts.Object) []string {
	if o.Remark.Text == "" {
		return o.Notes
	}
	return slices.Concat([]string{o.Remark.Text}, o.Notes)
}

// titledList returns lines as a list with a title: what a teardown kept, and what hooks
// and StatefulSets have left behind.
func titledList(title string, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### " + title + "\n\n")
	for _, line := range capped(lines) {
		b.WriteString("- " + phrase(line) + "\n")
	}
	return b.String() + more(len(lines))
}
