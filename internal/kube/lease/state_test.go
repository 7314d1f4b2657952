package lease

import (
	"errors"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
	seconds := int32(20)
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
		"without stamps":  {coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &clock, LeaseDurationSeconds: &seconds}}, clock.Add(21 * time.Second)},
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
	record(&l, want)
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
	silence := errors.New("no answer")
	tests := map[string]struct {
		lost error
		want error
	}{
		"held":                       {nil, silence},
		"ran out over it":            {errors.Join(ErrLost, silence), silence},
		"somebody took it, whatever": {ErrLost, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := &Lease{err: tt.lost, failed: renewal{err: silence}}
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
	l.keepObject(&coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &at}})
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
