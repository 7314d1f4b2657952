package record

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
)

// noise is text that does not compress well.
func noise(size int) string {
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, size)
	for i := range text {
		text[i] = byte('!' + r.IntN(90))
	}
	return string(text)
}

// brimming is a stored string that leaves less than a few hundred bytes of what
// the API server takes.
func brimming(t *testing.T) string {
	t.Helper()
	const wanted = serverLimit - 100
	rls := mock("web", 1, release.StatusPendingInstall)
	filler := noise(serverLimit)
	size := len(filler) / 2
	for range 10 {
		rls.Manifest = filler[:size]
		raw, err := json.Marshal(rls)
		if err != nil {
			t.Fatal(err)
		}
		payload := stored(t, string(raw))
		if over := len(payload) - wanted; over > -100 && over < 100 {
			return payload
		}
		size = min(size*wanted/len(payload), len(filler)) // noise compresses evenly
	}
	t.Fatal("no payload of that size was found")
	return ""
}

// A record that somebody filled to the brim takes a status all the same: its
// description gives way (an error of many parts is as long as it likes).
func TestAFullRecordTakesAStatus(t *testing.T) {
	payload := brimming(t)
	raw, rls, err := decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	long := noise(100 << 10)
	settled, err := mergeStatus(raw, "failed", long)
	if err != nil || len(settled) > serverLimit {
		t.Fatalf("settled to %d bytes, %v", len(settled), err)
	}
	rls.SetStatus(release.StatusFailed, long)
	updated, err := merge(payload, rls)
	if err != nil || len(updated) > serverLimit {
		t.Fatalf("updated to %d bytes, %v", len(updated), err)
	}
	for _, payload := range []string{settled, updated} {
		if _, got, err := decode(payload); err != nil || got.Info.Status != release.StatusFailed || got.Manifest != rls.Manifest {
			t.Errorf("read back: %v", err)
		}
	}
}

func TestWhatNeverFitsIsSaidToBeTooLarge(t *testing.T) {
	calls := 0
	_, err := fit(func(int) (string, error) {
		calls++
		return strings.Repeat("x", serverLimit+1), nil
	})
	large, ok := errors.AsType[*TooLargeError](err)
	if !ok || large.Limit != serverLimit || calls != 3 {
		t.Errorf("got %v after %d tries", err, calls)
	}
	boom := errors.New("boom")
	if _, err := fit(func(int) (string, error) { return "", boom }); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}
