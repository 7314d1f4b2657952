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

func TestCheckStripped(t *testing.T) {
	for value, allowed := range map[string]bool{
		"example.com/Widget":    true,
		"apps/Deployment":       true,
		"v1/ConfigMap":          true,
		"ConfigMap":             false,
		"/ConfigMap":            false,
		"apps/v1/Deployment":    false,
		"example.com/*":         false,
		"*/Widget":              false,
		"*":                     false,
		"example.com/Widget/a":  false,
		"example.com/Wid get":   false,
		"example.com/W;rm":      false,
		"v1/Namespace":          false,
		"v1/PersistentVolume":   false,
		"example.com/Namespace": true,

		"snapshot.storage.k8s.io/VolumeSnapshotContent":           false,
		"groupsnapshot.storage.k8s.io/VolumeGroupSnapshot":        false,
		"groupsnapshot.storage.k8s.io/VolumeGroupSnapshotContent": false,
		"snapshot.example.com/VolumeSnapshot":                     true,
	} {
		if got := checkStripped(value); (got == "") != allowed {
			t.Errorf("%s: %q", value, got)
		}
	}
	for _, kind := range NeverStripped {
		if checkStripped(kind) == "" {
			t.Errorf("%s is allowed", kind)
		}
	}
}
