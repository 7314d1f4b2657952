package record

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// fakeObjects stores one object and answers the writes one after the other: with
// the next of responses, after it applied them if the response is applied.
type fakeObjects struct {
	stored    *object
	responses []response // of the writes; the last one repeats
	readError error
}

type response struct {
	applied bool
	err     error
}

func (f *fakeObjects) get(context.Context, string) (*object, error) {
	switch {
	case f.readError != nil:
		return nil, f.readError
	case f.stored == nil:
		return nil, apierrors.NewNotFound(secretsResource, "k")
	}
	return f.stored, nil
}

func (f *fakeObjects) write(o *object) (*object, error) {
	r := f.responses[0]
	if len(f.responses) > 1 {
		f.responses = f.responses[1:]
	}
	if r.applied {
		f.stored = o
	}
	return f.stored, r.err
}

func (f *fakeObjects) create(_ context.Context, o *object) (*object, error) { return f.write(o) }

func (f *fakeObjects) update(_ context.Context, o *object) (*object, error) {
	written := *o
	written.ResourceVersion = "written"
	return f.write(&written)
}

func (f *fakeObjects) delete(context.Context, string, *metav1.Preconditions) error {
	_, err := f.write(nil)
	return err
}

func testWriter(o objects) writer {
	return writer{&client{location: location{Secrets, "review"}, objects: o, backoff: func() backoff.BackOff {
		return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Microsecond), 3)
	}}}
}

func testObject(uid types.UID, version, payload string) *object {
	rls := mock("web", 1, release.StatusDeployed)
	return &object{
		ObjectMeta: metav1.ObjectMeta{Name: "k", UID: uid, ResourceVersion: version, Labels: labelsForUpdate(nil, rls, time.Unix(0, 0))},
		Payload:    payload, Type: secretType,
	}
}

var (
	errConflict = apierrors.NewConflict(secretsResource, "k", errors.New("changed"))
	errExists   = apierrors.NewAlreadyExists(secretsResource, "k")
	errBusy     = apierrors.NewTooManyRequests("busy", 0)
	errInternal = apierrors.NewInternalError(errors.New("etcdserver: leader changed"))
)

// Whatever the API server answers, a write ends as what is stored says.
func TestPerformUpdate(t *testing.T) {
	ok := response{applied: true}
	for name, c := range map[string]struct {
		responses []response
		stored    *object // before the write
		readError error
		tries     int
		lost      bool
		want      problem.ExitReason // "": it is stored
		unknown   bool
	}{
		"applied":                    {responses: []response{ok}, tries: 1},
		"refused, then applied":      {responses: []response{{err: errBusy}, {err: errInternal}, ok}, tries: 3},
		"response lost":              {responses: []response{{true, io.EOF}, {err: errConflict}}, tries: 2, lost: true},
		"all responses lost":         {responses: []response{{true, io.EOF}, {err: io.EOF}}, tries: 4, lost: true},
		"applied, and then stopped":  {responses: []response{{true, io.EOF}, {err: errors.New("stopped")}}, tries: 2, lost: true},
		"cancelled after it applied": {responses: []response{{true, context.Canceled}}, tries: 1, lost: true},
		"never applied":              {responses: []response{{err: errInternal}}, tries: 4, want: problem.Unanswered},
		"lost, and not to be read": {responses: []response{{true, io.EOF}}, readError: errInternal,
			tries: 4, want: problem.Unanswered, unknown: true},
		"conflict, not to be read": {responses: []response{{err: errConflict}}, readError: errInternal, tries: 1, want: problem.LiveOperation},
		"conflict with another write": {responses: []response{{err: errConflict}}, stored: testObject("u", "8", "theirs"),
			tries: 1, want: problem.LiveOperation},
		"conflict with another object": {responses: []response{{err: errConflict}}, stored: testObject("v", "7", "new"),
			tries: 1, want: problem.LiveOperation},
		"conflict without a reason": {responses: []response{{err: errConflict}, ok}, tries: 2},
		"response lost, and overwritten": {responses: []response{{err: io.EOF}, {err: errConflict}}, stored: testObject("u", "8", "theirs"),
			tries: 2, want: problem.LiveOperation},
	} {
		t.Run(name, func(t *testing.T) {
			from := testObject("u", "7", "old")
			o := &fakeObjects{stored: from, responses: c.responses, readError: c.readError}
			if c.stored != nil {
				o.stored = c.stored
			}
			e := &entry{}
			e.Verb, e.Key = "update", "k"
			got, err := testWriter(o).update(t.Context(), e, from, change{payload: "new", labels: from.Labels})
			if (err == nil) != (c.want == "") || err != nil && problem.Of(err).Reason != c.want {
				t.Errorf("got %v", err)
			}
			if err == nil && (got.Payload != "new" || got.ResourceVersion != "written") {
				t.Errorf("returned %+v", got)
			}
			if c.want == problem.LiveOperation && !errors.Is(err, facts.ErrChanged) {
				t.Errorf("%v is no change of the records", err)
			}
			if e.Tries != c.tries || e.Lost != c.lost || e.Unknown != c.unknown {
				t.Errorf("%d tries, lost %t, unknown %t", e.Tries, e.Lost, e.Unknown)
			}
		})
	}
}

func TestUpdateOfADeletedRecord(t *testing.T) {
	from := testObject("u", "7", "old")
	for name, answer := range map[string]error{"not found": apierrors.NewNotFound(secretsResource, "k"), "conflict": errConflict} {
		e := &entry{}
		e.Verb, e.Key = "update", "k"
		o := &fakeObjects{responses: []response{{err: answer}}}
		_, err := testWriter(o).update(t.Context(), e, from, change{payload: "new", labels: from.Labels})
		if !errors.Is(err, facts.ErrChanged) || !errors.Is(err, driver.ErrReleaseNotFound) || problem.Of(err).Reason != problem.Inconsistent {
			t.Errorf("%s: %v", name, err)
		}
	}
	from.Immutable = true
	e, o := &entry{}, &fakeObjects{stored: from, responses: []response{{applied: true}}}
	_, err := testWriter(o).update(t.Context(), e, from, change{payload: "new", labels: from.Labels})
	if _, is := errors.AsType[*ImmutableError](err); !is || e.Tries != 0 {
		t.Errorf("an immutable one: %v after %d tries", err, e.Tries)
	}
}

func TestCreateOverAnotherObject(t *testing.T) {
	change := func(edit func(*object)) *object {
		o := testObject("v", "7", "theirs")
		edit(o)
		return o
	}
	for name, c := range map[string]struct {
		found *object
		taken bool
		lost  bool
	}{
		"its own":           {found: change(func(o *object) { o.Payload = "new" }), lost: true},
		"another run's":     {found: change(func(o *object) { o.Payload, o.Labels[LabelRun] = "new", "run2" })},
		"another operation": {found: change(func(*object) {})},
		"another type":      {found: change(func(o *object) { o.Type = "Opaque" }), taken: true},
		"another release":   {found: change(func(o *object) { o.Labels[labelName] = "api" }), taken: true},
		"hidden":            {found: change(func(o *object) { delete(o.Labels, labelOwner) }), taken: true},
	} {
		e := &entry{}
		e.Verb, e.Key = "create", "k"
		want := testObject("", "", "new")
		_, err := testWriter(&fakeObjects{stored: c.found, responses: []response{{err: errExists}}}).create(t.Context(), e, want)
		_, taken := errors.AsType[*TakenError](err)
		if (err == nil) != c.lost || !c.lost && !errors.Is(err, driver.ErrReleaseExists) || taken != c.taken || e.Lost != c.lost {
			t.Errorf("%s: %v, lost %t", name, err, e.Lost)
		}
	}
}

func TestDelete(t *testing.T) {
	for name, c := range map[string]struct {
		found      *object // after the refusal
		anyVersion bool
		changed    bool
	}{
		"gone":                        {},
		"gone, any version":           {anyVersion: true},
		"another version":             {found: testObject("u", "8", "theirs"), changed: true},
		"another object":              {found: testObject("v", "7", "theirs"), changed: true},
		"another object, any version": {found: testObject("v", "7", "theirs"), anyVersion: true},
	} {
		e := &entry{}
		e.Verb, e.Key = "delete", "k"
		w := testWriter(&fakeObjects{stored: c.found, responses: []response{{err: errConflict}}})
		var err error
		if c.anyVersion {
			err = w.delete(t.Context(), e, "k", "u")
		} else {
			err = w.deleteVersion(t.Context(), e, &testObject("u", "7", "old").ObjectMeta)
		}
		if (err != nil) != c.changed || err != nil && !errors.Is(err, facts.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
