package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/result"
)

const (
	// beginTime bounds what is told when a run begins. The run goes on beside it.
	beginTime = 5 * time.Second
	// lastMoments are what a begin still has once a run that was cancelled is over.
	lastMoments = 500 * time.Millisecond
	// endTime bounds what is told when a run has ended.
	endTime = 10 * time.Second
	// cancelTime bounds it for a run that was cancelled: the CI kills it a few seconds
	// after the signal, and its record and report came first.
	cancelTime = 1500 * time.Millisecond
)

// Update is what is told of a review app.
type Update struct {
	Stage result.Stage
	Body  string // Markdown, safe to show
	URL   string // of the app: a plain web address, or empty
	Log   string // of the run: a plain web address, or empty
}

// part is one way to tell.
type part struct {
	// begin tells that the run is at work. It is called once at most, and has ended
	// when end is called.
	begin func(ctx context.Context, u Update) error
	// end tells how the run ended.
	end func(ctx context.Context, u Update) error
}

// Teller tells of one run. The zero Teller tells nothing.
type Teller struct {
	parts []part

	once  sync.Once
	begun sync.WaitGroup
	stop  context.CancelFunc
}

// Begin tells, beside the run, that it is at work. Only the first call counts.
func (t *Teller) Begin(ctx context.Context, u Update) {
	if t == nil || u.Stage == result.StageNone {
		return
	}
	t.once.Do(func() {
		// What is told at the end has to know what became of this, also after a cancel.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beginTime)
		t.stop = cancel
		for _, p := range t.parts {
			t.begun.Go(func() { _ = safely(func() error { return p.begin(ctx, u) }) }) // the end tries again, and tells
		}
	})
}

// End tells how the run ended, and returns the errors of that. It takes 15 s at most, and
// 2 s from when ctx ends or has ended.
func (t *Teller) End(ctx context.Context, u Update) []error {
	if t == nil {
		return nil
	}
	t.once.Do(func() {}) // a Begin is too late now
	t.awaitBegin(ctx)
	if u.Stage == result.StageNone {
		return nil
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	errs := make([]error, len(t.parts))
	var ended sync.WaitGroup
	for i, p := range t.parts {
		ended.Go(func() { errs[i] = safely(func() error { return p.end(ctx, u) }) })
	}
	ended.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// safely returns a panic as an error: no answer of an API ends a deploy.
func safely(tell func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("an internal error: %v", r)
		}
	}()
	return tell()
}

// awaitBegin returns once nothing of the begin is on its way any more: what is cut off may
// have been written all the same, and then be written twice. After a cancel of ctx there is
// no time for that.
func (t *Teller) awaitBegin(ctx context.Context) {
	if t.stop == nil {
		return
	}
	defer context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(lastMoments, t.stop)
		t.begun.Wait()
		timer.Stop()
	})()
	t.begun.Wait()
	t.stop()
}

// outlive returns a context that goes on for a moment after a cancel of ctx.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	outliving, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), endTime, errors.New("there was no time left for it"))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(cancelTime, cancel)
		context.AfterFunc(outliving, func() { timer.Stop() })
	})
	return outliving, func() { stop(); cancel() }
}
