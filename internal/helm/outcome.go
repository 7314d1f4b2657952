package helm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// outcome returns what an operation on this client came to. With cut, Helm's
// goroutine may still be writing to the client, so only the timeline, which has
// a lock, is read.
func (c *client) outcome(rel *release.Release, cut bool, err error) result.Outcome {
	if cut {
		o := outcomeOf(rel, err)
		o.Cut, o.Phases = true, c.timeline.list()
		return o
	}
	if err != nil && c.cause != nil {
		err = causedError{err, c.cause}
	}
	o := outcomeOf(rel, err)
	o.Unproven, o.Diagnostics, o.Phases = c.unproven, c.diagnostics, c.timeline.list()
	o.Definitions, o.Changes = c.definitions, c.changes.list(false)
	o.Left, o.Unmended = c.leavings.baseline(), c.leavings.failures()
	for ref, why := range c.left {
		o.Kept = append(o.Kept, fmt.Sprintf("%s was kept: %s", nameOf(ref), why))
	}
	slices.Sort(o.Kept)
	return o
}

// outcomeOf returns what Helm's own answer says. rel may be nil.
func outcomeOf(rel *release.Release, err error) result.Outcome {
	o := result.Outcome{Err: withReason(err)}
	if rel == nil {
		return o
	}
	o.Revision, o.Manifest = rel.Version, rel.Manifest
	if rel.Chart != nil && rel.Chart.Metadata != nil {
		o.Chart = rel.Chart.Metadata.Name + "-" + rel.Chart.Metadata.Version
	}
	if rel.Info != nil {
		o.Notes = rel.Info.Notes
		o.Applied = rel.Info.Status == release.StatusDeployed
	}
	return o
}

// causedError is an error of Helm's together with its cause. Of a failed hook
// and of some requests Helm keeps the text alone.
type causedError struct {
	error
	cause error
}

// Unwrap returns both.
func (e causedError) Unwrap() []error { return []error{e.error, e.cause} }

// withReason returns an operation's error as a *problem.Problem where the exit
// reason is known, else err itself. Errors of the record store and of failed
// connections are Problems already.
func withReason(err error) error {
	var (
		p       *problem.Problem
		network net.Error
	)
	switch {
	case err == nil || errors.As(err, &p):
		return err
	case isOwnershipConflict(err):
		return &problem.Problem{Reason: problem.Foreign, Tried: "take the chart's objects into the release", Cause: err,
			Next: "Rename them in the chart, or remove their owner first: they belong to something else. Nothing was touched."}
	case apierrors.IsForbidden(err) && !apifailure.IsDenied(err): // by admission
		return apifailure.Classify(err, "carry out the operation")
	case apierrors.IsForbidden(err):
		return &problem.Problem{Reason: problem.PermissionMissing, Headline: "A permission on the chart's own objects is missing.", Cause: err,
			Next: "Grant what the API server names, if this branch's chart may have it, then run again. " +
				"Kubernetes' own role edit has the usual kinds."}
	case errors.As(err, &network) && !isDeadline(network):
		return &problem.Problem{Reason: problem.Unanswered, Tried: "carry out the operation", Cause: err,
			Next: "Check that the API server can be reached and is healthy, then run again."}
	}
	return err
}

// isDeadline reports whether an error is the end of a wait itself, which looks like a
// network's error, and not one of the network that wraps it.
func isDeadline(err error) bool {
	return err == context.DeadlineExceeded //nolint:errorlint // what wraps it is another error here
}

// isOwnershipConflict reports whether Helm refused to go on because an object
// exists that does not name the release as its owner. Helm has no type for the
// error (pkg/action/validate.go); sdk_order_test.go holds it to the text.
func isOwnershipConflict(err error) bool {
	var conflict *ownershipConflict
	return errors.As(err, &conflict) || err != nil && strings.Contains(err.Error(), "invalid ownership metadata")
}

// ownershipConflict is the same refusal by Berth itself, of an object that the manifest
// had before, and that Helm would not look at.
type ownershipConflict struct{ cause error }

func (e *ownershipConflict) Error() string { return e.cause.Error() }
