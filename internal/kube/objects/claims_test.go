package objects

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
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
	c, ok := claimantOf(one(t, claiming), ownership.Release{Namespace: "review", Name: "shop"})
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
		if c, ok := claimantOf(one(t, text), ownership.Release{Namespace: "review", Name: "shop"}); ok {
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

// A chart may have sets in any namespace, and the labels by which they select say whose they are.
func TestClaimantsBeyond(t *testing.T) {
	of := ownership.Release{Namespace: "review", Name: "shop"}
	const set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: %s}\nspec:\n" +
		"  selector: {matchLabels: {app: db, instance: %s}}\n  volumeClaimTemplates: [{metadata: {name: data}}]\n"
	text := fmt.Sprintf(set, "review", "shop") + "---\n" + fmt.Sprintf(set, "other", "shop") + "---\n" + fmt.Sprintf(set, "other", "else")
	want := []facts.Ref{{APIVersion: "apps/v1", Kind: "StatefulSet", Namespace: "other", Name: "db"}}
	made := "---\n{apiVersion: v1, kind: Namespace, metadata: {name: other}}\n"
	for name, c := range map[string]struct {
		text  string
		scope facts.ClaimScope
		want  []facts.Ref
	}{
		"in the release's namespace alone":      {text + made, facts.ClaimsOfRelease, want},
		"in a namespace that the chart has not": {text, facts.ClaimsOfChart, want},
		"in one that it has":                    {text + made, facts.ClaimsOfChart, nil},
		"anywhere":                              {text, facts.ClaimsAnywhere, nil},
	} {
		if sets, err := ClaimantsBeyond(c.text, of, c.scope); err != nil || !slices.Equal(sets, c.want) {
			t.Errorf("%s: %v, %v", name, sets, err)
		}
	}
	for name, byName := range map[string]bool{"shop": true, "else": false} {
		c, _ := claimantOf(one(t, fmt.Sprintf(set, "review", name)), of)
		meta := metav1.ObjectMeta{Labels: map[string]string{"app": "db", "instance": name}}
		claim := c.describe(&corev1.PersistentVolumeClaim{ObjectMeta: meta})
		if claim.ByName != byName {
			t.Errorf("of %s: %+v", name, claim)
		}
		if claim = c.describe(&corev1.PersistentVolumeClaim{}); claim.ByName {
			t.Error("a claim without labels bears the release's name")
		}
	}
}

func TestDescribeClaim(t *testing.T) {
	c, _ := claimantOf(one(t, claiming), ownership.Release{Namespace: "review", Name: "shop"})
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
