//go:build cluster

package record

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	helmstorage "helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

// tapped is a transport that notes what is read with its data, objects or lists of
// them, and calls before ahead of the next such read.
type tapped struct {
	mu      sync.Mutex
	fetched []string
	before  func()
	next    http.RoundTripper
}

func (w *tapped) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || strings.Contains(req.Header.Get("Accept"), "PartialObjectMetadata") {
		return w.next.RoundTrip(req)
	}
	w.mu.Lock()
	w.fetched = append(w.fetched, strings.TrimPrefix(path.Base(req.URL.Path), keyPrefix))
	before := w.before
	w.before = nil
	w.mu.Unlock()
	if before != nil {
		before()
	}
	return w.next.RoundTrip(req)
}

// only fails the test unless just these records were fetched since the last call.
func (w *tapped) only(t *testing.T, what string, names ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.fetched)
	if !slices.Equal(w.fetched, names) {
		t.Errorf("%s fetched %v, want %v", what, w.fetched, names)
	}
	w.fetched = nil
}

// recordHistory stores revisions in these states and returns a fresh storage that
// knows none of them.
func recordHistory(t *testing.T, c *kubetest.Cluster, kind Kind, states ...release.Status) (s *storage, on *tapped, namespace string) {
	t.Helper()
	namespace = c.Namespace(t)
	writer := open(t, c.Config(), namespace, kind)
	for i, status := range states {
		must(t, writer.Create(key(strconv.Itoa(i+1)), mock("web", i+1, status)))
	}
	on = &tapped{}
	return open(t, on.tap(c.Config()), namespace, kind), on, namespace
}

func (w *tapped) tap(config *rest.Config) *rest.Config {
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		w.next = next
		return w
	}
	return config
}

// summary lists releases by number, partial ones in brackets.
func summary(list []*release.Release) string {
	slices.SortFunc(list, func(a, b *release.Release) int { return a.Version - b.Version })
	var text []string
	for _, rls := range list {
		one := fmt.Sprintf("%d %s", rls.Version, rls.Info.Status)
		if rls.Chart == nil {
			one = "[" + one + "]"
		}
		text = append(text, one)
	}
	return strings.Join(text, ", ")
}

var owned = map[string]string{"name": "web", "owner": "helm"}

func TestOnlyWhatHelmGoesByIsFetched(t *testing.T) {
	c := kubetest.Connect(t)
	for _, kind := range []Kind{Secrets, ConfigMaps} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s, on, _ := recordHistory(t, c, kind, release.StatusSuperseded, release.StatusDeployed, release.StatusFailed, release.StatusFailed)
			helm := helmstorage.Init(s)
			all, err := helm.History("web")
			must(t, err)
			if got := summary(all); got != "[1 superseded], 2 deployed, [3 failed], 4 failed" {
				t.Errorf("history %s", got)
			}
			if first := all[0]; first.Name != "web" || first.Namespace != s.Namespace() || first.Labels["status"] != "superseded" {
				t.Errorf("partial release %+v", first)
			}
			on.only(t, "the history", "web.v2", "web.v4")

			last, err := helm.Last("web")
			must(t, err)
			deployed, err := helm.Deployed("web")
			must(t, err)
			if last.Version != 4 || deployed.Version != 2 || deployed.Manifest == "" {
				t.Errorf("last %d, deployed %d", last.Version, deployed.Version)
			}
			on.only(t, "what is known")

			helm.MaxHistory = 3
			must(t, helm.Create(mock("web", 5, release.StatusPendingUpgrade)))
			on.only(t, "pruning")
			deployed.SetStatus(release.StatusSuperseded, "old") // bound to what it was read as
			must(t, helm.Update(deployed))
			all, err = helm.History("web")
			must(t, err)
			if got := summary(all); got != "[2 superseded], [4 failed], 5 pending-upgrade" {
				t.Errorf("history %s", got)
			}
			on.only(t, "what this run wrote")
			found, err := s.List(func(rls *release.Release) bool { return rls.Version > 2 })
			if err != nil || summary(found) != "4 failed, 5 pending-upgrade" {
				t.Errorf("List: %s, %v", summary(found), err)
			}
		})
	}
}

// What is known of a record counts only for the version that is listed.
func TestWhatOthersWroteIsFetchedAnew(t *testing.T) {
	c := kubetest.Connect(t)
	s, on, ns := recordHistory(t, c, Secrets, release.StatusSuperseded, release.StatusDeployed)
	stale, err := s.Query(owned)
	must(t, err)
	on.only(t, "the history", "web.v2")
	other := open(t, c.Config(), ns, Secrets)
	rls, err := other.Get(key("2"))
	must(t, err)
	rls.SetStatus(release.StatusFailed, "by another")
	must(t, other.Update(key("2"), rls))
	found, err := s.Query(owned)
	must(t, err)
	if got := summary(found); got != "[1 superseded], 2 failed" {
		t.Errorf("history %s", got)
	}
	on.only(t, "a change", "web.v2")
	if err := s.Update(key("2"), stale[0]); !errors.Is(err, facts.ErrChanged) { // newest first
		t.Errorf("a stale write: %v", err)
	}
}

// Between the list and the payload others go on writing.
func TestRecordsChangeWhileTheyAreRead(t *testing.T) {
	c := kubetest.Connect(t)
	s, on, ns := recordHistory(t, c, Secrets, release.StatusSuperseded, release.StatusFailed, release.StatusDeployed)
	other := open(t, c.Config(), ns, Secrets)
	on.before = func() { _, _ = other.Delete(key("3")) }
	found, err := s.Query(owned)
	if err != nil || summary(found) != "[1 superseded], 2 failed" {
		t.Errorf("one that went: %s, %v", summary(found), err)
	}
	must(t, other.Create(key("3"), mock("web", 3, release.StatusDeployed)))
	on.before = func() { patchLabels(t, c, ns, Secrets, key("3"), `{"status":"superseded"}`) }
	found, err = s.Query(map[string]string{"name": "web", "owner": "helm", "status": "deployed"})
	if err != nil || len(found) != 0 {
		t.Errorf("one that is deployed no more: %s, %v", summary(found), err)
	}
}

// The release with the highest number is whole, also where the newest record cannot be
// read. What belongs elsewhere is no release of these.
func TestTheLastOneIsWhole(t *testing.T) {
	c := kubetest.Connect(t)
	for name, tc := range map[string]struct {
		payload func(t *testing.T) string // of revision 4
		want    string                    // "": it is refused
		fetched []string
	}{
		"unreadable": {func(*testing.T) string { return "garbage" },
			"[1 superseded], [2 superseded], 3 failed", []string{"web.v3", "web.v4"}},
		"an older revision's": {func(t *testing.T) string { return payloadOf(t, mock("web", 2, release.StatusDeployed)) },
			"", []string{"web.v4"}},
		"a newer revision's": {func(t *testing.T) string { return payloadOf(t, mock("web", 7, release.StatusDeployed)) },
			"", []string{"web.v4"}},
		"another namespace's": {func(t *testing.T) string {
			copied := mock("web", 4, release.StatusDeployed)
			copied.Namespace = "elsewhere"
			return payloadOf(t, copied)
		}, "", []string{"web.v4"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, on, _ := recordHistory(t, c, Secrets, release.StatusSuperseded, release.StatusSuperseded, release.StatusFailed, release.StatusFailed)
			broken, err := s.client.objects.get(t.Context(), key("4"))
			must(t, err)
			changed := *broken
			changed.Payload = tc.payload(t)
			_, err = s.client.objects.update(t.Context(), &changed)
			must(t, err)
			on.only(t, "this test", "web.v4")
			found, err := s.Query(owned)
			if _, misplaced := errors.AsType[*MisplacedError](err); misplaced != (tc.want == "") || misplaced && len(found) > 0 ||
				misplaced && problem.Of(err).Reason != problem.Foreign {
				t.Fatalf("history %s, %v", summary(found), err)
			}
			if got := summary(found); got != tc.want {
				t.Errorf("history %s, want %s", got, tc.want)
			}
			on.only(t, "the history", tc.fetched...)
		})
	}
}

func payloadOf(t *testing.T, rls *release.Release) string {
	t.Helper()
	raw, err := marshal(rls, descriptionLimit)
	must(t, err)
	return stored(t, string(raw))
}

// A name that tells no revision of the release is no base for a partial release: Helm
// prunes by the number in the payload.
func TestOddNamesAreRead(t *testing.T) {
	c := kubetest.Connect(t)
	s, on, ns := recordHistory(t, c, Secrets, release.StatusSuperseded, release.StatusSuperseded, release.StatusDeployed)
	garbage(t, c, ns, "mine", nil)
	garbage(t, c, ns, "sh.helm.release.v1.api.v1", nil)
	found, err := s.Query(owned)
	if err != nil || summary(found) != "[1 superseded], [2 superseded], 3 deployed" {
		t.Errorf("history %s, %v", summary(found), err)
	}
	on.only(t, "the history", "api.v1", "mine", "web.v3")
}

func TestPartialReleasesAreNeverStored(t *testing.T) {
	c := kubetest.Connect(t)
	s, _, ns := recordHistory(t, c, Secrets, release.StatusSuperseded, release.StatusDeployed)
	found, err := s.Query(owned)
	must(t, err)
	partial := found[1]
	partial.SetStatus(release.StatusFailed, "by mistake")
	deleted, err := s.Delete(key("2"))
	must(t, err)
	for name, err := range map[string]error{
		"update": s.Update(key("1"), partial), "create": s.Create(key("3"), partial), "create of a deleted one": s.Create(key("2"), deleted),
	} {
		if _, is := errors.AsType[*PartialError](err); !is || problem.Of(err).Reason != problem.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.Failed() == nil {
		t.Error("the audit knows nothing of it")
	}
	rls, err := open(t, c.Config(), ns, Secrets).Get(key("1"))
	if err != nil || rls.Info.Status != release.StatusSuperseded || rls.Manifest == "" {
		t.Errorf("stored %+v, %v", rls, err)
	}
}

// A check proves what is stored now, so it never goes by memory.
func TestLoadFetchesAlways(t *testing.T) {
	c := kubetest.Connect(t)
	s, on, _ := recordHistory(t, c, Secrets, release.StatusPendingInstall)
	records, err := s.Revisions(t.Context(), "web")
	must(t, err)
	loaded, err := s.Load(t.Context(), &records[0])
	must(t, err)
	on.only(t, "the first time", "web.v1")
	must(t, s.Settle(t.Context(), loaded, facts.StatusFailed, "unlocked"))
	records, err = s.Revisions(t.Context(), "web")
	must(t, err)
	_, err = s.Load(t.Context(), &records[0])
	if err != nil || records[0].PayloadStatus != facts.StatusFailed || records[0].Managers[0] != fieldManager {
		t.Errorf("record %+v, %v", records[0], err)
	}
	on.only(t, "the second time", "web.v1")
}

// A list of a namespace's records costs the API server a look at all of them, and the run has made one right before. Whoever
// writes without the lock has taken the name that Helm creates.
func TestHelmGoesByWhatTheRunHasListed(t *testing.T) {
	c := kubetest.Connect(t)
	s, _, namespace := recordHistory(t, c, Secrets, release.StatusSuperseded, release.StatusDeployed)
	history := func() string {
		t.Helper()
		all, err := s.Query(owned)
		must(t, err)
		return summary(all)
	}
	if _, err := s.Revisions(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	other := open(t, c.Config(), namespace, Secrets)
	other.onCreate.stamp.Run = "run2"
	must(t, other.Create(key("3"), mock("web", 3, release.StatusPendingUpgrade)))
	if got := history(); got != "[1 superseded], 2 deployed" {
		t.Errorf("before the operation writes: %s", got)
	}
	deployed, err := s.Query(map[string]string{"name": "web", "owner": "helm", "status": "deployed"})
	must(t, err)
	if got := summary(deployed); got != "2 deployed" {
		t.Errorf("what is deployed: %s", got)
	}
	if err := s.Create(key("3"), mock("web", 3, release.StatusPendingUpgrade)); !errors.Is(err, driver.ErrReleaseExists) {
		t.Errorf("a revision that somebody else has stored is created: %v", err)
	}
	if got := history(); got != "[1 superseded], 2 deployed, 3 pending-upgrade" {
		t.Errorf("once it has written: %s", got)
	}
}
