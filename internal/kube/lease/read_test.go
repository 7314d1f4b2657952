package lease

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
)

func TestName(t *testing.T) {
	long := strings.Repeat("a", 80)
	tests := map[string]string{"web": "berth-web", strings.Repeat("b", 53): "berth-" + strings.Repeat("b", 53)}
	for release, want := range tests {
		if got := Name(release); got != want {
			t.Errorf("Name(%q) = %q, want %q", release, got, want)
		}
	}
	if a, b := Name(long), Name(long+"b"); len(a) > 63 || a == b {
		t.Errorf("long names: %q, %q", a, b)
	}
}

func TestExpires(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	stamp, later := metav1.NewTime(at), metav1.NewTime(at.Add(time.Minute))
	clock := metav1.NewMicroTime(at.Add(-time.Hour)) // a holder whose clock is late
	ahead := metav1.NewMicroTime(at.Add(time.Hour))  // one whose clock is early
	seconds, forever, negative := int32(20), int32(math.MaxInt32), int32(-5)
	tests := map[string]struct {
		lease coordinationv1.Lease
		want  time.Time
	}{
		"the server's stamp beats the holder's clock": {
			coordinationv1.Lease{
				ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Time: &later}, {Time: &stamp}, {}}},
				Spec:       coordinationv1.LeaseSpec{RenewTime: &clock, LeaseDurationSeconds: &seconds},
			}, later.Add(21 * time.Second),
		},
		"without stamps": {coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &clock, LeaseDurationSeconds: &seconds}},
			clock.Add(21 * time.Second)},
		"the holder's clock beats an older stamp": {
			coordinationv1.Lease{
				ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Time: &stamp}}},
				Spec:       coordinationv1.LeaseSpec{RenewTime: &ahead, LeaseDurationSeconds: &seconds},
			}, ahead.Add(21 * time.Second),
		},
		"a duration that no run asks for": {
			coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &clock, LeaseDurationSeconds: &forever}},
			clock.Add(10*time.Minute + time.Second)},
		"a negative duration": {coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &clock, LeaseDurationSeconds: &negative}},
			clock.Add(31 * time.Second)},
		"without a thing": {coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: stamp}}, at.Add(31 * time.Second)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := expires(&tt.lease); !got.Equal(tt.want) {
				t.Errorf("expires = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAttemptSurvivesTheLease(t *testing.T) {
	want := facts.Attempt{Run: "abc", Revision: 3, Outcome: "deployed", HooksProven: true}
	var l coordinationv1.Lease
	setAttempt(&l, want)
	if got := attempt(&l); got != want {
		t.Errorf("attempt = %+v, want %+v", got, want)
	}
	l.Annotations = map[string]string{annotationRevision: "nonsense", annotationHooksProven: "maybe"}
	if got := attempt(&l); got != (facts.Attempt{}) {
		t.Errorf("attempt of junk = %+v", got)
	}
}

func TestLive(t *testing.T) {
	now := time.Now()
	l := &Lease{o: Options{Duration: 30 * time.Second}, renewed: now.Add(-20 * time.Second)}
	asleep := &Lease{o: l.o, renewed: now}
	tests := map[string]struct {
		lease  *Lease
		at     time.Time
		margin time.Duration
		want   bool
	}{
		"fresh":                   {l, now, 0, true},
		"within the margin":       {l, now, 10 * time.Second, false},
		"run out":                 {l, now.Add(10 * time.Second), 0, false},
		"the machine slept":       {asleep, now.Round(0).Add(time.Minute), 0, false},
		"lost":                    {&Lease{o: l.o, renewed: now, err: ErrLost}, now, 0, false},
		"released":                {&Lease{o: l.o, renewed: now, ended: true}, now, 0, false},
		"gone with its namespace": {&Lease{o: l.o, gone: true}, now, 0, true},
		"lost before it was gone": {&Lease{o: l.o, gone: true, err: ErrLost}, now, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.lease.live(tt.at, tt.margin); got != tt.want {
				t.Errorf("live = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestTrouble(t *testing.T) {
	noAnswer := errors.New("no answer")
	tests := map[string]struct {
		lost error
		want error
	}{
		"held":                       {nil, noAnswer},
		"ran out over it":            {errors.Join(ErrLost, noAnswer), noAnswer},
		"somebody took it, whatever": {ErrLost, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := &Lease{err: tt.lost, failed: renewal{err: noAnswer}}
			if got := l.Trouble(); !errors.Is(got, tt.want) {
				t.Errorf("trouble = %v, want %v", got, tt.want)
			}
		})
	}
}

// A renewal whose answer was lost has been made all the same.
func TestRereadCountsALostAnswer(t *testing.T) {
	at, began := metav1.NowMicro(), time.Now()
	l := &Lease{renewed: began.Add(-time.Minute), failed: renewal{at: at, began: began, err: errors.New("no answer")}}
	l.setObject(&coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &at}})
	if !l.renewed.Equal(began) || l.Trouble() != nil {
		t.Errorf("renewed at %s with trouble %v, want %s and none", l.renewed, l.Trouble(), began)
	}
}

func TestHeldErrorQuotesItsHolder(t *testing.T) {
	err := &HeldError{Holder: "x\n::error::y"}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the holder's text is not quoted: %s", err)
	}
}

func TestIsFree(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	seconds, run, nobody := int32(20), "run 1", ""
	renewed := metav1.NewMicroTime(now.Add(-30 * time.Second))
	lease := func(holder *string) *coordinationv1.Lease {
		return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: holder, LeaseDurationSeconds: &seconds, RenewTime: &renewed}}
	}
	tests := map[string]struct {
		holder    *string
		serverNow time.Time
		unchanged time.Duration // since this candidate first read it
		want      bool
	}{
		"ended":                                {nil, time.Time{}, 0, true},
		"ended by an empty holder":             {&nobody, time.Time{}, 0, true},
		"held, the server's time is not known": {&run, time.Time{}, 0, false},
		"expired by the server's time":         {&run, now, 0, true},
		"in its last second":                   {&run, now.Add(-9 * time.Second), 0, false},
		"unchanged for less than its duration": {&run, time.Time{}, 20 * time.Second, false},
		"unchanged for longer":                 {&run, time.Time{}, 21 * time.Second, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &candidate{changed: now.Add(-tt.unchanged)}
			if got := c.isFree(lease(tt.holder), tt.serverNow, now); got != tt.want {
				t.Errorf("isFree = %t, want %t", got, tt.want)
			}
		})
	}
}

// One clock that is wrong, wherever it stands, never makes a live Lease look expired.
func TestALiveLeaseNeverLooksExpired(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	const behind, ahead = -365 * 24 * time.Hour, time.Hour
	seconds := int32(30)
	for name, off := range map[string]struct{ stamp, holder, server, local time.Duration }{
		"all are right":                  {},
		"the API server jumped":          {server: ahead},
		"it was behind when it stamped":  {stamp: behind},
		"the holder's is behind":         {holder: behind},
		"the holder's is ahead":          {holder: ahead},
		"this machine's is ahead":        {local: ahead},
		"this machine's is behind":       {local: behind},
		"another API server stamped it":  {stamp: -ahead, server: 0},
		"the whole API server is behind": {stamp: behind, server: behind},
	} {
		stamp, renewed := metav1.NewTime(now.Add(off.stamp)), metav1.NewMicroTime(now.Add(off.holder))
		l := &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Time: &stamp}}},
			Spec:       coordinationv1.LeaseSpec{RenewTime: &renewed, LeaseDurationSeconds: &seconds},
		}
		if hasExpired(l, now.Add(20*time.Second+off.server), now.Add(20*time.Second+off.local)) {
			t.Errorf("%s: it was renewed 20 s ago, lasts 30 s, and counts as expired", name)
		}
	}
	stamp, renewed := metav1.NewTime(now), metav1.NewMicroTime(now)
	dead := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Time: &stamp}}},
		Spec:       coordinationv1.LeaseSpec{RenewTime: &renewed, LeaseDurationSeconds: &seconds},
	}
	if later := now.Add(32 * time.Second); !hasExpired(dead, later, later) {
		t.Error("it was renewed 32 s ago, lasts 30 s, and counts as live")
	}
}

// What a Lease claims is believed within bounds, and is text of anybody's.
func TestHostileLease(t *testing.T) {
	far := metav1.NewMicroTime(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	farStamp := metav1.NewTime(far.Time)
	forever, most, name := int32(math.MaxInt32), int32(math.MaxInt32), "\x1b[31m\u202e\n::error::"+strings.Repeat("x", 1<<16)
	l := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			OwnerReferences: []metav1.OwnerReference{{Kind: "ConfigMap", Name: "gone", UID: "x"}},
			ManagedFields:   []metav1.ManagedFieldsEntry{{Time: &farStamp}},
			Annotations: map[string]string{annotationHolderRun: "r0", annotationOutcome: "a\nb" + strings.Repeat("x", 1<<16),
				annotationExpired: "r0=9999-01-01T00:00:00Z," + strings.Repeat("x=2026-01-01T00:00:00Z,", 1000)},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &name, RenewTime: &far, AcquireTime: &far, LeaseDurationSeconds: &forever,
			LeaseTransitions: &most},
	}
	now := time.Now()
	lock := state(l, now, now)
	if lock.State != facts.LockHeld || strings.ContainsAny(lock.Holder, "\x1b\n\u202e") || len(lock.Holder) > 300 ||
		len(lock.Attempt.Outcome) > 100 || strings.Contains(lock.Attempt.Outcome, "\n") || len(lock.Expired) > expiriesKept {
		t.Errorf("got %+v", lock)
	}
	if at, _ := expired(lock, now).ExpiredAt("r0"); !at.Equal(now) {
		t.Errorf("it expired at %s, want when that was seen", at)
	}
	c := &candidate{Options: Options{Holder: "me"}.withDefaults(), changed: now.Add(-longestDuration - time.Second)}
	if !c.isFree(l, now, now) || c.isFree(l, now, now.Add(-2*time.Second)) {
		t.Error("it is watched for longer than any run asks for, or shorter")
	}
	if held := c.refusal(l); held.Claims != math.MaxInt32*time.Second || !strings.Contains(held.Error(), "counts as lasting 10m0s") {
		t.Errorf("got %v", held)
	}
	if c.setHolder(l); *l.Spec.LeaseTransitions != 0 || len(l.OwnerReferences) > 0 || *l.Spec.LeaseDurationSeconds != 30 ||
		l.Spec.RenewTime.After(now.Add(time.Minute)) {
		t.Errorf("taken over as %+v", l)
	}
	for _, blank := range []string{" ", "\x1b[0m", "\u200b"} {
		l.Spec.HolderIdentity = &blank
		if lock := state(l, now, now); lock.State != facts.LockHeld || lock.Holder == "" {
			t.Errorf("held by %q: %+v", blank, lock)
		}
	}
}

// Only what a renewal writes shows that the holder lives.
func TestObserve(t *testing.T) {
	at, next, name := metav1.NowMicro(), metav1.NewMicroTime(time.Now().Add(time.Second)), "run"
	l := coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "1"},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &name, RenewTime: &at}}
	c := &candidate{}
	c.observe(l.DeepCopy())
	c.changed = time.Time{}
	l.ResourceVersion, l.Labels = "2", map[string]string{"somebody": "else"}
	if c.observe(l.DeepCopy()); !c.changed.IsZero() || c.renewed {
		t.Error("a label counts as a renewal")
	}
	l.Spec.RenewTime = &next
	if c.observe(l.DeepCopy()); c.changed.IsZero() || !c.renewed {
		t.Error("a renewal does not count")
	}
}

// A lock that is to be broken is watched however short the wait, and left as soon as
// it is renewed.
func TestCanWaitToBreak(t *testing.T) {
	held := &coordinationv1.Lease{}
	c := &candidate{Options: Options{Break: true, Duration: time.Minute}.withDefaults(), seen: held}
	c.until = time.Now().Add(c.patience())
	if !c.canWait(&HeldError{Holder: "run 1"}) || c.canWait(&HeldError{Holder: "run 1", Renewed: true}) {
		t.Error("it is not watched, or goes on once it was renewed")
	}
	if got := c.look(held); got != time.Minute {
		t.Errorf("a Lease that lasts less than this run's own is watched for %s", got)
	}
}

func TestCanWait(t *testing.T) {
	leases := schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
	held := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{annotationToken: "a"}}}
	tests := map[string]struct {
		left time.Duration
		seen *coordinationv1.Lease
		err  error
		want bool
	}{
		"held":                           {time.Minute, held, &HeldError{Holder: "run 1"}, true},
		"held, but the time is over":     {0, held, &HeldError{Holder: "run 1"}, false},
		"a failure after an answer":      {time.Minute, held, apierrors.NewServiceUnavailable("restarting"), true},
		"a failure before any answer":    {time.Minute, nil, apierrors.NewServiceUnavailable("restarting"), false},
		"a denial":                       {time.Minute, held, apierrors.NewForbidden(leases, "l", nil), false},
		"credentials that are not valid": {time.Minute, held, apierrors.NewUnauthorized("expired"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &candidate{Options: Options{}.withDefaults(), until: time.Now().Add(tt.left), seen: tt.seen}
			if got := c.canWait(tt.err); got != tt.want {
				t.Errorf("canWait = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestOnWaitIsCalledOnceForAHolder(t *testing.T) {
	var waitedFor []string
	c := &candidate{until: time.Now().Add(time.Minute),
		Options: Options{OnWait: func(holder string, _ time.Time) { waitedFor = append(waitedFor, holder) }}}
	for _, look := range []struct {
		lease         types.UID
		holder, token string // no token: it is not Berth's
	}{
		{"1", "run", "a"}, {"1", "run", "a"}, {"1", "run", "b"}, {"1", "foreign", ""}, {"1", "foreign", ""}, {"1", "other", ""},
		{"2", "other", ""}, {"2", "other", ""}, {"2", "run", "c"},
	} {
		c.seen = &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{UID: look.lease}}
		if look.token != "" {
			c.seen.Annotations = map[string]string{annotationToken: look.token}
		}
		c.canWait(&HeldError{Holder: look.holder})
	}
	if want := []string{"run", "run", "foreign", "other", "other", "run"}; !slices.Equal(waitedFor, want) {
		t.Errorf("waited for %q, want %q", waitedFor, want)
	}
}

func TestClaim(t *testing.T) {
	l := &coordinationv1.Lease{}
	expiry := facts.Expiry{Run: "r0", At: time.Date(2026, 1, 1, 0, 0, 0, 1, time.UTC)}
	c := &candidate{Options: Options{Holder: "run 1", Run: "r1", Duration: 1500 * time.Millisecond}.withDefaults(), token: "t",
		found: facts.Lock{Expired: []facts.Expiry{expiry}}}
	c.setHolder(l)
	if *l.Spec.HolderIdentity != "run 1" || *l.Spec.LeaseDurationSeconds != 2 || *l.Spec.LeaseTransitions != 0 {
		t.Errorf("spec: %+v", l.Spec)
	}
	if l.Annotations[annotationToken] != "t" || l.Annotations[annotationHolderRun] != "r1" ||
		l.Annotations[annotationExpired] != "r0=2026-01-01T00:00:01Z" {
		t.Errorf("annotations: %v", l.Annotations)
	}
	if c.setHolder(l); *l.Spec.LeaseTransitions != 1 {
		t.Errorf("the second holder is number %d", *l.Spec.LeaseTransitions)
	}
}
