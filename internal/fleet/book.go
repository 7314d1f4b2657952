package fleet

import (
	"cmp"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/ownership"
)

// Book puts review apps together from what is read of them, in whatever order that comes. It
// keeps of each release what tells of the app, and not every record.
type Book struct {
	lockName   func(release string) string
	namespaces map[string]Namespace
	releases   map[key]*release
	locks      map[key]Lock
}

// key is a name in a namespace.
type key struct{ namespace, name string }

// NewBook returns an empty book. lockName returns the name of a release's lock.
func NewBook(lockName func(release string) string) *Book {
	return &Book{lockName: lockName, namespaces: map[string]Namespace{}, releases: map[key]*release{}, locks: map[key]Lock{}}
}

// AddNamespace adds a namespace. One that tells of nothing takes no room.
func (b *Book) AddNamespace(n Namespace) {
	if n != (Namespace{Name: n.Name, Created: n.Created}) {
		b.namespaces[n.Name] = n
	}
}

// AddLock adds the lock of a release.
func (b *Book) AddLock(l Lock) { b.locks[key{l.Namespace, l.Name}] = l }

// AddRecord adds one of the records of a release.
func (b *Book) AddRecord(r Record) {
	at := key{r.Namespace, r.Release}
	if b.releases[at] == nil {
		b.releases[at] = &release{}
	}
	b.releases[at].add(&r)
}

// release is what the records of a release tell together.
type release struct {
	newest    *Record
	stamped   *Record   // the newest that says when it was deployed
	named     *Record   // the newest that names its branch
	identity  string    // of the newest that has one
	of        int       // the revision of that one
	several   bool      // there are records of more than one identity
	created   time.Time // when the oldest was
	keep      string
	misplaced bool
}

func (r *release) add(rec *Record) {
	newer := func(than *Record) bool { return than == nil || rec.Revision > than.Revision }
	if newer(r.newest) {
		r.newest = rec
	}
	if (!rec.Deployed.IsZero() || rec.Unread != "") && newer(r.stamped) {
		r.stamped = rec
	}
	if rec.Origin.Branch != "" && newer(r.named) {
		r.named = rec
	}
	if rec.Identity != "" {
		r.several = r.several || r.identity != "" && r.identity != rec.Identity
		if r.identity == "" || rec.Revision > r.of {
			r.identity, r.of = rec.Identity, rec.Revision
		}
	}
	if r.created.IsZero() || rec.Created.Before(r.created) {
		r.created = rec.Created
	}
	r.keep = cmp.Or(r.keep, rec.Keep)
	r.misplaced = r.misplaced || rec.Misplaced
}

// Apps returns the review apps, by namespace and release: one for each release, and one for each
// namespace of a branch's own in which nothing of that branch is stored.
func (b *Book) Apps() []App {
	apps := make([]App, 0, len(b.releases))
	taken := make(map[string]bool, len(b.releases)) // namespaces in which their own branch's release is
	for at, r := range b.releases {
		a, own := b.stored(at, r)
		apps = append(apps, a)
		taken[at.namespace] = taken[at.namespace] || own
	}
	for name := range b.namespaces {
		if ns := b.namespaces[name]; ns.Identity != "" && !ns.Shared && !taken[name] {
			apps = append(apps, b.empty(ns))
		}
	}
	slices.SortFunc(apps, func(x, y App) int {
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Release, y.Release))
	})
	return apps
}

// stored returns the app of a release, and whether it is the one that its namespace is for.
func (b *Book) stored(at key, r *release) (a App, own bool) {
	ns, last := b.namespaces[at.namespace], r.newest
	a = App{
		Namespace: at.namespace, Release: at.name, Identity: r.identity, Name: last.App, Host: last.Host, Origin: last.Origin,
		Repository: last.Repository, URL: last.URL, RunURL: last.RunURL,
		Revision: last.Revision, Status: last.Status, Changed: last.Changed,
		Created: r.created, Going: ns.Going, Keep: r.keep, Shared: true, Marked: ns.Ours,
	}
	if !last.Deployed.IsZero() { // a rollback's record does not tell what it has brought back
		a.Commit = last.Commit
	}
	if r.named != nil && last.Origin.Branch == "" { // somebody's own helm upgrade copies no annotations
		a.Name, a.Host, a.Origin = cmp.Or(a.Name, r.named.App), r.named.Host, r.named.Origin
	}
	own = ns.Identity != "" && ns.Identity == r.identity && !ns.Shared
	if own {
		a.Shared, a.Created = !ns.Ours, ns.Created
		a.Name, a.Repository = cmp.Or(a.Name, ns.App), cmp.Or(a.Repository, ns.Repository)
		a.URL, a.RunURL = cmp.Or(a.URL, ns.URL), cmp.Or(a.RunURL, ns.RunURL)
	}
	a.Keep = cmp.Or(a.Keep, keptBy(ns, own))
	a.date(r, ns, own && (ns.Last == "" || ns.Last == at.name))
	a.stay(ns)
	a.Doubt = cmp.Or(r.doubt(), otherBranch(r.identity, ns))
	b.addLock(&a)
	return a, own
}

// keptBy returns why a namespace says that what is in it is to be kept. A GitOps controller's
// mark on one that branches share is about the namespace alone, which stays.
func keptBy(ns Namespace, own bool) string {
	if ns.Keep != "" && (own || ns.Marked) {
		return "its namespace says so: " + ns.Keep
	}
	return ""
}

// doubt returns why records do not tell whose a release is.
func (r *release) doubt() string {
	switch {
	case r.several:
		return "its records are of more than one branch"
	case r.misplaced:
		return "a record of its name was copied from another release"
	}
	return ""
}

// otherBranch returns that a namespace is of another branch than a release in it.
func otherBranch(identity string, ns Namespace) string {
	if identity != "" && ns.Identity != "" && ns.Identity != identity && !ns.Shared {
		return "its namespace is of another branch"
	}
	return ""
}

// empty returns the app of a namespace in which nothing of its branch is stored.
func (b *Book) empty(ns Namespace) App {
	a := App{
		Namespace: ns.Name, Release: ns.Release, Identity: ns.Identity, Name: ns.App, Host: ns.Host, Origin: ns.Origin,
		Repository: ns.Repository, URL: ns.URL, RunURL: ns.RunURL, Commit: ns.Commit,
		Going: ns.Going, Keep: keptBy(ns, true), Shared: !ns.Ours, Marked: ns.Ours,
		Created: ns.Created, Deployed: ns.Created,
	}
	if !ns.Deployed.IsZero() {
		a.Deployed, a.Dated, a.Expires = ns.Deployed, true, ns.Expires
	}
	if !ns.Ours {
		a.Doubt = "nothing shows that Berth made this very namespace"
	}
	a.Unreadable, a.Default = unread(ns.Unread), ns.Default
	a.stay(ns)
	b.addLock(&a)
	return a
}

// date sets when the app was deployed last and until when it may stay: as the latest stamp has
// it, on the namespace of its own or on a record. told says that the namespace tells of this release,
// and not of another one of the branch. Where both are of one deploy, somebody has moved the end on
// the one that differs, and the later counts. Where one of them has none any more, somebody has
// taken it away, which no other time stands in for.
func (a *App) date(r *release, ns Namespace, told bool) {
	a.Deployed = r.newest.Created
	var latest Stamps
	if r.stamped != nil {
		latest = r.stamped.Stamps
	}
	switch {
	case told && (ns.Deployed.After(latest.Deployed) || ns.Unread != ""):
		latest = ns.Stamps
	case told && ns.Deployed.Equal(latest.Deployed):
		a.Endless = latest.Expires.IsZero() != ns.Expires.IsZero()
		latest.Expires = later(latest.Expires, ns.Expires)
	}
	a.Unreadable, a.Default = unread(latest.Unread), latest.Default
	if latest.Deployed.IsZero() {
		return
	}
	a.Deployed, a.Dated, a.Expires = latest.Deployed, true, latest.Expires
	// What an older Berth deployed since, or a rollback, counts as a deploy with the same ttl.
	since := r.newest.Created.Sub(latest.Deployed)
	if r.newest.Deployed.IsZero() && since > 0 {
		a.Deployed = r.newest.Created
		if !latest.Expires.IsZero() {
			a.Expires = latest.Expires.Add(since)
		}
	}
}

// stay has an app stay until the end that is written on its namespace, where that is later than its own,
// whoever's the namespace is, and whichever app was deployed there last. What is no time has it stay, too.
// It only ever keeps: an app without an end gets none by it, and an end that holds against all that time
// says, since it lies before the deploy, is left.
func (a *App) stay(ns Namespace) {
	if ns.Unread == ownership.AnnotationExpires {
		a.Unreadable = cmp.Or(a.Unreadable, unread(ns.Unread))
	}
	switch {
	case a.Expires.IsZero() && !a.Endless:
		a.Stay = ns.Expires
	case !a.Expires.Before(a.Deployed) && ns.Expires.After(a.Expires):
		a.Expires = ns.Expires
	}
}

// later returns the later of two ends; zero is none.
func later(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	if a.After(b) {
		return a
	}
	return b
}

// unread returns that an annotation holds no time, or "" for none.
func unread(annotation string) string {
	if annotation == "" {
		return ""
	}
	return "its " + annotation + " is no time"
}

// addLock adds what the release's lock says.
func (b *Book) addLock(a *App) {
	if a.Release == "" {
		return
	}
	l := b.locks[key{a.Namespace, b.lockName(a.Release)}]
	a.Held, a.Requests, a.Verdict, a.VerdictAt = l.Held, l.Requests, l.Verdict, l.VerdictAt
}
