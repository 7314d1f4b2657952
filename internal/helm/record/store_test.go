package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

var secretsResource = schema.GroupResource{Resource: "secrets"}

func testStore() *Store {
	return &Store{memory: newMemory(), opts: Options{
		Kind: Secrets, Namespace: "review", Identity: "me",
		Stamp: facts.Stamp{Run: "run2", Deadline: time.Unix(1800, 0)},
		Now:   func() time.Time { return time.Unix(1000, 0) },
	}.withDefaults()}
}

func TestParseDriver(t *testing.T) {
	for env, want := range map[string]Kind{
		"": Secrets, "secret": Secrets, "secrets": Secrets, "configmap": ConfigMaps, "configmaps": ConfigMaps,
	} {
		if got, err := ParseDriver(env); got != want || err != nil {
			t.Errorf("ParseDriver(%q) = %q, %v", env, got, err)
		}
	}
	for _, env := range []string{"sql", "memory", "Secret", "etcd"} {
		if _, err := ParseDriver(env); problem.Of(err).Reason != problem.WrongInput {
			t.Errorf("ParseDriver(%q): %v", env, err)
		}
	}
}

// Upgrade and Rollback hand the previous revision's labels on, its stamp and
// Helm's own labels among them.
func TestLabelsOfNewStripsWhatWasInherited(t *testing.T) {
	rls := mock("web", 2, release.StatusPendingUpgrade)
	rls.Labels = map[string]string{
		"team": "a", "name": "web", "version": "1", "status": "deployed", "createdAt": "1", "modifiedAt": "2",
		LabelRun: "run1", LabelRevision: "1", LabelDeadline: "7", ownership.LabelIdentity: "other",
	}
	want := map[string]string{
		"team": "a", "name": "web", "owner": "helm", "version": "2", "status": "pending-upgrade", "createdAt": "1000",
		LabelRun: "run2", LabelRevision: "2", LabelDeadline: "1800", ownership.LabelIdentity: "me",
	}
	s := testStore()
	if diff := cmp.Diff(want, s.labelsOfNew(rls)); diff != "" {
		t.Error(diff)
	}
	s.opts.Stamp, s.opts.Identity = facts.Stamp{}, ""
	for key := range s.labelsOfNew(rls) {
		if key == LabelRun || key == LabelRevision || key == LabelDeadline || key == ownership.LabelIdentity {
			t.Errorf("%s was inherited", key)
		}
	}
}

func TestLabelsOfChanged(t *testing.T) {
	rls := mock("web", 2, release.StatusDeployed)
	own := map[string]string{"x": "y", LabelRun: "run1", LabelRevision: "2", ownership.LabelIdentity: "me"}
	want := map[string]string{
		"x": "y", "name": "web", "owner": "helm", "version": "2", "status": "deployed", "modifiedAt": "1000",
		LabelRun: "run1", LabelRevision: "2", ownership.LabelIdentity: "me",
	}
	if diff := cmp.Diff(want, testStore().labelsOfChanged(own, rls)); diff != "" {
		t.Error(diff)
	}
	own[LabelRevision] = "1" // copied by Helm from the revision before
	delete(want, LabelRun)
	delete(want, LabelRevision)
	if diff := cmp.Diff(want, testStore().labelsOfChanged(own, rls)); diff != "" {
		t.Error(diff)
	}
}

func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		key    string
		labels map[string]string
		name   string
		rev    int
	}{
		{"x", map[string]string{"name": "web", "version": "4"}, "web", 4},
		{"sh.helm.release.v1.web.v2.v12", nil, "web.v2", 12},
		{"sh.helm.release.v1.web.v3", map[string]string{"version": "x"}, "web", 3},
		{"sh.helm.release.v1.web.v3", map[string]string{"name": "api", "version": "4"}, "api", 4},
		{"sh.helm.release.v1.web.v3", map[string]string{"name": "web", "version": "9"}, "web", 3},
		{"sh.helm.release.v1.web.v3.v4", map[string]string{"owner": "helm"}, "web.v3", 4},
		{"sh.helm.release.v1.web.v03", nil, "", 0},
		{"sh.helm.release.v1.web.v0", nil, "", 0},
		{"sh.helm.release.v1.web.v-1", nil, "", 0},
		{"sh.helm.release.v1.web.v3-quarantined-0a1b2c", nil, "", 0},
		{"sh.helm.release.v1..v3", nil, "", 0},
		{"sh.helm.release.v1.v3", nil, "", 0},
		{"other", nil, "", 0},
	} {
		name, rev := identify(&metav1.ObjectMeta{Name: c.key, Labels: c.labels})
		if name != c.name || rev != c.rev {
			t.Errorf("%s: got %q %d", c.key, name, rev)
		}
	}
}

func TestTransient(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("no route to host")}
	fence := &url.Error{Op: "Put", Err: fmt.Errorf("fence closed: %w", context.DeadlineExceeded)}
	for _, c := range []struct {
		name                 string
		err                  error
		transient, uncertain bool
	}{
		{"none", nil, false, false},
		{"429", apierrors.NewTooManyRequests("", 1), true, false},
		{"500", apierrors.NewInternalError(errors.New("etcdserver: leader changed")), true, true},
		{"503", apierrors.NewServiceUnavailable(""), true, true},
		{"504", apierrors.NewTimeoutError("", 0), true, true},
		{"401", apierrors.NewUnauthorized(""), false, false},
		{"403", apierrors.NewForbidden(secretsResource, "a", nil), false, false},
		{"404", apierrors.NewNotFound(secretsResource, "a"), false, false},
		{"409", apierrors.NewConflict(secretsResource, "a", nil), false, false},
		{"413", apierrors.NewRequestEntityTooLargeError(""), false, false},
		{"422", apierrors.NewInvalid(schema.GroupKind{}, "a", nil), false, false},
		{"refused", &url.Error{Op: "Put", Err: syscall.ECONNREFUSED}, true, false},
		{"dial", &url.Error{Op: "Put", Err: dial}, true, false},
		{"reset", &url.Error{Op: "Put", Err: syscall.ECONNRESET}, true, true},
		{"EOF", &url.Error{Op: "Put", Err: io.EOF}, true, true},
		{"connection broke in another's write", &url.Error{Op: "Put", Err: errors.New("http2: client connection force closed via ClientConn.Close")}, true, true},
		{"timeout", &url.Error{Op: "Put", Err: context.DeadlineExceeded}, true, true},
		{"cancelled", &url.Error{Op: "Put", Err: context.Canceled}, false, true},
		{"fence", fence, false, false},
		{"again", &sendAgain{apierrors.NewConflict(secretsResource, "a", nil)}, true, true},
	} {
		if got := transient(c.err); got != c.transient {
			t.Errorf("%s: transient %t", c.name, got)
		}
		if got := uncertain(c.err); got != c.uncertain {
			t.Errorf("%s: uncertain %t", c.name, got)
		}
	}
}

func TestPaceHonoursTheServer(t *testing.T) {
	p := &pace{BackOff: backoff.NewConstantBackOff(time.Second)}
	for _, c := range []struct {
		seconds int
		want    time.Duration
	}{{0, time.Second}, {5, 5 * time.Second}, {3600, backoff.Stop}} {
		p.hear(apierrors.NewTooManyRequests("", c.seconds))
		if got := p.NextBackOff(); got != c.want {
			t.Errorf("Retry-After %d: waits %s", c.seconds, got)
		}
	}
}

func TestFailedForgetsWhatWasMadeGood(t *testing.T) {
	s := testStore()
	boom, worse := errors.New("boom"), errors.New("worse")
	write := func(key string, err error) { _ = s.end(s.beginHelms("update", key, nil), err) }
	write("a", nil)
	write("a", boom)
	write("b", worse)
	if !errors.Is(s.Failed(), boom) {
		t.Errorf("got %v", s.Failed())
	}
	write("a", nil)
	if !errors.Is(s.Failed(), worse) {
		t.Errorf("got %v", s.Failed())
	}
	write("b", nil)
	_ = s.end(s.begin("delete", "c", nil), boom) // a repair, which told so itself
	if s.Failed() != nil || len(s.Audit()) != 6 {
		t.Errorf("got %v after %d writes", s.Failed(), len(s.Audit()))
	}
}

func TestExplain(t *testing.T) {
	forbidden := func(why string) error {
		return apierrors.NewForbidden(secretsResource, "k", errors.New(why))
	}
	for name, c := range map[string]struct {
		err  error
		want problem.ExitReason
	}{
		"denied":    {forbidden(`User "u" cannot update resource "secrets" in API group "" in the namespace "review"`), problem.PermissionMissing},
		"quota":     {forbidden("exceeded quota: q"), problem.Inconsistent},
		"expired":   {apierrors.NewUnauthorized("no"), problem.PermissionMissing},
		"exists":    {driver.ErrReleaseExists, problem.LiveOperation},
		"conflict":  {&ConflictError{Key: "k"}, problem.LiveOperation},
		"taken":     {&TakenError{Key: "k"}, problem.RecordUnreadable},
		"immutable": {&ImmutableError{Key: "k"}, problem.RecordUnreadable},
		"too long":  {apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "k", field.ErrorList{field.TooLong(field.NewPath("data"), "", 1<<20)}), problem.RecordUnreadable},
		"422":       {apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "k", nil), problem.Inconsistent},
		"gone":      {errGone, problem.Inconsistent},
		"large":     {&TooLargeError{Size: 1 << 20, Limit: sizeLimit}, problem.RecordUnreadable},
		"413":       {apierrors.NewRequestEntityTooLargeError("no"), problem.RecordUnreadable},
		"broken":    {&UndecodableError{Key: "k", Err: io.EOF}, problem.RecordUnreadable},
		"outline":   {&OutlineError{Key: "k"}, problem.Internal},
		"500":       {apierrors.NewInternalError(io.EOF), problem.Unanswered},
		"lost":      {&UnansweredError{Unknown: true, Err: errors.Join(io.EOF, forbidden("User cannot get"))}, problem.Unanswered},
		"cancelled": {context.Canceled, problem.Internal},
	} {
		err := testStore().explain("update", "update", "k", c.err)
		p := problem.Of(err)
		if p.Reason != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %s: %v", name, p.Reason, err)
		}
		if c.want == problem.PermissionMissing && name == "denied" && (len(p.Missing) != 1 || p.Missing[0].Verb != "update") {
			t.Errorf("%s: gaps %v", name, p.Missing)
		}
	}
}

func TestHooks(t *testing.T) {
	got := hooks([]*release.Hook{
		{Name: "a", Events: []release.HookEvent{release.HookPreInstall}, LastRun: release.HookExecution{Phase: release.HookPhaseSucceeded}},
		nil,
		{Name: "b", DeletePolicies: []release.HookDeletePolicy{release.HookFailed, release.HookSucceeded}},
	})
	want := []facts.Hook{
		{Name: "a", Events: []string{"pre-install"}, Succeeded: true, Recreated: true},
		{Name: "b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
