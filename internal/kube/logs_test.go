package kube

import (
	"errors"
	"log"
	"slices"
	"testing"

	"k8s.io/klog/v2"
)

func TestCaptureLogs(t *testing.T) {
	var got []string
	restore := CaptureLogs(func(line string) { got = append(got, line) })
	log.Printf("two\n::lines::")
	klog.Infof("%d", 1)
	klog.ErrorS(errors.New("why"), "what", "key", "value")
	restore()
	want := []string{"two", "::lines::", "level=INFO msg=1", "level=ERROR msg=what err=why key=value"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
