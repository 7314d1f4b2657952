package input

import (
	"testing"

	"github.com/berth-dev/berth/internal/ownership"
)

func TestCheckLabel(t *testing.T) {
	for key, allowed := range map[string]bool{
		"team":                          true,
		"example.com/team":              true,
		"app.kubernetes.io/part-of":     true,
		"app.kubernetes.io/managed-by":  false,
		"kubernetes.io/metadata.name":   false,
		"berth.dev/own":                 false,
		ownership.LabelApp:              false,
		ownership.AnnotationKeep:        false,
		ownership.AnnotationRelease:     false,
		"no key":                        false,
		"pod-security.kubernetes.io/-x": false,
	} {
		if got := checkLabel(key, "x"); (got == "") != allowed {
			t.Errorf("%s: %q", key, got)
		}
	}
}
