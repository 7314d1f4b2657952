package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// permissions finds out, before the first write, what the run may not do.
type permissions struct {
	access Access
	report *reporter
	budget budget
	verb   verb.Verb
	review bool          // whether anything is asked at all
	wait   time.Duration // how long a denied permission is asked for again

	granted   map[problem.Permission]bool
	denied    []problem.MissingPermission
	announced bool // that the run waits
	without   bool // optional permissions are missing

	full    bool                        // those that the chart's objects take are asked for, too, and all gaps told at once
	pending []problem.MissingPermission // required ones that were found until then
	chart   []problem.Permission        // what the chart's objects take for good, for the RBAC
	whole   bool                        // that is all that they take, and nothing is left to a person
}

// ofVerb returns what the verb needs where the namespace is in this phase. What
// is needed inside an absent namespace can be asked only once it exists.
func (p *permissions) ofVerb(phase facts.NamespacePhase) []problem.Permission {
	needs := p.access.ClusterNeeds(p.verb, phase)
	if phase != facts.NamespaceAbsent {
		needs = append(needs, p.access.StorageNeeds(p.verb)...)
	}
	return needs
}

// reviewEarly begins to ask for all that the verb needs in an existing namespace,
// beside the first read of it. The returned function waits for the answers, or
// gives them up where they are not needed any more.
func (p *permissions) reviewEarly(ctx context.Context) (answered func(needed bool)) {
	if !p.review {
		return func(bool) {}
	}
	limited, cancel := p.budget.limit(ctx)
	needs := p.ofVerb(facts.NamespaceActive)
	var review sync.WaitGroup
	review.Go(func() {
		missing, err := p.access.ReviewUntil(limited, needs, 0, func([]problem.MissingPermission) {})
		if err != nil {
			return // require asks again and returns the error
		}
		p.granted, p.denied = map[problem.Permission]bool{}, missing
		for _, n := range needs {
			p.granted[n] = !slices.ContainsFunc(missing, func(m problem.MissingPermission) bool { return m.Permission == n })
		}
	})
	return func(needed bool) {
		if !needed {
			cancel()
		}
		review.Wait()
		cancel()
	}
}

// may returns whether a permission is known to be granted.
func (p *permissions) may(n problem.Permission) bool { return p.granted[n] }

// forget drops every answer: RoleBindings go with their namespace.
func (p *permissions) forget() { p.granted, p.denied = nil, nil }

// forgetDenied drops the denials: in a new namespace, a controller may grant what
// was granted nowhere before.
func (p *permissions) forgetDenied() { p.denied = nil }

// require asks for the needs that are not known to be granted. Every required one
// that is missing is named in one problem; made says what the run has made so
// far, "" for nothing.
func (p *permissions) require(ctx context.Context, needs []problem.Permission, made string) error {
	needs = slices.DeleteFunc(needs, p.may)
	if !p.review || len(needs) == 0 {
		return nil
	}
	if known := p.knownDenials(needs); len(known) > 0 && len(required(known)) == 0 {
		return p.refuse(known, made) // all optional: nothing to wait for
	}
	missing, err := p.access.ReviewUntil(ctx, needs, p.wait, p.announce)
	if err != nil {
		return err
	}
	return p.refuse(missing, made)
}

// knownDenials returns the denials of these needs if every one was denied before.
func (p *permissions) knownDenials(needs []problem.Permission) (denials []problem.MissingPermission) {
	for _, n := range needs {
		i := slices.IndexFunc(p.denied, func(m problem.MissingPermission) bool { return m.Permission == n })
		if i < 0 {
			return nil
		}
		denials = append(denials, p.denied[i])
	}
	return denials
}

// refuse returns the problem of missing permissions, or adds notices where the
// run can go on without them.
func (p *permissions) refuse(missing []problem.MissingPermission, made string) error {
	blocking := required(missing)
	switch {
	case len(blocking) == 0:
		p.without = p.without || len(missing) > 0
		p.noteOptional(missing)
		return nil
	case p.full:
		p.pending = append(p.pending, blocking...)
		return nil
	}
	return p.refusal(blocking, made)
}

// refusal returns the problem of permissions that the run cannot do without.
func (p *permissions) refusal(blocking []problem.MissingPermission, made string) error {
	if made == "" {
		made = "Nothing was made or changed."
	}
	var why []string
	for _, m := range blocking {
		if !slices.Contains(why, m.Why) {
			why = append(why, m.Why)
		}
	}
	return &problem.Problem{Reason: problem.PermissionMissing, Tried: listMissing(blocking), Missing: blocking,
		Cause: errors.New("a run needs that to " + strings.Join(why, "; to ")), Next: nextApply + " " + made}
}

// required returns the missing permissions that the run cannot do without.
func required(missing []problem.MissingPermission) []problem.MissingPermission {
	return slices.DeleteFunc(slices.Clone(missing), func(m problem.MissingPermission) bool { return m.Optional })
}

// listMissing names missing permissions in one line: many are grouped.
func listMissing(missing []problem.MissingPermission) string {
	if len(missing) > manyMissing {
		return groupMissing(missing)
	}
	names := make([]string, len(missing))
	for i, m := range missing {
		names[i] = m.String()
	}
	return strings.Join(names, "; ")
}

// nextApply is what to do where there is RBAC to apply.
const nextApply = "Apply the RBAC below, then run again."

// nextGrant is what a denied request says to do, wherever it was sent.
const nextGrant = "Grant the missing permission, then run it again."

// anonymous is whom the API server takes everybody for whose credentials it does not know.
const anonymous = "system:anonymous"

// nextFor is what to do instead where there is nobody whom RBAC could be written for.
func nextFor(user string) string {
	switch user {
	case "":
		return "The API server does not say as whom this run is authenticated, so that there is nobody to grant it to: " +
			"check the credentials, then run again."
	case anonymous:
		return "This run is authenticated as " + user + ", which is everybody: the API server does not know the credentials. " +
			"Give those of a user or service account, then run again."
	}
	return "This run is authenticated as " + strconv.Quote(user) +
		". No RBAC is written for such a name: grant it by hand, then run again."
}

// NextByHand is what to do about what reaches out of the namespace. A chart asks for it, which
// whoever opens a pull request may have written: for that there is nothing to paste.
const NextByHand = "Grant by hand what is outside of the release's namespace, what a Role of the chart hands on, or what is of a kind " +
	"that is not known here, if the chart may have it: no RBAC is written for that, but by berth preflight --print-role."

// isSource returns whether a permission is one to read a Secret that the input copy-secret names,
// and no chart. What the API server denied has no name. The RBAC has the one to read that Secret
// alone, whatever was denied.
func (p *permissions) isSource(denied problem.Permission) bool {
	return slices.ContainsFunc(p.access.SourceNeeds(), func(n problem.Permission) bool {
		if denied.Name == "" {
			n.Name = ""
		}
		return n.SameAs(denied)
	})
}

// describe writes into the result who lacks what, and the RBAC that grants it.
func (p *permissions) describe(user string, missing []problem.MissingPermission) {
	res := &p.report.result
	var more []problem.Permission
	sources, byHand := false, false
	for _, m := range missing {
		switch {
		case m.HandedOn || m.Guessed:
			byHand = user != "" && user != anonymous
		case res.Namespace == "" || !m.Beyond(res.Namespace):
			more = append(more, m.Permission)
		case p.isSource(m.Permission):
			sources = true
		default:
			byHand = user != "" && user != anonymous
		}
	}
	if len(more) > 0 || sources {
		for _, n := range p.chart { // the role is to last
			if !slices.ContainsFunc(more, n.SameAs) {
				more = append(more, n)
			}
		}
		res.RBAC = p.access.RBAC(user, more, p.whole && !byHand)
	}
	who := user
	if who == "" {
		who = "the user of this run"
	}
	res.Headline = fmt.Sprintf("%s may not %s.", who, listMissing(missing))
	if res.Next == "" {
		res.Next = nextApply
	}
	switch {
	case res.RBAC != "" && byHand:
		res.Next = text.Sentences(res.Next, NextByHand)
		return
	case res.RBAC != "":
		return
	}
	if user == "" || user == anonymous {
		res.Headline = fmt.Sprintf("%s may not %s: the API server does not know the credentials.", who, listMissing(missing))
	}
	for _, grant := range []string{nextApply, nextGrant} { // to nobody
		if rest, applies := strings.CutPrefix(res.Next, grant); applies {
			res.Next = rest
		}
	}
	next := nextFor(user)
	if byHand {
		next = NextByHand
	}
	res.Next = text.Sentences(next, strings.TrimSpace(res.Next))
}
