package rollout

import (
	"cmp"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// maxSaid is how many bytes of a line of a log a headline has room for.
const maxSaid = 240

// explain writes into the targets what each is not ready because of: what it has failed
// by or else what its first symptom shows, and of a container that ended what its log
// says of that. symptoms are those of the targets, with their events and logs.
func explain(targets []*target, symptoms []*symptom) {
	for _, t := range targets {
		var own []*symptom
		for _, s := range symptoms {
			if s.target == t {
				own = append(own, s)
			}
		}
		o := &t.object
		if t.live == nil {
			o.Cause = facts.Cause{Kind: facts.CauseNotReady, Said: text.Cut(o.Reason, maxSaid)}
			continue
		}
		if o.Cause.Kind == "" {
			o.Cause = t.causeBy(own)
		}
		if o.Cause.Kind == facts.CauseNotReady && t.podReason != "" { // an old pod has to end first, say
			o.Cause.Said = text.Cut(t.podReason, maxSaid)
		}
		o.Cause.Said = cmp.Or(lastWords(o.Cause, own), o.Cause.Said)
	}
}

// causeBy returns why a target is not ready, by its symptoms.
func (t *target) causeBy(symptoms []*symptom) facts.Cause {
	var found facts.Cause
	for _, s := range symptoms {
		if found.Kind != "" {
			break
		}
		if s.pod == nil {
			found = health.OwnerCause(t.live, s.events)
		} else {
			found = s.Cause
		}
	}
	if ended, why := health.Failed(t.live); ended {
		return endedBy(found, why)
	}
	if found.Kind == "" || found.Kind == facts.CauseNotReady {
		found = health.OwnerCause(t.live, nil)
	}
	return found
}

// endedBy returns the cause of what was to run to its end and failed, for whatever its
// pods show and it says itself.
func endedBy(pods facts.Cause, why string) facts.Cause {
	switch {
	case pods.Kind == facts.CauseCrash && strings.HasPrefix(why, "DeadlineExceeded"): // whatever it did before
		return facts.Cause{Kind: facts.CauseJob, Said: health.Sanitize(why)}
	case pods.Kind == facts.CauseCrash:
		pods.Kind, pods.Said = facts.CauseJob, cmp.Or(pods.Said, health.Sanitize(why))
	case slices.Contains([]facts.CauseKind{"", facts.CauseNotReady, facts.CauseEnds, facts.CausePod, facts.CauseProbe}, pods.Kind):
		return facts.Cause{Kind: facts.CauseJob, Said: cmp.Or(health.Sanitize(why), pods.Said)}
	}
	return pods
}

// lastWords returns the line of the logs that tells why a container ended; "" where it
// did not, or its log tells nothing. The run that ended last comes first in its logs.
func lastWords(cause facts.Cause, symptoms []*symptom) string {
	if cause.Kind != facts.CauseCrash && cause.Kind != facts.CauseEnds && (cause.Kind != facts.CauseJob || cause.ExitCode == 0) {
		return ""
	}
	for _, s := range symptoms {
		for _, tail := range s.Logs {
			if tail.Container == cause.Container && tail.Telling != "" {
				return text.Cut(tail.Telling, maxSaid)
			}
		}
	}
	return ""
}

// faultsOf returns what is the matter with the targets: those that have failed, or else,
// where the time was over, all.
func faultsOf(targets []*target, late bool) []result.Fault {
	failed := false
	for _, t := range targets {
		failed = failed || t.object.Failed
	}
	var faults []result.Fault
	for _, t := range targets {
		if o := t.object; o.Failed || !failed {
			faults = append(faults, result.Fault{Ref: o.Ref, Cause: o.Cause, Late: late && !failed})
		}
	}
	return faults
}
