package helm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/problem"
)

// An error that Helm reduces to text keeps its exit reason and its missing permission.
func TestOutcomeKeepsTheCause(t *testing.T) {
	lost := &problem.Problem{Reason: problem.PermissionMissing, Tried: "wait for the hook to end", Missing: []problem.MissingPermission{{}}}
	c := &client{leavings: &leavings{}, changes: &changes{}, timeline: newTimeline(),
		observed: observed{cause: lost, unproven: []string{"Job/seed"}}}
	text := errors.New("failed pre-install: " + lost.Error())
	o := c.outcome(nil, false, text)
	if p := problem.Of(o.Err); p != lost || o.Err.Error() != text.Error() || !errors.Is(o.Err, text) {
		t.Errorf("the error is %v", o.Err)
	}
	if len(o.Unproven) != 1 {
		t.Errorf("unproven: %v", o.Unproven)
	}
	// Helm's goroutine may still write to the client of an operation that was cut.
	if o := c.outcome(nil, true, text); problem.Of(o.Err) == lost || o.Unproven != nil || !o.Cut {
		t.Errorf("an operation that was cut: %+v", o)
	}
	if o := c.outcome(nil, false, nil); o.Err != nil {
		t.Errorf("a success has the error %v", o.Err)
	}
}

func TestWithReason(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "a",
		errors.New(`User "u" cannot create resource "secrets" in API group "" in the namespace "n"`))
	problemOf := &problem.Problem{Reason: problem.RecordUnreadable}
	for name, c := range map[string]struct {
		err  error
		want problem.ExitReason
	}{
		"a problem stays":      {fmt.Errorf("wrapped: %w", problemOf), problem.RecordUnreadable},
		"an object of another": {errors.New(`ConfigMap "a" exists: invalid ownership metadata; label`), problem.Foreign},
		"a refused request":    {fmt.Errorf("create: %w", forbidden), problem.PermissionMissing},
		"one that admission refused": {apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "a", errors.New("a policy says no")),
			problem.DeployFailed},
		"a connection that failed": {&url.Error{Op: "Get", URL: "https://k", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}},
			problem.Unanswered},
	} {
		var p *problem.Problem
		if err := withReason(c.err); !errors.As(err, &p) || p.Reason != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := errors.New("a template failed")
	over := fmt.Errorf("1 not ready: %w", context.DeadlineExceeded) // for Go that is an error of the network
	if err, p := withReason(over), (*problem.Problem)(nil); errors.As(err, &p) || !errors.Is(err, over) {
		t.Errorf("the end of a wait is taken for a server that does not answer: %v", err)
	}
	if err := withReason(plain); !errors.Is(err, plain) || err.Error() != plain.Error() || withReason(nil) != nil {
		t.Errorf("%v", err)
	}
}
