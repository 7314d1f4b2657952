package helm

import (
	"errors"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

// An error that Helm reduces to text keeps its exit reason and its missing permission.
func TestOutcomeKeepsTheCause(t *testing.T) {
	lost := &problem.Problem{Reason: problem.PermissionMissing, Tried: "wait for the hook to end", Missing: []problem.MissingPermission{{}}}
	c := &client{timeline: newTimeline(), observed: observed{cause: lost, unproven: []string{"Job/seed"}}}
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
