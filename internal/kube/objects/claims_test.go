package objects

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
)

const claiming = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: my-db}
spec:
  selector: {matchLabels: {app: db, tier: data}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  volumeClaimTemplates: [{metadata: {name: data}}, {metadata: {name: log}}]
`

func TestClaimant(t *testing.T) {
	c, ok := claimantOf(one(t, claiming), "review")
	want := facts.Ref{APIVersion: "apps/v1", Kind: "StatefulSet", Namespace: "review", Name: "my-db"}
	if !ok || c.set != want || !slices.Equal(c.templates, []string{"data", "log"}) || !c.deletes {
		t.Errorf("%t, %+v", ok, c)
	}
	for name, text := range map[string]string{
		"without claims":    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}}",
		"of another kind":   "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {volumeClaimTemplates: [{metadata: {name: a}}]}}",
		"of another group":  "{apiVersion: example.com/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{metadata: {name: a}}]}}",
		"that is malformed": "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: 3}}",
	} {
		if c, ok := claimantOf(one(t, text), "review"); ok {
			t.Errorf("one %s claims %+v", name, c)
		}
	}
	for claim, named := range map[string]bool{
		"data-my-db-0": true, "log-my-db-12": true, "data-my-db": false, "data-my-db-": false, "data-my-db-01": false, "data-my-db--1": false,
		"data-my-db-0-0": false, "data-my-db-x": false, "more-data-my-db-0": false, "data-db-0": false, "my-db-0": false, "data-my-db-+1": false,
	} {
		if c.names(claim) != named {
			t.Errorf("%s is its claim: %t", claim, !named)
		}
	}
}

func TestDescribeClaim(t *testing.T) {
	c, _ := claimantOf(one(t, claiming), "review")
	meta := metav1.ObjectMeta{
		Name:            "data-my-db-0",
		Namespace:       "review",
		UID:             "u",
		Labels:          map[string]string{"app": "db", "tier": "data", "more": "x"},
		Annotations:     map[string]string{"helm.sh/resource-policy": "keep"},
		OwnerReferences: []metav1.OwnerReference{{Kind: "StatefulSet", Name: "my-db"}},
	}
	claim := c.describe(&corev1.PersistentVolumeClaim{ObjectMeta: meta})
	if !claim.Exists || !claim.Labelled || !claim.Going || !claim.Kept || claim.UID != "u" || claim.Set != c.set {
		t.Errorf("%+v", claim)
	}
	meta.OwnerReferences = []metav1.OwnerReference{{Kind: "Pod", Name: "my-db-1"}}
	if claim = c.describe(&corev1.PersistentVolumeClaim{ObjectMeta: meta}); claim.Going || claim.By != "" {
		t.Errorf("a policy that was not in effect when the set went counts, or its pod is somebody else: %+v", claim)
	}
	meta.OwnerReferences = []metav1.OwnerReference{{Kind: "Backup", Name: "nightly"}}
	if claim = c.describe(&corev1.PersistentVolumeClaim{ObjectMeta: meta}); claim.Going || claim.By != "Backup/nightly" {
		t.Errorf("an owner is overlooked: %+v", claim)
	}
	meta.Labels = map[string]string{"app": "db"}
	if claim = c.describe(&corev1.PersistentVolumeClaim{ObjectMeta: meta}); claim.Labelled {
		t.Error("one label of two is enough")
	}
	if claim = (claimant{}).describe(&corev1.PersistentVolumeClaim{ObjectMeta: meta}); claim.Labelled {
		t.Error("a set that selects nothing labels its claims")
	}
}
