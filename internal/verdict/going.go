package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

const (
	blockersTold = 20 // how many objects the evidence names
	blockersSaid = 5  // and an error
	partsNamed   = 5  // how many finalizers, and who has written them, one line names
)

// DescribeGoing says of each object that is being deleted since when, what holds it, and whose
// that is, the oldest deletion first, and what could not be looked at.
func DescribeGoing(g facts.Going, namespace string, now time.Time) []string {
	lines := blockerLines(g, namespace, now, blockersTold)
	for _, what := range g.Unread {
		lines = append(lines, "what else is left is not known: "+what)
	}
	return lines
}

// blockerLines describes so many objects at most, and counts the others.
func blockerLines(g facts.Going, namespace string, now time.Time, most int) (lines []string) {
	sorted := slices.Clone(g.Blockers)
	slices.SortStableFunc(sorted, func(a, b facts.Blocker) int { return a.Since.Compare(b.Since) })
	for i, b := range sorted {
		if i == most {
			break
		}
		lines = append(lines, describeBlocker(b, namespace, now))
	}
	if more := len(g.Blockers) - len(lines) + g.More; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}

// describeBlocker says in one line what keeps an object from going.
func describeBlocker(b facts.Blocker, namespace string, now time.Time) string {
	line := b.In(namespace) + " is being deleted"
	if !b.Since.IsZero() {
		line += fmt.Sprintf(" since %s (%s)", b.Since.UTC().Format(time.RFC3339), text.Seconds(max(0, now.Sub(b.Since))))
	}
	held := slices.DeleteFunc(slices.Clone(b.Finalizers), func(f string) bool { return slices.Contains(collected, f) })
	switch {
	case len(b.Finalizers) == 0:
		line += ", and no finalizer holds it"
	case len(held) == 0:
		line += ", and what it owns goes first"
	case len(held) == 1:
		line += ", and the finalizer " + shown(held) + " holds it"
	default:
		line += ", and the finalizers " + shown(held) + " hold it"
	}
	if len(held) > 0 && len(b.Writers) > 0 {
		line += ", written by " + shown(b.Writers)
	}
	switch {
	case b.Controller != "":
		line += "; it belongs to " + b.Controller
	case b.Owner != "":
		line += "; it belongs to release " + b.Owner
	case b.ManagedBy != "":
		line += "; it is managed by " + shown([]string{b.ManagedBy})
	}
	return line
}

// shown lists names that others have given, each as a part of a line, the first few of many.
func shown(names []string) string {
	var all []string
	for _, name := range names[:min(len(names), partsNamed)] {
		odd := func(c rune) bool {
			return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("._-/:@", c)
		}
		if name == "" || strings.ContainsFunc(name, odd) {
			name = strconv.Quote(name)
		}
		all = append(all, name)
	}
	if more := len(names) - len(all); more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}

// ExplainGoing adds to a problem what keeps what is being deleted from going, and how a teardown
// can be told to take off finalizers that nobody will take off any more.
func ExplainGoing(p *problem.Problem, g facts.Going, namespace string, now time.Time) *problem.Problem {
	lines := append(blockerLines(g, namespace, now, blockersSaid), g.Unread...)
	if len(lines) == 0 {
		return p
	}
	told := *p
	told.Cause = errors.New(strings.Join(lines, "; "))
	if p.Cause != nil {
		told.Cause = fmt.Errorf("%w; %w", p.Cause, told.Cause)
	}
	if flags := stripFlags(g.Blockers); flags != "" && !strings.Contains(p.Next, "\n$ ") {
		told.Next = strings.TrimSuffix(p.Next, ".") + ". Where nothing will ever take a finalizer off, have a teardown do it:" +
			"\n$ berth teardown" + flags
	}
	return &told
}

// stripFlags returns the flags by which a teardown takes off the finalizers of these objects; ""
// where none may be taken off.
func stripFlags(blockers []facts.Blocker) string {
	var flags []string
	for _, b := range blockers {
		flag := " --strip-finalizers " + groupKind(b.Ref)
		if mayEverStrip(b) && !slices.Contains(flags, flag) && len(flags) < partsNamed {
			flags = append(flags, flag)
		}
	}
	slices.Sort(flags)
	return strings.Join(flags, "")
}

// Stripped tells which finalizers were taken off an object, and what that means.
func Stripped(b facts.Blocker, finalizers []string, namespace string) string {
	return fmt.Sprintf("%s had the finalizer %s, which this teardown took off as strip-finalizers says: nothing had happened to it for %s. "+
		"What serves it has not cleaned up: what that has elsewhere may be left.", b.In(namespace), shown(finalizers),
		text.Seconds(standstill))
}
