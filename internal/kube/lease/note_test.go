package lease

import (
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/berth-dev/berth/internal/facts"
)

func TestNotes(t *testing.T) {
	ctx, client := t.Context(), fake.NewClientset()
	note := func(value string) error {
		return Note(ctx, client, "ns", "web", map[string]string{"berth.dev/verdict": value})
	}
	if err := note("none is made"); err != nil {
		t.Fatal(err)
	}
	held, err := Acquire(ctx, client, Options{Namespace: "ns", Release: "web", Holder: "run 1", Run: "r1", Renewable: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := note("held"); !errors.Is(err, errHeld) {
		t.Errorf("held: %v", err)
	}
	read := func() map[string]string {
		l, err := client.CoordinationV1().Leases("ns").Get(ctx, Name("web"), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return l.Annotations
	}
	held.Note(map[string]string{"berth.dev/verdict": "consistent"})
	attempt := facts.Attempt{Run: "r1", Revision: 3, Outcome: "deployed"}
	if err := held.Release(ctx, attempt); err != nil || read()["berth.dev/verdict"] != "consistent" {
		t.Errorf("released: %v, %v", read(), err)
	}
	if err := note("inconsistent"); err != nil || read()["berth.dev/verdict"] != "inconsistent" {
		t.Errorf("free: %v, %v", read(), err)
	}
	if read()[annotationOutcome] != "deployed" {
		t.Errorf("the attempt is lost: %v", read())
	}
}
