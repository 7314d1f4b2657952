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

// checkTable shows each check and what it saw.
func checkTable(r result.Result) string {
	if len(r.Checks) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### Checks\n\n")
	if r.Attempts > 1 {
		fmt.Fprintf(&b, "After %d attempts.\n\n", r.Attempts)
	}
	b.WriteString("| | Check | Seen |\n|:-:|:--|:--|\n")
	for _, c := range capped(r.Checks) {
		seen := []string{}
		if s := phrase(c.Detail); s != "" {
			seen = append(seen, s)
		}
		for i, f := range c.Findings {
			if i == maxLines {
				seen = append(seen, fmt.Sprintf("and %d more", len(c.Findings)-i))
				break
			}
			seen = append(seen, code(text.Cut(text.OneLine(f), maxPhrase)))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", tick(c.OK), phrase(checkTitle(c)), strings.Join(seen, "<br>"))
	}
	return b.String() + more(len(r.Checks))
}

// checkTitle falls back on the check's name.
func checkTitle(c result.Check) string {
	if c.Title != "" {
		return c.Title
	}
	return c.Name
}

// objectTable shows the objects, the unhealthy first; when all are well it
// stays folded.
func objectTable(r result.Result) string {
	if len(r.Objects) == 0 {
		return ""
	}
	objects := unhealthyFirst(r)
	unwell := 0
	var b strings.Builder
	b.WriteString("| | Object | State |\n|:-:|:--|:--|\n")
	for i, o := range objects {
		ok, state := objectState(o, r.Verb)
		if !ok {
			unwell++
		}
		if i < maxRows {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", tick(ok), code(text.Cut(objectName(o, r.Namespace), maxPhrase)), quote(state))
		}
	}
	table := b.String() + more(len(objects))
	if unwell == 0 {
		return details(text.Plural(len(objects), "object")+", all healthy", table)
	}
	return fmt.Sprintf("### Objects: %d of %d need attention\n\n%s", unwell, len(objects), table)
}

// objectName leaves out the namespace that all of them share.
func objectName(o facts.Object, namespace string) string { return refName(o.Ref, namespace) }

func refName(r facts.Ref, namespace string) string {
	if r.Namespace == namespace {
		return r.Kind + "/" + r.Name
	}
	return r.String()
}

// unhealthyFirst sorts a copy; within each half the release's own order stays.
func unhealthyFirst(r result.Result) []facts.Object {
	rank := func(o facts.Object) int {
		if ok, _ := objectState(o, r.Verb); ok {
			return 1
		}
		return 0
	}
	objects := slices.Clone(r.Objects)
	slices.SortStableFunc(objects, func(a, b facts.Object) int { return rank(a) - rank(b) })
	return objects
}

// objectState is an object in a phrase, and whether it is as the verb wants it:
// a teardown wants it gone.
func objectState(o facts.Object, v verb.Verb) (ok bool, state string) {
	switch {
	case o.Error != "":
		return false, "could not be read: " + o.Error
	case !o.Exists && verb.Of(v).Removes:
		return true, "gone"
	case !o.Exists:
		return false, "missing"
	case o.Deleting:
		return false, because("being deleted", o.Reason)
	case verb.Of(v).Removes:
		return false, because("still there", o.Reason)
	case !o.Owned && o.Owner != "":
		return false, "belongs to " + o.Owner
	case !o.Owned:
		return false, "does not carry this release's ownership"
	case o.Failed:
		return false, because("failed", o.Reason)
	case o.Drift != "":
		return false, "differs from the manifest: " + o.Drift
	case o.Complete:
		return true, "complete"
	case o.Ready:
		return true, "ready"
	}
	return false, because("not ready", o.Reason)
}

func because(state, reason string) string {
	if reason == "" {
		return state
	}
	return state + ": " + reason
}

// kept is what a teardown left, and why.
func kept(r result.Result) string {
	if len(r.Kept) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### Kept\n\n")
	for _, k := range capped(r.Kept) {
		b.WriteString("- " + phrase(k) + "\n")
	}
	return b.String() + more(len(r.Kept))
}

// details folds a section. The blank lines make GitHub read what is inside as
// Markdown.
func details(summary, body string) string {
	if body == "" {
		return ""
	}
	return "<details><summary>" + summary + "</summary>\n\n" + strings.TrimRight(body, "\n") + "\n\n</details>\n"
}

// fenceAll puts bounded pieces of evidence into one block.
func fenceAll(pieces []string) string {
	all := strings.TrimSpace(strings.Join(capped(pieces), "\n"))
	if all == "" {
		return ""
	}
	return fence("text", all, maxBlock)
}

func tick(ok bool) string {
	if ok {
		return "✅"
	}
	return "❌"
}

// phrase is a bounded sentence of ours, quote a bounded one of somebody else's.
func phrase(s string) string { return prose(text.Cut(text.OneLine(s), maxPhrase)) }
func quote(s string) string  { return escapeText(text.Cut(text.OneLine(s), maxPhrase)) }

// capped is the part of a list that is shown; more says what is not.
func capped[T any](all []T) []T { return all[:min(len(all), maxRows)] }

func more(n int) string {
	if n <= maxRows {
		return ""
	}
	return fmt.Sprintf("\nand %d more\n", n-maxRows)
}
