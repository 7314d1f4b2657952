package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// remainsRemover looks for what outlives a release and no manifest names: what its
// hooks made, and the claims of its StatefulSets. The records are all that tells of
// them, so this comes before these go.
type remainsRemover struct {
	objects Objects
	gather  *gatherer
	report  *reporter
	policy  verdict.RemainPolicy

	departure *departure
	stripping verdict.Policy
}

// outliving is what outlives a release.
type outliving struct {
	kept    []facts.Object   // its objects that are to be kept, as their policy says
	stopped []facts.Object   // those of them for which the records stay, since they tell of them
	left    []verdict.Remain // what its hooks and StatefulSets made
	along   []verdict.Remain // the same, where the namespace is to take it along
	older   []verdict.Remain // of what is left, what only older revisions have
	volumes []facts.Object   // that go once the namespace does, with the claims in it
}

// clear deletes of what outlives the release what is to go.
func (r *remainsRemover) clear(ctx context.Context, f *facts.Facts, remains []verdict.Remain) (outliving, error) {
	out := outliving{
		left:  verdict.RemainsWith(remains, verdict.DisposalStays, verdict.DisposalForeign, verdict.DisposalUnproven, verdict.DisposalUnread),
		along: verdict.RemainsWith(remains, verdict.DisposalGoesAlong),
	}
	if doomed := verdict.RemainsWith(remains, verdict.DisposalDelete); len(doomed) > 0 {
		still, err := r.remove(ctx, f, doomed)
		if err != nil {
			return outliving{}, err
		}
		out.left = append(out.left, still...)
	}
	return out, nil
}

// look reads what hooks made, the newest revision's first, and what StatefulSets claimed.
func (r *remainsRemover) look(ctx context.Context, f *facts.Facts, withNamespace bool) ([]verdict.Remain, error) {
	var hooks []facts.Hook
	for i := range slices.Backward(f.Records) {
		newer := len(hooks)
		for _, h := range f.Records[i].Hooks {
			if !slices.ContainsFunc(hooks[:newer], func(known facts.Hook) bool { return known.MakesSame(h, f.Namespace.Name) }) {
				hooks = append(hooks, h)
			}
		}
	}
	seen, err := r.gather.objectsOfHooks(ctx, hooks)
	if err != nil && (r.policy.Hooks || !isAboutObjects(err)) {
		return nil, untilGone(err)
	}
	claims, err := r.claims(ctx, f)
	switch {
	case err != nil && (r.policy.Claims || problem.Of(err).Reason != problem.PermissionMissing):
		return nil, untilGone(err)
	case err != nil:
		r.report.note(result.LevelNotice, "Claims not looked for", "Whether StatefulSets left claims is not known: %v", err)
	}
	named, err := r.named(ctx, f)
	if err != nil {
		return nil, untilGone(err)
	}
	remains := verdict.RemainsOf(f, seen, claims, r.policy, withNamespace)
	atEnd := r.report.result.Verb == verb.Teardown
	return append(remains, verdict.NamedRemains(f, remains, named, r.policy, atEnd, withNamespace)...), nil
}

// claims returns the claims of its StatefulSets that exist. A chart, or a record, may name sets in any namespace, and
// sets that were never made, so that others' claims bear the names: those in other namespaces than its own, and than those
// that it has made, are left, and of one that no revision is known to have made, the claims count that bear the release's
// name. Where the release is one of many, its record alone speaks of other namespaces, which is nobody's word.
func (r *remainsRemover) claims(ctx context.Context, f *facts.Facts) (claims []facts.Claim, err error) {
	all, others := verdict.Claimants(f)
	made, perhaps, scope := strings.Join(all, separator), strings.Join(others, separator), facts.ClaimsOfChart
	if r.stripping.OfMany {
		scope = facts.ClaimsOfRelease
	}
	beyond := slices.Concat(r.objects.ClaimantsBeyond(made, scope), r.objects.ClaimantsBeyond(perhaps, facts.ClaimsOfRelease))
	if len(beyond) > 0 {
		r.report.note(result.LevelNotice, "Claims not looked for",
			"%s: outside of namespace %s, what a StatefulSet has claimed stays.", refNames(beyond), f.Namespace.Name)
	}
	if claims, err = r.objects.Claims(ctx, made, scope); err != nil {
		return nil, err
	}
	more, err := r.objects.Claims(ctx, perhaps, facts.ClaimsOfRelease)
	for _, c := range more {
		if !slices.ContainsFunc(claims, func(known facts.Claim) bool { return known.Ref == c.Ref }) {
			c.Doubtful = !c.ByName
			claims = append(claims, c)
		}
	}
	return claims, err
}

// separator is what stands between the documents of a manifest.
const separator = "\n---\n"

// named reads what older revisions have made and a later one names, and does not have: neither an
// upgrade nor the sweep has deleted that, and no uninstall does. The newest revision that has an object comes first.
func (r *remainsRemover) named(ctx context.Context, f *facts.Facts) (named []verdict.Older, err error) {
	manifests := make([]string, len(f.Records))
	for i, rec := range f.Records {
		manifests[i] = manifestOf(rec.Manifest, rec.Hooks)
	}
	for i, outgrown := range slices.Backward(r.objects.NamedLater(manifests)) {
		if len(outgrown) == 0 {
			continue
		}
		objects, err := r.gather.objectsOf(ctx, &f.Records[i])
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if isLeft(o) && slices.ContainsFunc(outgrown, func(n facts.Named) bool { return n.Is(o.Ref) }) {
				named = append(named, verdict.OlderOf(f.Records, i, o))
			}
		}
	}
	return named, nil
}

// remove deletes objects, waits until they are gone, and returns those that are still
// there. What an input asks for has to be done before the records go; what only a
// policy of the chart says, Helm would leave, too.
func (r *remainsRemover) remove(ctx context.Context, f *facts.Facts, doomed []verdict.Remain) (still []verdict.Remain, err error) {
	defer r.report.step("Delete what its hooks and StatefulSets left")()
	objects := make([]facts.Object, len(doomed))
	for i, d := range doomed {
		objects[i] = d.Object
	}
	removing := ctx
	if r.policy.ByPolicyAlone() { // which is not worth the run's whole time
		var cancel context.CancelFunc
		removing, cancel = context.WithTimeout(ctx, policyTime)
		defer cancel()
	}
	var kept []string
	going := leavingObjects(r.objects, objects, f, r.stripping)
	err = r.departure.await(removing, going, func(ctx context.Context) (err error) {
		kept, err = r.objects.Remove(ctx, objects, true)
		return err
	})
	err = r.departure.explain(ctx, err, going)
	switch {
	case err != nil && !r.policy.ByPolicyAlone():
		return nil, untilGone(err)
	case err != nil:
		r.report.note(result.LevelWarning, "Leftovers not removed", "What hooks and StatefulSets left may still be there: %v", err)
	case len(kept) == 0:
		r.report.note(result.LevelNotice, "Leftovers removed", "%s, which the release had left, %s gone.",
			objectNames(objects), isOrAre(len(objects)))
		return nil, nil
	}
	again, err := r.look(ctx, f, false)
	return verdict.StillThere(doomed, again), err
}

// policyTime is how long what only a chart's policy deletes is waited for.
const policyTime = 20 * time.Second

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// untilGone is an error after which the release's records stay, so that another run
// finds what is left.
func untilGone(err error) error {
	p := *problem.Of(err)
	p.Next = strings.TrimSpace(p.Next + " The records are kept, so the next teardown goes on from here.")
	return &p
}

// butRemains says in a headline that not everything of the release is gone.
func butRemains(res *result.Result) string {
	if n := len(res.Remains); n > 0 {
		return fmt.Sprintf(", but for %s that its hooks and StatefulSets left", text.Plural(n, "object"))
	}
	return ""
}

// tell names what is left, in the result and in notes.
func (r *remainsRemover) tell(f *facts.Facts, left []verdict.Remain) {
	lines := verdict.DescribeRemains(left, f.Namespace.Name)
	r.report.result.Remains = append(r.report.result.Remains, lines...)
	foreign := verdict.DescribeRemains(verdict.RemainsWith(left, verdict.DisposalForeign), f.Namespace.Name)
	own := slices.DeleteFunc(lines, func(line string) bool { return slices.Contains(foreign, line) })
	if len(own) > 0 {
		r.report.note(result.LevelNotice, "Left behind", "%s", text.Sentences(listed(own, "; ")))
	}
	if len(foreign) > 0 {
		r.report.note(result.LevelWarning, "Left to its owner", "%s", text.Sentences(listed(foreign, "; ")))
	}
}
