package companions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// manager is the name in managedFields of what Berth makes. It is no person's client, so that
// no companion keeps its namespace.
const manager = "berth"

// Write makes a companion that is there for these releases, or writes what is wanted over it
// as it was read. One that Kubernetes lets nobody write over is deleted and made anew.
func (m *Manager) Write(ctx context.Context, c facts.Companion, releases []string) error {
	source := m.source(c.Ref)
	if source == nil {
		return fmt.Errorf("write %s: %w", c.Ref, errNoSource)
	}
	if c.Remake {
		if err := m.delete(ctx, c); err != nil {
			return changed(err, "delete", c)
		}
	}
	if c.Exists() && !c.Remake {
		o := m.readAs(c.Ref).DeepCopy() // with the resourceVersion that was read
		fill(o, source, c, releases)
		_, err := m.at(c.Kind, c.Namespace).Update(ctx, o, metav1.UpdateOptions{FieldManager: manager})
		return changed(err, "write", c)
	}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": c.APIVersion, "kind": c.Kind}}
	o.SetName(c.Name)
	fill(o, source, c, releases)
	_, err := m.at(c.Kind, c.Namespace).Create(ctx, o, metav1.CreateOptions{FieldManager: manager})
	return changed(err, "make", c)
}

// fill puts into an object what a companion holds: of a Secret its type and data, and of a
// document its spec. The labels and annotations of either stay behind. They would have other
// controllers act on the companion, and one that kubectl writes repeats a Secret's data.
func fill(o, source *unstructured.Unstructured, c facts.Companion, releases []string) {
	says := ownership.Companion{Kind: ownership.CompanionQuota, Source: c.Source, Version: versionOf(source), Releases: releases}
	if c.Kind == "Secret" {
		says.Kind = ownership.CompanionCopy
		o.Object["type"], o.Object["data"] = source.Object["type"], source.Object["data"]
	} else {
		o.Object["spec"] = source.Object["spec"]
	}
	o.SetLabels(ownership.Merge(o.GetLabels(), says.Labels()))
	o.SetAnnotations(ownership.Merge(o.GetAnnotations(), says.Annotations(self(c.Ref))))
}

// versionOf is the version of a source: the resourceVersion of a Secret, and the hash of a
// document, which the API server has not seen.
func versionOf(source *unstructured.Unstructured) string {
	if v := source.GetResourceVersion(); v != "" {
		return v
	}
	text, _ := json.Marshal(source.Object) //nolint:errchkjson // it was made of JSON
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Share notes on a companion, as it was read, for which releases it is there, and nothing else.
func (m *Manager) Share(ctx context.Context, c facts.Companion, releases []string) error {
	live, err := m.at(c.Kind, c.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
	if err != nil {
		return changed(err, "read", c)
	}
	if c.Kind == "Secret" {
		m.Hide(live)
	}
	live.SetUID(types.UID(c.UID))
	live.SetResourceVersion(c.Version)
	live.SetAnnotations(ownership.Merge(live.GetAnnotations(), ownership.Companion{Releases: releases}.Shared()))
	_, err = m.at(c.Kind, c.Namespace).Update(ctx, live, metav1.UpdateOptions{FieldManager: manager})
	return changed(err, "note on", c)
}

// Remove deletes a companion as it was read. One that is gone is no error.
func (m *Manager) Remove(ctx context.Context, c facts.Companion) error {
	err := m.delete(ctx, c)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return changed(err, "delete", c)
}

func (m *Manager) delete(ctx context.Context, c facts.Companion) error {
	uid := types.UID(c.UID)
	return m.at(c.Kind, c.Namespace).Delete(ctx, c.Name,
		metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &c.Version}})
}

// How long quotas are waited for, and how often they are looked at.
const (
	enforcedWithin = 10 * time.Second
	enforcedEvery  = 100 * time.Millisecond
)

// Enforced waits until Kubernetes counts by a ResourceQuota: until its controller has seen it,
// the API server refuses whatever it limits. It returns false where that takes too long.
func (m *Manager) Enforced(ctx context.Context, c facts.Companion) (bool, error) {
	if c.Kind != "ResourceQuota" {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, enforcedWithin)
	defer cancel()
	ticks := time.NewTicker(enforcedEvery)
	defer ticks.Stop()
	for seen := false; ; {
		select {
		case <-ctx.Done():
			return false, nil //nolint:nilerr // whoever goes on sees that the run's own time is over
		case <-ticks.C:
		}
		if seen { // and one look later, admission has seen it as well
			return true, nil
		}
		live, err := m.at(c.Kind, c.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
		if err != nil && ctx.Err() == nil {
			return false, fmt.Errorf("read %s: %w", c.Ref, err)
		}
		seen = err == nil && isCounted(live)
	}
}

// isCounted returns whether the status of a ResourceQuota has the limits of its spec.
func isCounted(quota *unstructured.Unstructured) bool {
	wanted, _, _ := unstructured.NestedStringMap(quota.Object, "spec", "hard")
	counted, _, _ := unstructured.NestedStringMap(quota.Object, "status", "hard")
	for name, limit := range wanted {
		a, err := resource.ParseQuantity(limit)
		b, seen := resource.ParseQuantity(counted[name])
		if err != nil || seen != nil || a.Cmp(b) != 0 {
			return false
		}
	}
	return true
}
