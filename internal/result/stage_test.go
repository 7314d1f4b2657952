package result

import (
	"testing"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
)

func TestStage(t *testing.T) {
	for _, c := range []struct {
		verb   verb.Verb
		reason problem.ExitReason
		want   Stage
	}{
		{verb.Deploy, "", StageDeploying},
		{verb.Deploy, problem.Consistent, StageReady},
		{verb.Deploy, problem.DeployFailed, StageFailed},
		{verb.Deploy, problem.LiveOperation, StageFailed},
		{verb.Deploy, problem.Interrupted, StageCancelled},
		{verb.Deploy, problem.Terminated, StageCancelled},
		{verb.Deploy, problem.HungUp, StageCancelled},
		{verb.Deploy, problem.NothingToDo, StageNone},
		{verb.Teardown, "", StageLeaving},
		{verb.Teardown, problem.Consistent, StageGone},
		{verb.Teardown, problem.NothingToDo, StageNone},
		{verb.Teardown, problem.Foreign, StageFailed},
		{verb.Teardown, problem.Terminated, StageCancelled},
		{verb.Check, problem.Consistent, StageNone},
		{verb.Check, "", StageNone},
		{verb.Repair, problem.Consistent, StageNone},
		{verb.Auto, problem.NothingToDo, StageNone},
	} {
		if got := (Result{Subject: Subject{Verb: c.verb}, Exit: Exit{Reason: c.reason}}).Stage(); got != c.want {
			t.Errorf("%s, %q: %q, want %q", c.verb, c.reason, got, c.want)
		}
	}
}
