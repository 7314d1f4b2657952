//go:build cluster

package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientmetadata "k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

// recordStorage is the records of release web, as the engine sees them, and what others
// do to them.
type recordStorage struct {
	Records
	put    func(revision int, status facts.Status) // creates a record
	label  func(revision int, status facts.Status) // changes the label alone
	hide   func(revision int)                      // takes the name label off
	damage func(revision int)                      // makes the payload undecodable
	remove func(revision int)
}

// recordScenarios hold what the tests of the engine rely on. Each notes what it sees.
var recordScenarios = map[string]func(ctx context.Context, s recordStorage, note func(...any)){
	"list and load": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusSuperseded)
		s.put(2, facts.StatusDeployed)
		s.put(3, facts.StatusFailed)
		s.hide(2)
		s.damage(3)
		records, err := s.Records.Records(ctx)
		note(err)
		for i := range records {
			note(&records[i])
			note(s.Load(ctx, &records[i]), &records[i])
		}
		note(s.Load(ctx, &facts.Record{Key: record.Key("web", 9)}))
		note(s.Load(ctx, &facts.Record{Key: records[0].Key, UID: "another"}))
	},
	"settle": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusPendingInstall)
		rec := onlyRecord(ctx, s, note)
		note(s.Settle(ctx, rec, facts.StatusFailed, "unlocked"), rec) // loads by itself
		note(s.Settle(ctx, rec, facts.StatusDeployed, "promoted"))    // over its own write
		note(s.Load(ctx, rec), rec, rec.Description)
		s.label(1, facts.StatusFailed)
		note(s.Settle(ctx, rec, facts.StatusSuperseded, "late"))
		note(s.Settle(ctx, rec, facts.StatusSuperseded, "decided anew")) // the conflict is forgotten
		s.remove(1)
		note(s.Settle(ctx, rec, facts.StatusFailed, "too late"))
	},
	"accept": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusDeployed)
		rec := onlyRecord(ctx, s, note)
		b := facts.Baseline{facts.Ref{Kind: "Service", Name: "web"}: {"spec.x": "1"}}
		note(rec.Baseline == nil, s.Accept(ctx, rec, b)) // loads by itself
		note(onlyRecord(ctx, s, note).Baseline)
		note(s.Accept(ctx, rec, facts.Baseline{})) // over its own write
		again := onlyRecord(ctx, s, note)
		note(again.Baseline == nil, len(again.Baseline), s.Accept(ctx, again, b), s.Settle(ctx, again, facts.StatusSuperseded, "old"))
		note(onlyRecord(ctx, s, note).Baseline == nil) // which is no longer deployed
		s.label(1, facts.StatusFailed)
		note(s.Accept(ctx, rec, b))
	},
	"settle what cannot be read": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusPendingInstall)
		s.damage(1)
		rec := onlyRecord(ctx, s, note)
		note(s.Load(ctx, rec), s.Settle(ctx, rec, facts.StatusFailed, "unlocked"), s.Relabel(ctx, rec))
	},
	"relabel": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusDeployed)
		s.label(1, facts.StatusFailed)
		s.hide(1)
		rec := onlyRecord(ctx, s, note)
		note(s.Relabel(ctx, rec), rec)
		note(s.Relabel(ctx, rec), rec) // writes nothing
		note(onlyRecord(ctx, s, note))
		note(s.Load(ctx, rec))
		s.label(1, facts.StatusSuperseded)
		s.hide(1)
		note(s.Relabel(ctx, rec)) // right as it was loaded
	},
	"relabel what changed": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusDeployed)
		s.label(1, facts.StatusFailed)
		rec := onlyRecord(ctx, s, note)
		note(s.Load(ctx, rec))
		s.label(1, facts.StatusSuperseded)
		note(s.Relabel(ctx, rec))
	},
	"discard": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusPendingInstall)
		rec := onlyRecord(ctx, s, note)
		s.label(1, facts.StatusFailed)
		note(s.Discard(ctx, rec))
		note(s.Load(ctx, rec), s.Discard(ctx, rec), s.Discard(ctx, rec)) // the second time it is gone
		s.put(1, facts.StatusPendingInstall)
		note(s.Discard(ctx, rec)) // another record of that name
		onlyRecord(ctx, s, note)
	},
	"quarantine": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusDeployed)
		s.damage(1)
		rec := onlyRecord(ctx, s, note)
		s.label(1, facts.StatusFailed)
		_, err := s.Quarantine(ctx, rec)
		note(err, s.Load(ctx, rec))
		copied, err := s.Quarantine(ctx, rec)
		note(strings.HasPrefix(copied, rec.Key+"-quarantined-"), err)
		_, err = s.Quarantine(ctx, rec)
		note(err)
		records, err := s.Records.Records(ctx)
		note(len(records), err, s.DiscardQuarantined(ctx))
	},
	"purge": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusSuperseded)
		s.put(2, facts.StatusDeployed)
		s.hide(1)
		s.damage(2)
		records, err := s.Records.Records(ctx)
		note(s.Purge(ctx, records[:1]))
		note(len(records), err, s.Purge(ctx, records), s.Purge(ctx, records))
		records, err = s.Records.Records(ctx)
		note(len(records), err)
	},
	"changes": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusPendingUpgrade)
		rec := onlyRecord(ctx, s, note)
		for _, change := range []func(){
			func() { s.label(1, facts.StatusFailed) }, func() { s.hide(1) }, func() { s.put(2, facts.StatusDeployed) }, func() { s.remove(2) },
		} {
			changed := make(chan error, 1)
			go func() { changed <- s.Changed(ctx) }()
			change()
			note(<-changed)
			_, err := s.Records.Records(ctx)
			note(err)
		}
		note(s.Load(ctx, rec), s.Relabel(ctx, rec), s.Changed(ctx)) // its own write counts, too
		short, cancel := context.WithTimeoutCause(ctx, 50*time.Millisecond, errors.New("long enough"))
		defer cancel()
		_, err := s.Records.Records(ctx)
		note(err, s.Changed(short))
	},
	"after the end of the run": func(ctx context.Context, s recordStorage, note func(...any)) {
		s.put(1, facts.StatusPendingInstall)
		rec := onlyRecord(ctx, s, note)
		note(s.Load(ctx, rec))
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := s.Records.Records(ended)
		note(err != nil, errors.Is(err, context.Canceled))
		err = s.Settle(ended, rec, facts.StatusFailed, "unlocked")
		note(err != nil, errors.Is(err, context.Canceled))
	},
}

// onlyRecord returns the only record.
func onlyRecord(ctx context.Context, s recordStorage, note func(...any)) *facts.Record {
	records, err := s.Records.Records(ctx)
	note(len(records), err)
	if len(records) != 1 {
		return &facts.Record{}
	}
	return &records[0]
}

// The fake behaves as the record store does on a cluster.
func TestFakeRecordsBehaveAsTheStore(t *testing.T) {
	c := kubetest.Connect(t)
	for name, scenario := range recordScenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			want, got := observeRecords(ctx, clusterStorage(t, c), scenario), observeRecords(ctx, fakeStorage(), scenario)
			if want != got {
				t.Errorf("the store:\n%s\nthe fake:\n%s", want, got)
			}
		})
	}
}

// observeRecords returns what a scenario notes and what is in the audit after it.
func observeRecords(ctx context.Context, s recordStorage, scenario func(context.Context, recordStorage, func(...any))) string {
	var text strings.Builder
	scenario(ctx, s, func(seen ...any) {
		for _, one := range seen {
			switch one := one.(type) {
			case error:
				fmt.Fprintf(&text, "%s, changed %t; ", problem.Of(one).Reason, errors.Is(one, facts.ErrChanged))
			case *facts.Record:
				fmt.Fprintf(&text, "%d %q %q hidden %t loaded %t broken %t size %t; ", one.Revision, one.LabelStatus, one.PayloadStatus,
					one.Hidden, one.Loaded, one.DecodeError != "", one.Size > 0)
			default:
				fmt.Fprintf(&text, "%v; ", one)
			}
		}
		text.WriteString("\n")
	})
	for _, w := range s.Audit() {
		copied := strings.Contains(w.Key, "-quarantined-")
		fmt.Fprintf(&text, "%s %d %q copy %t error %t conflict %t\n", w.Verb, w.Revision, w.Status, copied, w.Error != "", w.Conflict)
	}
	return text.String()
}

func fakeStorage() recordStorage {
	r := newFakeRecords()
	return recordStorage{
		Records: r,
		put:     func(n int, status facts.Status) { r.put(revision(n, status)) },
		label: func(n int, status facts.Status) {
			r.change(r.key(n), func(rec *facts.Record) { rec.LabelStatus = status })
		},
		hide:   func(n int) { r.change(r.key(n), func(rec *facts.Record) { rec.Hidden = true }) },
		damage: func(n int) { r.change(r.key(n), func(rec *facts.Record) { rec.DecodeError = "it is garbage" }) },
		remove: func(n int) { r.remove(r.key(n)) },
	}
}

// clusterStorage returns records in a namespace of their own.
func clusterStorage(t *testing.T, c *kubetest.Cluster) recordStorage {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ns := c.Namespace(t)
	meta, err := clientmetadata.NewForConfig(c.Config())
	must(err)
	clients := record.Clients{Core: c.Client().CoreV1(), Metadata: meta}
	open := func() *record.Store {
		store, err := record.New(clients, record.Options{Kind: record.Secrets, Namespace: ns, Context: t.Context()})
		must(err)
		return store
	}
	another, err := open().Operation(clients, time.Time{})
	must(err)
	secrets := c.Client().CoreV1().Secrets(ns)
	patch := func(n int, labels string) {
		body := []byte(`{"metadata":{"labels":` + labels + `}}`)
		_, err := secrets.Patch(t.Context(), record.Key("web", n), types.MergePatchType, body, metav1.PatchOptions{})
		must(err)
	}
	return recordStorage{
		Records: helm.New(helm.Options{Release: "web", Namespace: ns}, open(), nil),
		put: func(n int, status facts.Status) {
			must(another.Create(record.Key("web", n), release.Mock(&release.MockReleaseOptions{
				Name: "web", Version: n, Status: release.Status(status), Namespace: ns,
			})))
		},
		label: func(n int, status facts.Status) { patch(n, fmt.Sprintf(`{"status":%q}`, status)) },
		hide:  func(n int) { patch(n, `{"name":null}`) },
		damage: func(n int) {
			var secret *corev1.Secret
			secret, err := secrets.Get(t.Context(), record.Key("web", n), metav1.GetOptions{})
			must(err)
			secret.Data["release"] = []byte("garbage")
			_, err = secrets.Update(t.Context(), secret, metav1.UpdateOptions{})
			must(err)
		},
		remove: func(n int) {
			must(secrets.Delete(t.Context(), record.Key("web", n), metav1.DeleteOptions{}))
		},
	}
}
