package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// fakeRecords keeps the records of one release in memory and behaves as
// internal/helm over internal/helm/record does on a cluster: Records lists
// metadata alone, Load reads a payload afresh, and a write goes through only
// over the version that was read. Embed it in a fake of Releases and add the
// Helm operations.
//
// The methods of Releases are the engine's; put, change, remove and helmWrites
// play the others who write: a scenario's past, somebody else, or Helm.
type fakeRecords struct {
	release   string
	run       string            // stamped on what helmWrites creates
	identity  string            // the same
	clock     func() time.Time  // nil: time.Now
	others    []facts.Neighbour // what Others returns
	elsewhere string            // what Elsewhere returns
	unlisted  bool              // it may not be listed

	mu          sync.Mutex
	deadline    time.Time                  // of Begin
	stored      map[string]versioned       // by key
	quarantined map[string]facts.Record    // by the copy's name
	known       map[string]int             // versions by UID, as last listed, loaded or written
	listed      map[string]int             // versions by UID, as Records last saw those that Changed watches
	loaded      map[string]versioned       // by key, as last loaded or written
	writes      []fakeWrite                // the audit
	changed     chan struct{}              // closed by the next change
	calls       map[string]int             // by method
	before      map[string]func(int) error // by method
	version     int                        // of the newest change
}

// versioned is a record with its payload and its resourceVersion.
type versioned struct {
	facts.Record
	version int
}

// fakeWrite is one entry of the audit. helm marks those that Helm asked for.
type fakeWrite struct {
	result.Write
	err  error
	helm bool
}

var _ Records = (*fakeRecords)(nil)

// newFakeRecords keeps these records of release "web". Each gets a key and a UID
// where it has none; its Content is what its payload holds, so that a record
// with a DecodeError is one that nobody can read.
func newFakeRecords(records ...facts.Record) *fakeRecords {
	r := &fakeRecords{
		release: "web", run: "this-run", identity: "me",
		stored: map[string]versioned{}, quarantined: map[string]facts.Record{}, known: map[string]int{},
		loaded: map[string]versioned{}, changed: make(chan struct{}),
		calls: map[string]int{}, before: map[string]func(int) error{},
	}
	for _, rec := range records {
		r.put(rec)
	}
	return r
}

// revision is a record that label and payload agree on.
func revision(number int, status facts.Status) facts.Record {
	return facts.Record{Revision: number, LabelStatus: status,
		Content: facts.Content{PayloadStatus: status, Manifest: fmt.Sprintf("# revision %d", number)}}
}

// on calls do before the method's n-th call does anything; an error from it is
// the method's own, and nothing is stored. do may change the records.
func (r *fakeRecords) on(method string, n int, do func() error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	earlier := r.before[method]
	r.before[method] = func(call int) error {
		if earlier != nil {
			if err := earlier(call); err != nil {
				return err
			}
		}
		if call != n {
			return nil
		}
		return do()
	}
}

// fail lets the method's n-th call fail with err.
func (r *fakeRecords) fail(method string, n int, err error) {
	r.on(method, n, func() error { return err })
}

// put stores a record, as somebody who asks for no version would.
func (r *fakeRecords) put(rec facts.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.Key = cmp.Or(rec.Key, r.key(rec.Revision))
	if rec.UID == "" {
		rec.UID = cmp.Or(r.stored[rec.Key].UID, fmt.Sprintf("uid-%d", r.version+1))
	}
	r.store(rec)
}

// change edits a stored record behind the engine's back.
func (r *fakeRecords) change(key string, edit func(*facts.Record)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.stored[key].Record
	edit(&rec)
	r.store(rec)
}

// remove deletes a record behind the engine's back.
func (r *fakeRecords) remove(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(key)
}

// helmWrites is a write of Helm's during an operation: "create" and "update"
// store rec, "delete" removes it. With err nothing is stored, and WriteFailure
// tells of it until a later write of the same record succeeds. What is created
// is stamped with the run and the deadline of Begin.
func (r *fakeRecords) helmWrites(verb string, rec facts.Record, err error) {
	r.mu.Lock()
	rec.Key = cmp.Or(rec.Key, r.key(rec.Revision))
	if verb == "create" {
		rec.Created = r.now()
		rec.Stamp = facts.Stamp{Run: r.run, Deadline: r.deadline, Revision: rec.Revision}
		rec.Identity = r.identity
	}
	rec.Touched, rec.Managers = r.now(), []string{facts.FieldManager}
	r.audit(verb, &rec, rec.PayloadStatus, err, true)
	r.mu.Unlock()
	switch {
	case err != nil:
	case verb == "delete":
		r.remove(rec.Key)
	default:
		r.put(rec)
	}
}

// statuses is "1 superseded, 2 deployed": every stored revision and its payload's
// status, in brackets the label's where that is another.
func (r *fakeRecords) statuses() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text []string
	for _, rec := range r.sorted() {
		one := fmt.Sprintf("%d %s", rec.Revision, rec.PayloadStatus)
		if rec.LabelStatus != rec.PayloadStatus {
			one += fmt.Sprintf(" (%s)", rec.LabelStatus)
		}
		text = append(text, one)
	}
	return strings.Join(text, ", ")
}

// Begin keeps the deadline for the stamps of what helmWrites creates.
func (r *fakeRecords) Begin(deadline time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deadline = deadline
}

// Records lists metadata by revision, ascending, hidden records included.
func (r *fakeRecords) Records(ctx context.Context) ([]facts.Record, error) {
	err := r.enter(ctx, "Records", "")
	defer r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	r.listed = map[string]int{}
	var list []facts.Record
	for _, rec := range r.sorted() {
		r.known[rec.UID] = rec.version
		if !rec.Hidden {
			r.listed[rec.UID] = rec.version
		}
		list = append(list, metadata(rec.Record))
	}
	return list, nil
}

// Load reads a payload into rec, whatever was read before.
func (r *fakeRecords) Load(ctx context.Context, rec *facts.Record) error {
	err := r.enter(ctx, "Load", rec.Key)
	defer r.mu.Unlock()
	if err != nil {
		return err
	}
	return r.load(rec)
}

func (r *fakeRecords) load(rec *facts.Record) error {
	found, err := r.same("read", rec)
	if err != nil {
		return err
	}
	r.known[found.UID], r.loaded[rec.Key] = found.version, found
	*rec = found.Record
	rec.Loaded, rec.Size = true, max(rec.Size, len(rec.Manifest))
	if rec.DecodeError != "" {
		rec.Content = facts.Content{Loaded: true, DecodeError: rec.DecodeError}
	}
	return nil
}

// Settle writes status and description over the version that was loaded. As in
// the store, rec is left to its owner.
func (r *fakeRecords) Settle(ctx context.Context, rec *facts.Record, status facts.Status, description string) error {
	return r.write(ctx, "Settle", rec, func(stored *facts.Record) bool {
		if stored.PayloadStatus != status {
			stored.Baseline = nil
		}
		stored.PayloadStatus, stored.Description = status, description
		return true
	})
}

// Accept writes a baseline over the version that was loaded.
func (r *fakeRecords) Accept(ctx context.Context, rec *facts.Record, b facts.Baseline) error {
	return r.write(ctx, "Accept", rec, func(stored *facts.Record) bool {
		stored.Baseline = b
		return true
	})
}

// Relabel gives a record the labels that its payload calls for, over the version
// that was loaded, and writes nothing when they are right.
func (r *fakeRecords) Relabel(ctx context.Context, rec *facts.Record) error {
	err := r.write(ctx, "Relabel", rec, func(stored *facts.Record) bool {
		return stored.Hidden || stored.LabelStatus != stored.PayloadStatus
	})
	if err == nil {
		rec.LabelStatus, rec.Hidden = rec.PayloadStatus, false
	}
	return err
}

// write edits a loaded record by compare-and-swap; edit says whether there is
// anything to write.
func (r *fakeRecords) write(ctx context.Context, method string, rec *facts.Record, edit func(*facts.Record) bool) error {
	injected := r.enter(ctx, method, rec.Key)
	defer r.mu.Unlock()
	if _, ok := r.loaded[rec.Key]; !ok && injected == nil {
		if err := r.load(rec); err != nil {
			return err
		}
	}
	from := r.loaded[rec.Key]
	if from.DecodeError != "" {
		return r.problem("update", rec.Key, problem.RecordUnreadable, errors.New(from.DecodeError))
	}
	next := from.Record
	if !edit(&next) {
		return injected
	}
	next.LabelStatus, next.Hidden = next.PayloadStatus, false
	next.Touched, next.Managers = r.now(), []string{facts.FieldManager}
	err := injected
	if err == nil {
		err = r.unchanged("update", rec.Key, from.UID, from.version)
	}
	r.audit("update", &next, next.PayloadStatus, err, false)
	if errors.Is(err, facts.ErrChanged) {
		delete(r.loaded, rec.Key)
	}
	if err != nil {
		return err
	}
	r.store(next)
	r.known[next.UID], r.loaded[rec.Key] = r.version, r.stored[rec.Key]
	return nil
}

// Discard deletes a record in the version that was last listed, loaded or
// written. One that is gone already is no error.
func (r *fakeRecords) Discard(ctx context.Context, rec *facts.Record) error {
	injected := r.enter(ctx, "Discard", rec.Key)
	defer r.mu.Unlock()
	return r.discard(rec, injected)
}

func (r *fakeRecords) discard(rec *facts.Record, err error) error {
	delete(r.loaded, rec.Key)
	if _, there := r.stored[rec.Key]; there && err == nil {
		err = r.unchanged("delete", rec.Key, rec.UID, r.known[rec.UID])
	}
	r.audit("delete", rec, rec.LabelStatus, err, false)
	if err == nil {
		r.drop(rec.Key)
	}
	return err
}

// Quarantine moves a record out of the release, unless it changed since it was
// listed or loaded.
func (r *fakeRecords) Quarantine(ctx context.Context, rec *facts.Record) (string, error) {
	injected := r.enter(ctx, "Quarantine", rec.Key)
	defer r.mu.Unlock()
	delete(r.loaded, rec.Key)
	found, err := r.same("read", rec)
	if err == nil {
		err = r.unchanged("quarantine", rec.Key, found.UID, r.known[found.UID])
	}
	switch {
	case injected != nil:
		r.audit("create", rec, "", injected, false)
		return "", injected
	case err != nil: // no write was sent
		return "", err
	}
	copied := fmt.Sprintf("%s-quarantined-%06x", rec.Key, found.version)
	r.quarantined[copied] = found.Record
	r.audit("create", &facts.Record{Key: copied, Revision: rec.Revision}, "", nil, false)
	r.drop(rec.Key)
	r.audit("delete", rec, rec.LabelStatus, nil, false)
	return copied, nil
}

// DiscardQuarantined forgets what Quarantine moved away.
func (r *fakeRecords) DiscardQuarantined(ctx context.Context) error {
	err := r.enter(ctx, "DiscardQuarantined", "")
	defer r.mu.Unlock()
	if err != nil {
		return err
	}
	for _, copied := range slices.Sorted(maps.Keys(r.quarantined)) {
		r.audit("delete", &facts.Record{Key: copied}, "", nil, false)
	}
	clear(r.quarantined)
	return nil
}

// Purge deletes every record, the newest last, or none where one is not known.
func (r *fakeRecords) Purge(ctx context.Context, known []facts.Record) error {
	err := r.enter(ctx, "Purge", "")
	defer r.mu.Unlock()
	if err != nil {
		return err
	}
	for _, rec := range r.sorted() {
		if !slices.ContainsFunc(known, func(k facts.Record) bool { return k.UID == rec.UID }) {
			return &problem.Problem{Reason: problem.LiveOperation, Tried: "purge", Cause: facts.ErrChanged, Next: "wait"}
		}
	}
	for _, rec := range r.sorted() {
		r.known[rec.UID] = rec.version
		if err := r.discard(&rec.Record, nil); err != nil {
			return err
		}
	}
	return nil
}

// Changed returns when a record that carries the release's name is no longer as
// Records last saw it, or with the cause of ctx's end.
func (r *fakeRecords) Changed(ctx context.Context) error {
	if err := r.enter(context.WithoutCancel(ctx), "Changed", ""); err != nil {
		r.mu.Unlock()
		return err
	}
	if r.listed == nil { // nothing was listed: the change is one from now on
		r.listed = r.visible()
	}
	for {
		changed, same := r.changed, maps.Equal(r.visible(), r.listed)
		r.mu.Unlock()
		if !same {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
		r.mu.Lock()
	}
}

// Others returns what the test set and, once the release is gone, its own where
// it has a record.
func (r *fakeRecords) Others(ctx context.Context, gone bool) (releases []facts.Neighbour, unlisted []string, err error) {
	err = r.enter(ctx, "Others", "")
	defer r.mu.Unlock()
	if err != nil {
		return nil, nil, err
	}
	if all := slices.Clone(r.others); !gone || len(r.sorted()) == 0 {
		return all, nil, nil
	}
	return append(slices.Clone(r.others), facts.Neighbour{Name: "web, deployed again meanwhile"}), nil, nil
}

// Elsewhere returns what the test set.
func (r *fakeRecords) Elsewhere(ctx context.Context) (resource string, has, denied bool, err error) {
	err = r.enter(ctx, "Elsewhere", "")
	defer r.mu.Unlock()
	return r.elsewhere, r.elsewhere != "" && !r.unlisted, r.unlisted, err
}

// Audit is every write, Helm's and the engine's.
func (r *fakeRecords) Audit() []result.Write {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []result.Write
	for _, w := range r.writes {
		list = append(list, w.Write)
	}
	return list
}

// WriteFailure is the first write of Helm's that failed and was not made good.
func (r *fakeRecords) WriteFailure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, w := range r.writes {
		good := slices.ContainsFunc(r.writes[i+1:], func(later fakeWrite) bool { return later.Key == w.Key && later.err == nil })
		if w.helm && w.err != nil && !good {
			return w.err
		}
	}
	return nil
}

// enter counts a call, runs what the test put before it, and returns with the
// lock held and the error that the method shall return, if any.
func (r *fakeRecords) enter(ctx context.Context, method, key string) (err error) {
	r.mu.Lock()
	r.calls[method]++
	if n, before := r.calls[method], r.before[method]; before != nil {
		r.mu.Unlock()
		err = before(n)
		r.mu.Lock()
	}
	switch {
	case err != nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return r.problem(strings.ToLower(method), key, problem.Unanswered, ctx.Err())
	case ctx.Err() != nil:
		return fmt.Errorf("%s the release record %s: %w", strings.ToLower(method), key, ctx.Err())
	}
	return nil
}

// same finds a record that was listed, in whatever version it is now.
func (r *fakeRecords) same(verb string, rec *facts.Record) (versioned, error) {
	found, ok := r.stored[rec.Key]
	switch {
	case !ok:
		return found, r.problem(verb, rec.Key, problem.Inconsistent, facts.ErrChanged)
	case rec.UID != "" && rec.UID != found.UID:
		return found, r.problem(verb, rec.Key, problem.LiveOperation, facts.ErrChanged)
	}
	return found, nil
}

// unchanged is the server's precondition. A version of 0 is not known, and asks
// for none.
func (r *fakeRecords) unchanged(verb, key, uid string, version int) error {
	found, err := r.same(verb, &facts.Record{Key: key, UID: uid})
	if err == nil && version != 0 && version != found.version {
		return r.problem(verb, key, problem.LiveOperation, facts.ErrChanged)
	}
	return err
}

func (r *fakeRecords) problem(verb, key string, reason problem.ExitReason, cause error) error {
	return &problem.Problem{Reason: reason, Tried: verb + " the release record " + key, Cause: cause, Next: "Run again."}
}

func (r *fakeRecords) audit(verb string, rec *facts.Record, status facts.Status, err error, helm bool) {
	w := fakeWrite{err: err, helm: helm, Write: result.Write{
		Verb: verb, Resource: "secrets", Key: rec.Key, Revision: rec.Revision, Status: status, Tries: 1,
	}}
	if err != nil {
		w.Error = err.Error()
		w.Denied = problem.Of(err).Reason == problem.PermissionMissing
		w.Conflict = errors.Is(err, facts.ErrChanged) && problem.Of(err).Reason == problem.LiveOperation // not one that is gone
	}
	r.writes = append(r.writes, w)
}

func (r *fakeRecords) store(rec facts.Record) {
	r.version++
	r.stored[rec.Key] = versioned{Record: rec, version: r.version}
	r.wake()
}

func (r *fakeRecords) drop(key string) {
	if _, ok := r.stored[key]; !ok {
		return
	}
	r.version++
	delete(r.stored, key)
	r.wake()
}

func (r *fakeRecords) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *fakeRecords) sorted() []versioned {
	return slices.SortedFunc(maps.Values(r.stored), func(a, b versioned) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Key, b.Key))
	})
}

// visible is what Changed watches. A record that lost its name is not among it.
func (r *fakeRecords) visible() map[string]int {
	versions := map[string]int{}
	for _, rec := range r.stored {
		if !rec.Hidden {
			versions[rec.UID] = rec.version
		}
	}
	return versions
}

func (r *fakeRecords) key(revision int) string {
	return fmt.Sprintf("sh.helm.release.v1.%s.v%d", r.release, revision)
}

func (r *fakeRecords) now() time.Time {
	if r.clock == nil {
		return time.Now()
	}
	return r.clock()
}

// metadata is a record as a list shows it.
func metadata(rec facts.Record) facts.Record {
	rec.Content, rec.Size, rec.Misplaced = facts.Content{}, 0, ""
	return rec
}

func TestFakeRecordsListMetadataAndLoadPayloads(t *testing.T) {
	hidden := revision(2, facts.StatusDeployed)
	hidden.Hidden = true
	broken := revision(3, facts.StatusFailed)
	broken.DecodeError = "it is garbage"
	r := newFakeRecords(broken, revision(1, facts.StatusSuperseded), hidden)
	records, err := r.Records(t.Context())
	if err != nil || len(records) != 3 || records[0].Revision != 1 || !records[1].Hidden {
		t.Fatalf("records %+v, %v", records, err)
	}
	for i := range records {
		if records[i].Loaded || records[i].PayloadStatus != "" || records[i].Manifest != "" {
			t.Errorf("the list holds a payload: %+v", records[i])
		}
		if err := r.Load(t.Context(), &records[i]); err != nil || !records[i].Loaded {
			t.Errorf("loaded %+v, %v", records[i], err)
		}
	}
	if records[0].Manifest != "# revision 1" || records[2].PayloadStatus != "" || records[2].DecodeError == "" {
		t.Errorf("records %+v", records)
	}
	if err := r.Settle(t.Context(), &records[2], facts.StatusFailed, "unlocked"); problem.Of(err).Reason != problem.RecordUnreadable {
		t.Errorf("settled what cannot be read: %v", err)
	}
	if err := r.Relabel(t.Context(), &records[1]); err != nil || records[1].Hidden {
		t.Errorf("relabelled %+v, %v", records[1], err)
	}
	wrote := len(r.Audit())
	if err := r.Relabel(t.Context(), &records[1]); err != nil || len(r.Audit()) != wrote {
		t.Errorf("relabelled twice: %v, %+v", err, r.Audit())
	}
}

func TestFakeRecordsWriteOnlyOverWhatWasRead(t *testing.T) {
	writes := map[string]func(*fakeRecords, *facts.Record) error{
		"Settle": func(r *fakeRecords, rec *facts.Record) error {
			return r.Settle(t.Context(), rec, facts.StatusFailed, "unlocked")
		},
		"Relabel": func(r *fakeRecords, rec *facts.Record) error { return r.Relabel(t.Context(), rec) },
		"Discard": func(r *fakeRecords, rec *facts.Record) error { return r.Discard(t.Context(), rec) },
		"Quarantine": func(r *fakeRecords, rec *facts.Record) error {
			_, err := r.Quarantine(t.Context(), rec)
			return err
		},
	}
	for name, write := range writes {
		for change, reason := range map[string]problem.ExitReason{"": "", "edited": problem.LiveOperation, "replaced": problem.LiveOperation,
			"gone": problem.Inconsistent} {
			rec := revision(1, facts.StatusPendingInstall)
			rec.LabelStatus = facts.StatusDeployed
			r := newFakeRecords(rec)
			records, _ := r.Records(t.Context())
			if err := r.Load(t.Context(), &records[0]); err != nil {
				t.Fatal(err)
			}
			r.on(name, 1, func() error {
				switch change {
				case "edited":
					r.change(records[0].Key, func(rec *facts.Record) { rec.Description = "by hand" })
				case "replaced":
					r.remove(records[0].Key)
					r.put(revision(1, facts.StatusPendingInstall))
				case "gone":
					r.remove(records[0].Key)
				}
				return nil
			})
			if change == "gone" && name == "Discard" {
				reason = ""
			}
			err := write(r, &records[0])
			if (err != nil) != (reason != "") || err != nil && (problem.Of(err).Reason != reason || !errors.Is(err, facts.ErrChanged)) {
				t.Errorf("%s of one that is %q: %v", name, change, err)
			}
			writes := r.Audit()
			if name == "Quarantine" && reason != "" { // it sent nothing
				if len(writes) != 0 {
					t.Errorf("%s of one that is %q: audit %+v", name, change, writes)
				}
			} else if writes[len(writes)-1].Conflict != (reason == problem.LiveOperation) {
				t.Errorf("%s of one that is %q: audit %+v", name, change, writes)
			}
		}
	}
}

func TestFakeRecordsTellOfChanges(t *testing.T) {
	r := newFakeRecords(revision(1, facts.StatusPendingInstall))
	records, _ := r.Records(t.Context())
	done := make(chan error)
	go func() { done <- r.Changed(t.Context()) }()
	select {
	case err := <-done:
		t.Fatalf("returned before the change: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	r.change(records[0].Key, func(rec *facts.Record) { rec.LabelStatus = facts.StatusFailed })
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := r.Changed(t.Context()); err != nil { // nobody listed it since
		t.Error(err)
	}
	_, _ = r.Records(t.Context())
	why := errors.New("long enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, why)
	defer cancel()
	if err := r.Changed(ctx); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

func TestFakeRecordsKeepHelmsFailures(t *testing.T) {
	denied := &problem.Problem{Reason: problem.PermissionMissing, Tried: "update the record"}
	r := newFakeRecords()
	r.Begin(time.Unix(1800, 0))
	r.helmWrites("create", revision(1, facts.StatusPendingInstall), nil)
	r.helmWrites("update", revision(1, facts.StatusDeployed), denied)
	if !errors.Is(r.WriteFailure(), denied) || !r.Audit()[1].Denied || r.statuses() != "1 pending-install" {
		t.Errorf("failure %v, audit %+v, stored %s", r.WriteFailure(), r.Audit(), r.statuses())
	}
	records, _ := r.Records(t.Context())
	if records[0].Stamp.Run != "this-run" || records[0].Stamp.Deadline.IsZero() || records[0].Identity != "me" {
		t.Errorf("record %+v", records[0])
	}
	r.fail("Settle", 1, denied)
	for range 2 {
		_ = r.Settle(t.Context(), &records[0], facts.StatusDeployed, "promoted")
	}
	if r.WriteFailure() != nil || r.statuses() != "1 deployed" || len(r.Audit()) != 4 {
		t.Errorf("failure %v, audit %+v, stored %s", r.WriteFailure(), r.Audit(), r.statuses())
	}
	if _, err := r.Quarantine(t.Context(), &records[0]); err != nil || len(r.quarantined) != 1 || r.statuses() != "" {
		t.Errorf("quarantine: %v, %s", err, r.statuses())
	}
	r.put(revision(2, facts.StatusDeployed))
	stored, err := r.Records(t.Context())
	if err := errors.Join(err, r.Purge(t.Context(), stored), r.DiscardQuarantined(t.Context())); err != nil || r.statuses() != "" ||
		len(r.quarantined) != 0 {
		t.Errorf("purged: %v, %s", err, r.statuses())
	}
}
