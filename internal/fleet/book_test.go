package fleet

import (
	"reflect"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

var midday = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func lockName(release string) string { return "berth-" + release }

// stamped are the stamps of a branch's deploy at a time, which has an hour to stay.
func stamped(branch string, at time.Time) Stamps {
	return Stamps{App: "shop", Host: "github.com", Origin: facts.Origin{Repository: "acme/shop", Branch: branch, PullRequest: 7},
		Identity: branch, Repository: "r", Commit: "abc", URL: "https://" + branch, RunURL: "https://ci/1", Deployed: at,
		Expires: at.Add(time.Hour)}
}

func own(branch string) Namespace {
	return Namespace{Name: "review-" + branch, Ours: true, Release: "shop", Created: midday.Add(-time.Hour), Stamps: stamped(branch, midday)}
}

func stored(namespace, branch string, revision int, status facts.Status) Record {
	return Record{Namespace: namespace, Release: "shop", Revision: revision, Status: status, Created: midday, Changed: midday.Add(time.Minute),
		Stamps: stamped(branch, midday)}
}

// before is what a Berth or Helm stored that stamps nothing.
func before(r Record, created time.Time) Record {
	r.Created, r.Changed = created, created
	r.Commit, r.URL, r.Deployed, r.Expires = "", "", time.Time{}, time.Time{}
	return r
}

func wholeApp() App {
	return App{Name: "shop", Namespace: "review-a", Release: "shop", Host: "github.com",
		Origin: facts.Origin{Repository: "acme/shop", Branch: "a", PullRequest: 7}, Identity: "a", Repository: "r", Commit: "abc",
		URL: "https://a", RunURL: "https://ci/1", Revision: 1, Status: facts.StatusDeployed, Changed: midday.Add(time.Minute),
		Created: midday.Add(-time.Hour), Deployed: midday, Dated: true, Expires: midday.Add(time.Hour), Marked: true}
}

func with(a App, change func(*App)) App {
	change(&a)
	return a
}

func namespaceWith(change func(*Namespace)) Namespace {
	ns := own("a")
	change(&ns)
	return ns
}

func recordWith(r Record, change func(*Record)) Record {
	change(&r)
	return r
}

func TestApps(t *testing.T) {
	deployed, failed, superseded := facts.StatusDeployed, facts.StatusFailed, facts.StatusSuperseded
	one := stored("review-a", "a", 1, deployed)
	later := midday.Add(30 * time.Minute)
	emptied := with(wholeApp(), func(a *App) { a.Revision, a.Status, a.Changed = 0, "", time.Time{} })
	shared := with(wholeApp(), func(a *App) { a.Namespace, a.Shared, a.Marked, a.Created = "reviews", true, false, midday })
	marked := with(shared, func(a *App) { a.Marked = true })
	for _, tt := range []struct {
		name       string
		namespaces []Namespace
		records    []Record
		locks      []Lock
		want       []App
	}{
		{name: "nothing"},
		{name: "its own namespace", namespaces: []Namespace{own("a")}, records: []Record{one}, want: []App{wholeApp()}},
		{name: "whose end somebody has put off on the namespace", records: []Record{one},
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Expires = midday.Add(2 * time.Hour) })},
			want:       []App{with(wholeApp(), func(a *App) { a.Expires = midday.Add(2 * time.Hour) })}},
		{name: "whose end somebody has put off on the record", records: []Record{recordWith(one, func(r *Record) { r.Expires = later })},
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Expires = midday.Add(time.Minute) })},
			want:       []App{with(wholeApp(), func(a *App) { a.Expires = later })}},
		{name: "whose end somebody has taken away", records: []Record{one},
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Expires = time.Time{} })},
			want:       []App{with(wholeApp(), func(a *App) { a.Expires, a.Endless = time.Time{}, true })}},
		{name: "whose end somebody has taken away from the record", namespaces: []Namespace{own("a")},
			records: []Record{recordWith(one, func(r *Record) { r.Expires = time.Time{} })},
			want:    []App{with(wholeApp(), func(a *App) { a.Expires, a.Endless = time.Time{}, true })}},
		{name: "which has had no end", records: []Record{recordWith(one, func(r *Record) { r.Expires = time.Time{} })},
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Expires = time.Time{} })},
			want:       []App{with(wholeApp(), func(a *App) { a.Expires = time.Time{} })}},
		{name: "whose deploy could not write on the namespace", records: []Record{one}, want: []App{wholeApp()},
			namespaces: []Namespace{namespaceWith(func(n *Namespace) {
				n.Deployed, n.Expires = midday.Add(-time.Hour), midday.Add(time.Minute)
			})}},
		{name: "the same, and somebody has put off its end there", records: []Record{one},
			namespaces: []Namespace{namespaceWith(func(n *Namespace) {
				n.Deployed, n.Expires = midday.Add(-time.Hour), midday.Add(8*time.Hour)
			})},
			want: []App{with(wholeApp(), func(a *App) { a.Expires = midday.Add(8 * time.Hour) })}},
		{name: "the same, and what is there is no time", records: []Record{one},
			namespaces: []Namespace{namespaceWith(func(n *Namespace) {
				n.Last, n.Deployed, n.Expires, n.Unread = "api", midday.Add(-time.Hour), time.Time{}, "berth.dev/expires-at"
			})},
			want: []App{with(wholeApp(), func(a *App) { a.Unreadable = "its berth.dev/expires-at is no time" })}},
		{name: "of the default branch", records: []Record{recordWith(one, func(r *Record) { r.Default = true })},
			namespaces: []Namespace{own("a")}, want: []App{with(wholeApp(), func(a *App) { a.Default = true })}},
		{name: "of the default branch, and nothing is stored", namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Default = true })},
			want: []App{with(emptied, func(a *App) { a.Default = true })}},
		{name: "its lock", namespaces: []Namespace{own("a")}, records: []Record{one},
			locks: []Lock{{Namespace: "review-a", Name: "berth-shop", Held: true, Requests: "cpu=1,memory=0", Verdict: "consistent",
				VerdictAt: midday},
				{Namespace: "review-b", Name: "berth-shop", Requests: "cpu=2,memory=0"}, {Namespace: "review-a", Name: "berth-other", Verdict: "x"}},
			want: []App{with(wholeApp(), func(a *App) {
				a.Held, a.Requests, a.Verdict, a.VerdictAt = true, "cpu=1,memory=0", "consistent", midday
			})}},
		{name: "the newest revision counts, whatever comes first", namespaces: []Namespace{own("a")},
			records: []Record{stored("review-a", "a", 2, superseded), stored("review-a", "a", 10, failed), one},
			want:    []App{with(wholeApp(), func(a *App) { a.Revision, a.Status = 10, failed })}},
		{name: "made, and nothing stored", namespaces: []Namespace{own("a")}, want: []App{emptied}},
		{name: "the same before there were stamps",
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Deployed, n.Expires, n.Commit = time.Time{}, time.Time{}, "" })},
			want: []App{with(emptied, func(a *App) {
				a.Deployed, a.Dated, a.Expires, a.Commit = midday.Add(-time.Hour), false, time.Time{}, ""
			})}},
		{name: "a namespace that is being deleted", namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Going = true })},
			records: []Record{one}, want: []App{with(wholeApp(), func(a *App) { a.Going = true })}},
		{name: "a namespace that was copied", namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Ours = false })},
			want: []App{with(emptied, func(a *App) {
				a.Shared, a.Marked, a.Doubt = true, false, "nothing shows that Berth made this very namespace"
			})}},
		{name: "two in a namespace that branches share",
			namespaces: []Namespace{{Name: "reviews", Ours: true, Created: midday, Stamps: Stamps{App: "shop", Repository: "r"}}},
			records: []Record{stored("reviews", "a", 1, deployed), func() Record {
				r := stored("reviews", "b", 1, deployed)
				r.Release = "other"
				return r
			}()},
			want: []App{with(marked, func(a *App) { a.Release, a.Identity, a.Origin.Branch, a.URL = "other", "b", "b", "https://b" }), marked}},
		{name: "in a namespace that is not Berth's", records: []Record{stored("reviews", "a", 1, deployed)}, want: []App{shared}},
		{name: "in a namespace of another branch", namespaces: []Namespace{own("b")}, records: []Record{stored("review-b", "a", 1, deployed)},
			want: []App{with(shared, func(a *App) { a.Namespace, a.Marked, a.Doubt = "review-b", true, "its namespace is of another branch" }),
				with(emptied, func(a *App) { a.Namespace, a.Identity, a.Origin.Branch, a.URL = "review-b", "b", "b", "https://b" })}},
		{name: "in one where more than one branch has deployed, and only this one is left",
			namespaces: []Namespace{func() Namespace { n := own("b"); n.Shared = true; return n }()},
			records:    []Record{stored("review-b", "a", 1, deployed)},
			want:       []App{with(shared, func(a *App) { a.Namespace, a.Marked = "review-b", true })}},
		{name: "records of two branches under one name", namespaces: []Namespace{own("a")},
			records: []Record{stored("review-a", "b", 1, superseded), stored("review-a", "a", 2, deployed)},
			want:    []App{with(wholeApp(), func(a *App) { a.Revision, a.Doubt = 2, "its records are of more than one branch" })}},
		{name: "a record that was copied here", namespaces: []Namespace{own("a")},
			records: []Record{func() Record { r := one; r.Misplaced = true; return r }()},
			want:    []App{with(wholeApp(), func(a *App) { a.Doubt = "a record of its name was copied from another release" })}},
		{name: "helm upgrade by hand since, which copies labels alone", namespaces: []Namespace{own("a")},
			records: []Record{one,
				before(Record{Namespace: "review-a", Release: "shop", Revision: 2, Status: deployed, Stamps: Stamps{Identity: "a"}}, later)},
			want: []App{with(wholeApp(), func(a *App) {
				a.Revision, a.Changed, a.Commit, a.Deployed, a.Expires = 2, later, "", later, later.Add(time.Hour)
			})}},
		{name: "a release of Helm's alone",
			records: []Record{before(Record{Namespace: "infra", Release: "db", Revision: 3, Status: deployed}, midday)},
			want:    []App{{Namespace: "infra", Release: "db", Revision: 3, Status: deployed, Changed: midday, Created: midday, Deployed: midday, Shared: true}}},
		{name: "deployed before there were stamps",
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Deployed, n.Expires, n.Commit = time.Time{}, time.Time{}, "" })},
			records:    []Record{before(one, midday)},
			want: []App{with(wholeApp(), func(a *App) {
				a.Changed, a.Commit, a.Dated, a.Expires = midday, "", false, time.Time{}
			})}},
		{name: "a deploy that failed before it stored anything", namespaces: []Namespace{namespaceWith(func(n *Namespace) {
			n.Deployed, n.Expires, n.Commit = later, later.Add(time.Minute), "def"
		})}, records: []Record{one},
			want: []App{with(wholeApp(), func(a *App) { a.Deployed, a.Expires = later, later.Add(time.Minute) })}},
		{name: "a deploy without ttl", namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Deployed, n.Expires = later, time.Time{} })},
			records: []Record{one}, want: []App{with(wholeApp(), func(a *App) { a.Deployed, a.Expires = later, time.Time{} })}},
		{name: "of two in the branch's namespace the other was deployed later, with another ttl",
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Last, n.Deployed, n.Expires = "api", later, later.Add(time.Minute) })},
			records:    []Record{one}, want: []App{wholeApp()}},
		{name: "the same, and the namespace says to stay longer",
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Last, n.Deployed, n.Expires = "api", later, later.Add(9*time.Hour) })},
			records:    []Record{one}, want: []App{with(wholeApp(), func(a *App) { a.Expires = later.Add(9 * time.Hour) })}},
		{name: "the same, and this one has no end",
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Last, n.Deployed, n.Expires = "api", later, later.Add(9*time.Hour) })},
			records:    []Record{recordWith(one, func(r *Record) { r.Expires = time.Time{} })},
			want:       []App{with(wholeApp(), func(a *App) { a.Expires, a.Stay = time.Time{}, later.Add(9*time.Hour) })}},
		{name: "the same, and this one was to end before its deploy",
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Last, n.Deployed, n.Expires = "api", later, later.Add(9*time.Hour) })},
			records:    []Record{recordWith(one, func(r *Record) { r.Expires = midday.Add(-time.Hour) })},
			want:       []App{with(wholeApp(), func(a *App) { a.Expires = midday.Add(-time.Hour) })}},
		{name: "in a shared namespace that says to stay longer", records: []Record{stored("reviews", "a", 1, deployed)},
			namespaces: []Namespace{{Name: "reviews", Stamps: Stamps{Expires: midday.Add(9 * time.Hour)}}},
			want:       []App{with(shared, func(a *App) { a.Expires = midday.Add(9 * time.Hour) })}},
		{name: "in a shared namespace that says to go earlier", records: []Record{stored("reviews", "a", 1, deployed)},
			namespaces: []Namespace{{Name: "reviews", Stamps: Stamps{Expires: midday.Add(time.Minute)}}}, want: []App{shared}},
		{name: "in a shared namespace that says to stay, after helm upgrade by hand",
			records:    []Record{before(Record{Namespace: "reviews", Release: "db", Revision: 3, Status: deployed}, midday)},
			namespaces: []Namespace{{Name: "reviews", Stamps: Stamps{Expires: later}}},
			want: []App{{Namespace: "reviews", Release: "db", Revision: 3, Status: deployed, Changed: midday, Created: midday, Deployed: midday,
				Shared: true, Stay: later}}},
		{name: "this one was",
			namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Last, n.Deployed, n.Expires = "shop", later, time.Time{} })},
			records:    []Record{one}, want: []App{with(wholeApp(), func(a *App) { a.Deployed, a.Expires = later, time.Time{} })}},
		{name: "an end that is no time", namespaces: []Namespace{namespaceWith(func(n *Namespace) {
			n.Unread, n.Expires = "berth.dev/expires-at", time.Time{}
		})}, records: []Record{one},
			want: []App{with(wholeApp(), func(a *App) { a.Expires, a.Unreadable = time.Time{}, "its berth.dev/expires-at is no time" })}},
		{name: "to be kept by a record", namespaces: []Namespace{own("a")},
			records: []Record{func() Record { r := one; r.Keep = "it is marked"; return r }(), stored("review-a", "a", 2, deployed)},
			want:    []App{with(wholeApp(), func(a *App) { a.Revision, a.Keep = 2, "it is marked" })}},
		{name: "to be kept by its namespace", namespaces: []Namespace{namespaceWith(func(n *Namespace) { n.Keep = "Flux owns it" })},
			records: []Record{one}, want: []App{with(wholeApp(), func(a *App) { a.Keep = "its namespace says so: Flux owns it" })}},
		{name: "in a shared namespace of a GitOps controller", namespaces: []Namespace{{Name: "reviews", Stamps: Stamps{Keep: "Flux owns it"}}},
			records: []Record{stored("reviews", "a", 1, deployed)}, want: []App{shared}},
		{name: "in a shared namespace that a person marked",
			namespaces: []Namespace{{Name: "reviews", Stamps: Stamps{Keep: "it is marked", Marked: true}}},
			records:    []Record{stored("reviews", "a", 1, deployed)},
			want:       []App{with(shared, func(a *App) { a.Keep = "its namespace says so: it is marked" })}},
	} {
		for _, backwards := range []bool{false, true} {
			b := NewBook(lockName)
			for _, n := range tt.namespaces {
				b.AddNamespace(n)
			}
			for i := range tt.records {
				if backwards {
					i = len(tt.records) - 1 - i
				}
				b.AddRecord(tt.records[i])
				b.AddRecord(tt.records[i]) // a list that was begun anew
			}
			for _, l := range tt.locks {
				b.AddLock(l)
			}
			got := b.Apps()
			if len(got) != len(tt.want) {
				t.Fatalf("%s: %d apps: %+v", tt.name, len(got), got)
			}
			for i := range got {
				if !reflect.DeepEqual(got[i], tt.want[i]) {
					t.Errorf("%s: app %d is\n%+v, want\n%+v", tt.name, i, got[i], tt.want[i])
				}
			}
		}
	}
}

func TestStampsOf(t *testing.T) {
	got := StampsOf(map[string]string{"berth.dev/identity": "i", "berth.dev/app": "shop", "berth.dev/repository": "r",
		"berth.dev/keep": "true"},
		map[string]string{"berth.dev/last-deployed": "2026-11-30T13:00:00+01:00", "berth.dev/expires-at": "tomorrow", "berth.dev/commit": "c",
			"berth.dev/default-branch": "true"})
	if got.Identity != "i" || got.App != "shop" || got.Repository != "r" || !got.Marked || got.Keep == "" || !got.Deployed.Equal(midday) ||
		!got.Expires.IsZero() || got.Unread != "berth.dev/expires-at" || got.Commit != "c" || !got.Default {
		t.Errorf("got %+v", got)
	}
	flux := StampsOf(map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps"}, nil)
	if flux.Keep == "" || flux.Marked {
		t.Errorf("a GitOps controller's mark: %+v", flux)
	}
	if none := StampsOf(nil, nil); none != (Stamps{}) {
		t.Errorf("of nothing: %+v", none)
	}
}

// A namespace that Berth did not make is nobody's, whatever stands on it; but what is in it is kept, and stays longer.
func TestNamespaceOfOthers(t *testing.T) {
	annotations := map[string]string{"berth.dev/keep": "true", "berth.dev/namespace-uid": "u", "berth.dev/expires-at": "2026-11-30T13:00:00Z"}
	got := NamespaceOf("staging", "u", map[string]string{"berth.dev/identity": "a"}, annotations)
	if got.Ours || got.Identity != "" || !got.Expires.Equal(midday.Add(time.Hour)) || !got.Deployed.IsZero() || got.Keep == "" {
		t.Errorf("it is %+v", got)
	}
	b := NewBook(lockName)
	b.AddNamespace(got)
	b.AddNamespace(NamespaceOf("infra", "v", nil, nil))
	b.AddRecord(stored("staging", "a", 1, facts.StatusDeployed))
	if apps := b.Apps(); len(apps) != 1 || apps[0].Keep == "" || !apps[0].Shared || len(b.namespaces) != 1 {
		t.Errorf("the apps are %+v", apps)
	}
}

func TestOfRepository(t *testing.T) {
	a := wholeApp()
	if !a.OfRepository("GitHub.com", "Acme/Shop") || a.OfRepository("gitlab.com", "acme/shop") || a.OfRepository("github.com", "acme/other") {
		t.Error("hosts and repositories are compared without regard to case")
	}
	if (App{Host: "github.com"}).OfRepository("github.com", "") {
		t.Error("whose it is, is not known")
	}
}
