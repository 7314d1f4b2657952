package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verdict"
)

// awaitNamespaceGone finishes a teardown whose namespace is being deleted. Where a teardown did
// that, the release went before, with its records. Where somebody else did, what the release has
// in other namespaces and in none stays, and nothing tells of it but the records, which go with
// the namespace: they are read as long as they are there.
func (t *teardown) awaitNamespaceGone(ctx context.Context) error {
	ctx, cancel := t.budget.begin(ctx)
	defer cancel()
	f := t.lastRecords(ctx)
	if f != nil && t.departure.strips {
		t.nameRecorded(ctx, f)
	}
	done := t.report.step("Wait until the namespace is gone")
	err := t.ns.awaitDeleted(ctx)
	done()
	if t.left.NamespaceGone = err == nil; err != nil {
		return err
	}
	if f == nil {
		t.report.result.Headline = fmt.Sprintf("Namespace `%s`, which was being deleted, is gone, with what `%s` had in it.", t.ns.name,
			t.options.App.Release)
		t.report.note(result.LevelNotice, "Not looked at",
			"No record of %s could be read in namespace %s, which was being deleted already, so whether it has left anything outside of that "+
				"is not known.", t.options.App.Release, t.ns.name)
		return nil
	}
	return t.lookOutside(ctx, f)
}

// lastRecords returns the facts of a release whose records are about to go, or nil where there
// is none, or where they cannot be relied on.
func (t *teardown) lastRecords(ctx context.Context) *facts.Facts {
	f, err := t.gather.gatherStable(ctx, scope{records: true})
	if err != nil || f.Last() == nil || verdict.RefuseMisplaced(f) != nil {
		return nil
	}
	return f
}

// nameRecorded notes what the records name, so that it is told from copies of it. Where that cannot be
// read any more, everything that bears the release's marks and that a person made is one.
func (t *teardown) nameRecorded(ctx context.Context, f *facts.Facts) {
	defer t.report.step("Look at what its records name")()
	if named, err := t.gather.named(ctx, f); err == nil {
		t.ns.named = named
	}
}

// lookOutside refuses to call a release gone that has objects outside of its namespace, which
// is gone. Nothing of it is deleted: the hooks that would come before cannot run any more.
func (t *teardown) lookOutside(ctx context.Context, f *facts.Facts) error {
	defer t.report.step("Look for what it has outside of the namespace")()
	left, kept, seen := []string(nil), []facts.Object(nil), map[facts.Ref]bool{}
	for i := range f.Records {
		objects, err := t.gather.objectsOf(ctx, &f.Records[i])
		if err != nil {
			return err
		}
		for _, o := range objects {
			switch {
			case o.Namespace == t.ns.name || seen[o.Ref]:
				continue
			case isKept(o):
				kept = append(kept, o)
			case isLeft(o):
				t.report.result.Objects = append(t.report.result.Objects, o)
				left = append(left, o.In(t.ns.name))
			}
			seen[o.Ref] = true
		}
	}
	t.report.kept(kept)
	remains, err := t.steps.remove.remains.look(ctx, f, true)
	if err != nil {
		return err
	}
	t.steps.remove.remains.tell(f, remains)
	if len(left) == 0 {
		return nil
	}
	return &problem.Problem{Reason: problem.Inconsistent,
		Headline: fmt.Sprintf("Namespace `%s` is gone, and %s of `%s` outside of it %s still there: %s.", t.ns.name,
			text.Plural(len(left), "object"), t.options.App.Release, isOrAre(len(left)), strings.Join(bounded(left), ", ")),
		Cause: errors.New("somebody else deleted the namespace, and with it the records by which a teardown finds them"),
		Next: "Deploy the branch again, which takes them in, and then take it down; or delete them by hand, once nobody needs them. " +
			"The next teardown does not find them."}
}

// tellUnread says that records which could not be read may have described what did not go with
// the namespace.
func (t *teardown) tellUnread() {
	if unread := t.left.Unreadable; len(unread) > 0 && t.left.NamespaceGone {
		t.report.note(result.LevelWarning, "Not looked at",
			"What %s described outside of namespace %s is not known, and may still be there.", strings.Join(unread, ", "), t.ns.name)
	}
}
