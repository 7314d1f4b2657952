package cli

import (
	"slices"
	"testing"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verdict"
)

// What the input refuses is what the verdict never does, whatever it is told.
func TestNeverStripped(t *testing.T) {
	if !slices.Equal(input.NeverStripped, verdict.NeverStripped) {
		t.Errorf("the input refuses %q, and the verdict %q", input.NeverStripped, verdict.NeverStripped)
	}
}
