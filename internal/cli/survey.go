package cli

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/lease"
	kubesurvey "github.com/berth-dev/berth/internal/kube/survey"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// survey finds review apps by the metadata of what they consist of.
type survey struct {
	namespaces kubesurvey.Source[facts.Meta]
	records    kubesurvey.Source[facts.Meta]
	nameless   *kubesurvey.Source[facts.Meta] // further records, where the others are selected by their name; nil: there are none
	locks      kubesurvey.Source[kubesurvey.Lock]
	// now is the earlier of what the API server's clock and this machine's say; zero where the
	// former is not known.
	now func() time.Time
}

// newSurvey returns the survey of one namespace or, without one, of all. With every, it finds
// each release of Helm's.
func newSurvey(conn *kube.Conn, kind record.Kind, namespace string, every bool) survey {
	q := kubesurvey.Query{Resource: kind.Resource(), Why: "find what is stored of each release; the metadata alone are read"}
	q.Labels, q.Type = record.SurveySelectors(kind, every)
	serverNow := serverNow(conn)
	return survey{
		namespaces: kubesurvey.Namespaces(conn.Metadata(), namespace),
		records:    kubesurvey.Objects(conn.Metadata(), namespace, q),
		locks:      kubesurvey.Locks(conn.Clientset(), namespace, serverNow),
		now: func() time.Time {
			at, now := serverNow(), time.Now()
			if now.Before(at) {
				return now
			}
			return at
		},
	}
}

// newSurveyOf returns the survey of one release, in a namespace that ten thousand may share: they are
// not read.
func newSurveyOf(conn *kube.Conn, kind record.Kind, namespace, release string) (survey, error) {
	s := newSurvey(conn, kind, namespace, false)
	named, nameless, err := record.ReleaseSelectors(release)
	if err != nil {
		return s, err
	}
	others := s.records.Labelled(nameless)
	s.records, s.nameless, s.locks = s.records.Labelled(named), &others, s.locks.Named(lease.Name(release))
	return s, nil
}

// read returns every review app that there is.
func (s survey) read(ctx context.Context) ([]fleet.App, error) {
	var (
		mu   sync.Mutex
		all  sync.WaitGroup
		book = fleet.NewBook(lease.Name)
		errs [3]error
	)
	add := func(m facts.Meta) {
		if r, ok := recordOf(m); ok {
			mu.Lock()
			defer mu.Unlock()
			book.AddRecord(r)
		}
	}
	all.Go(func() {
		errs[0] = s.namespaces.Each(ctx, func(m facts.Meta) {
			mu.Lock()
			defer mu.Unlock()
			book.AddNamespace(namespaceOf(m))
		})
	})
	all.Go(func() {
		if errs[1] = s.records.Each(ctx, add); errs[1] == nil && s.nameless != nil {
			errs[1] = s.nameless.Each(ctx, add)
		}
	})
	all.Go(func() {
		errs[2] = s.locks.Each(ctx, func(l kubesurvey.Lock) {
			mu.Lock()
			defer mu.Unlock()
			book.AddLock(lockOf(l))
		})
	})
	all.Wait()
	if err := together(errs[:]...); err != nil {
		return nil, err
	}
	return proven(book), nil
}

// proven returns the apps of a book. One whose stamps do not prove whose it is, is in doubt.
func proven(book *fleet.Book) []fleet.App {
	apps := book.Apps()
	for i := range apps {
		prove(&apps[i])
	}
	return apps
}

// together returns the first error. Permissions are asked for all at once.
func together(errs ...error) error {
	var missing *problem.Problem
	for _, err := range errs {
		var p *problem.Problem
		switch {
		case err == nil:
		case !errors.As(err, &p) || p.Reason != problem.PermissionMissing:
			return err
		case missing == nil:
			missing = p
		default:
			missing.Missing = append(missing.Missing, p.Missing...)
		}
	}
	if missing == nil {
		return nil
	}
	if len(missing.Missing) == 0 { // the credentials themselves were refused
		return missing
	}
	missing.Headline = "Could not list the review apps: " + text.Plural(len(missing.Missing), "permission") + " missing."
	if missing.Next = "Grant what is missing."; missing.Missing[0].Namespace == "" {
		missing.Next = "Grant what is missing, or give the namespace of the apps, in which the same is enough."
	}
	return missing
}

func namespaceOf(m facts.Meta) fleet.Namespace {
	ns := fleet.NamespaceOf(m.Name, m.UID, m.Labels, m.Annotations)
	ns.Going, ns.Created = m.Deleting, m.Created
	return ns
}

// recordOf reads a record. It is false for what is none.
func recordOf(m facts.Meta) (fleet.Record, bool) {
	r, ok := record.Survey(m)
	return fleet.Record{
		Namespace: m.Namespace, Release: r.Release, Revision: r.Revision, Status: r.Status,
		Created: r.Created, Changed: r.Touched, Misplaced: r.Misplaced, Stamps: fleet.StampsOf(m.Labels, m.Annotations),
	}, ok
}

func lockOf(l kubesurvey.Lock) fleet.Lock {
	lock := fleet.LockOf(l.Namespace, l.Name, l.Annotations)
	lock.Held, lock.Until = l.Held, l.Until
	return lock
}
