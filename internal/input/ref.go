package input

import (
	"fmt"
	"strings"
)

// Mention is the one branch that the event speaks of; see ci.Mention.
type Mention struct {
	Branch         string
	HeadRepository string
	HeadUnknown    bool
	PullRequest    int
	Instead        string
	Tag            string
	Unread         bool
}

// CheckRef returns an error where the branch was given as the one that the run's ref names,
// and the event is about another one: for a comment, a deletion or the end of a workflow the
// ref is the default branch, of which nobody spoke. So it does where a fork's branch is said
// to be the base repository's.
func (o *Options) CheckRef(d Defaults) error {
	m := d.Mention
	wrong := func(input, value, format string, args ...any) error {
		return Errors{{Input: input, Value: value, Allowed: fmt.Sprintf(format, args...)}}
	}
	switch {
	case o.Branch == "":
		return nil
	case m.Tag != "" && (o.Branch == branchName(d.RefBranch) || o.Branch == m.Tag):
		return wrong("branch", o.Branch, "the %s event is about the tag %q; run this only where github.event.ref_type is branch",
			d.EventName, m.Tag)
	case o.Branch == branchName(m.Branch):
		isFork := m.HeadUnknown || !strings.EqualFold(m.HeadRepository, d.Repository)
		if isFork && strings.EqualFold(o.HeadRepository, d.Repository) {
			return wrong("head-repository", o.HeadRepository, "the %s event is about %q of a fork, and not of this repository; leave it out",
				d.EventName, o.Branch)
		}
		return nil
	case o.Branch != branchName(d.RefBranch):
		return nil
	}
	const ref = "it is the branch of this run's ref, and "
	switch {
	case m.Unread:
		return wrong("branch", o.Branch, ref+"what the %s event is about cannot be read; start a run on %q itself", d.EventName, o.Branch)
	case m.Branch != "":
		return wrong("branch", o.Branch, ref+"the %s event is about %q; give %s", d.EventName, m.Branch, m.Instead)
	case m.PullRequest != 0:
		return wrong("branch", o.Branch, ref+"the %s event is about pull request %d; give %s", d.EventName, m.PullRequest, m.Instead)
	}
	return nil
}
