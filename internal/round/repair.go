package round

import (
	"context"
	"errors"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// repair repairs an app of which a check has found that its records are wrong. What only its
// objects are not, a deploy brings back.
func (r *Round) repair(ctx context.Context, app *fleet.App, checked result.Result, v result.Visit) result.Visit {
	if !mendable(checked) {
		return v
	}
	if left := r.keeps(*app); left != "" {
		v.Why = text.Sentences(v.Why, left)
		return v
	}
	name := app.Namespace + "/" + app.Release
	r.Say(name + ": to be repaired")
	left := ""
	repaired := r.Cluster.Repair(ctx, *app, func(ctx context.Context) (err error) {
		left, err = r.lookAgain(ctx, *app)
		if err == nil && left != "" {
			err = &problem.Problem{Reason: problem.NothingToDo, Cause: errors.New(left)}
		}
		return err
	})
	if left != "" {
		v.Why = text.Sentences(v.Why, left)
		return v
	}
	after := mended(checked, v, repaired)
	if after.Found == result.FoundBusy {
		app.Held = true
		return after
	}
	r.note(app, repaired, after)
	return after
}

// keeps returns why a mark keeps an app from what the repair would do to it.
func (r *Round) keeps(app fleet.App) string {
	if r.Options.Uninstalls && app.Keep != "" {
		return "It is not taken away, since it is to be kept: " + app.Keep
	}
	return ""
}

// lookAgain reads an app's stamps anew under its lock, right before it is repaired, and returns why it
// is left: a round takes its time, and somebody may have marked it meanwhile, or have put another in its
// place.
func (r *Round) lookAgain(ctx context.Context, app fleet.App) (left string, err error) {
	again, there, err := r.Cluster.Reread(ctx, app)
	switch {
	case err != nil:
		return "", err
	case !there:
		return "It is not there any more", nil
	case again.Identity != app.Identity:
		return "Another branch's app is in its place by now", nil
	}
	again.Held = false // by this run
	if hold, why := again.Trusted(r.Options.Namespace); hold != fleet.HoldNone {
		return text.Sentence(why), nil
	}
	return r.keeps(again), nil
}
