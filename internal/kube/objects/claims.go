package objects

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
)

// claimsPage bounds how many objects of a list are held in memory.
const claimsPage = 250

// claimant is a StatefulSet with claims of its own.
type claimant struct {
	set       facts.Ref
	templates []string          // the names of its volumeClaimTemplates
	labels    map[string]string // that its controller writes on the claims
	byName    bool              // one of them is the release's name
	deletes   bool              // its retention policy has the claims deleted with it
}

// Claims returns the claims that exist and bear a name which a StatefulSet of a
// manifest of the release gives to its own: template-set-ordinal. A set that was scaled down leaves
// those of higher ordinals, too. Only where the manifest has such a set is anything
// sent: two lists for each of their namespaces.
func (o Observer) Claims(ctx context.Context, text string, of ownership.Release, scope facts.ClaimScope) ([]facts.Claim, error) {
	within, _, err := claimantsOf(text, of, scope)
	if err != nil {
		return nil, err
	}
	sets := map[string][]claimant{}
	for _, c := range within {
		sets[c.set.Namespace] = append(sets[c.set.Namespace], c)
	}
	var claims []facts.Claim
	for _, in := range slices.Sorted(maps.Keys(sets)) {
		found, err := o.claimsIn(ctx, in, sets[in])
		if err != nil {
			return nil, err
		}
		claims = append(claims, found...)
	}
	return claims, nil
}

// ClaimantsBeyond returns the StatefulSets of a manifest that have claims of their own, and are out of the scope.
func ClaimantsBeyond(text string, of ownership.Release, scope facts.ClaimScope) (sets []facts.Ref, err error) {
	_, beyond, err := claimantsOf(text, of, scope)
	for _, c := range beyond {
		if !slices.Contains(sets, c.set) {
			sets = append(sets, c.set)
		}
	}
	return sets, err
}

// claimantsOf returns the StatefulSets of a manifest that have claims of their own: those within the scope, and the others.
func claimantsOf(text string, of ownership.Release, scope facts.ClaimScope) (within, beyond []claimant, err error) {
	if !strings.Contains(text, "volumeClaimTemplates") {
		return nil, nil, nil
	}
	wanted, err := manifest.Parse(text)
	if err != nil {
		return nil, nil, fmt.Errorf("find the StatefulSets of a stored manifest: %w", err)
	}
	in := map[string]bool{of.Namespace: true}
	for _, want := range wanted {
		if want.GetAPIVersion() == "v1" && want.GetKind() == "Namespace" && scope == facts.ClaimsOfChart {
			in[want.GetName()] = true
		}
	}
	for _, want := range wanted {
		c, ok := claimantOf(want, of)
		switch {
		case !ok:
		case in[c.set.Namespace], scope == facts.ClaimsAnywhere:
			within = append(within, c)
		default:
			beyond = append(beyond, c)
		}
	}
	return within, beyond, nil
}

// claimantOf returns what a StatefulSet claims; ok is false for any other object.
func claimantOf(want *unstructured.Unstructured, of ownership.Release) (c claimant, ok bool) {
	if gvk := want.GroupVersionKind(); gvk.Group != "apps" || gvk.Kind != "StatefulSet" {
		return c, false
	}
	var set appsv1.StatefulSet
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(want.Object, &set); err != nil {
		return c, false // the API server did not take it either
	}
	set.Namespace = cmp.Or(set.Namespace, of.Namespace)
	c, ok = newClaimant(&set)
	c.byName = slices.Contains(slices.Collect(maps.Values(c.labels)), of.Name)
	return c, ok
}

// newClaimant returns what a StatefulSet claims; ok is false where that is nothing.
func newClaimant(set *appsv1.StatefulSet) (c claimant, ok bool) {
	c.set = facts.Ref{APIVersion: "apps/v1", Kind: "StatefulSet", Namespace: set.Namespace, Name: set.Name}
	for _, t := range set.Spec.VolumeClaimTemplates {
		c.templates = append(c.templates, t.Name)
	}
	if set.Spec.Selector != nil {
		c.labels = set.Spec.Selector.MatchLabels
	}
	retention := set.Spec.PersistentVolumeClaimRetentionPolicy
	c.deletes = retention != nil && retention.WhenDeleted == appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	return c, len(c.templates) > 0
}

// claimsIn returns the claims of a namespace that bear names of these sets, and which
// sets are there that give the same names: they may be somebody else's.
func (o Observer) claimsIn(ctx context.Context, namespace string, sets []claimant) ([]facts.Claim, error) {
	var claims []facts.Claim
	var live []claimant
	var setsErr error
	var lists errgroup.Group
	lists.Go(func() (err error) {
		claims, err = o.namedClaims(ctx, namespace, sets)
		return err
	})
	lists.Go(func() error {
		live, setsErr = o.claimants(ctx, namespace)
		return nil // it is of no account where there are no claims
	})
	if err := lists.Wait(); err != nil {
		return nil, fmt.Errorf("list the claims in namespace %s: %w", namespace, err)
	}
	if setsErr != nil && len(claims) > 0 {
		return nil, fmt.Errorf("list the StatefulSets in namespace %s, whose the claims may be: %w", namespace, setsErr)
	}
	for i := range claims {
		if at := slices.IndexFunc(live, func(c claimant) bool { return c.names(claims[i].Name) }); at >= 0 {
			claims[i].Holder = live[at].set
		}
	}
	return claims, nil
}

// namedClaims pages through the claims of a namespace and returns those of the sets.
func (o Observer) namedClaims(ctx context.Context, namespace string, sets []claimant) (claims []facts.Claim, err error) {
	options := metav1.ListOptions{Limit: claimsPage}
	for {
		page, err := o.Client.CoreV1().PersistentVolumeClaims(namespace).List(ctx, options)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			at := slices.IndexFunc(sets, func(c claimant) bool { return c.names(page.Items[i].Name) })
			if at >= 0 {
				claims = append(claims, sets[at].describe(&page.Items[i]))
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return claims, nil
		}
	}
}

// claimants pages through the StatefulSets of a namespace and returns those that claim.
func (o Observer) claimants(ctx context.Context, namespace string) (live []claimant, err error) {
	options := metav1.ListOptions{Limit: claimsPage}
	for {
		page, err := o.Client.AppsV1().StatefulSets(namespace).List(ctx, options)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			if c, ok := newClaimant(&page.Items[i]); ok {
				live = append(live, c)
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return live, nil
		}
	}
}

// names reports whether the set's controller gives this name to a claim.
func (c claimant) names(claim string) bool {
	return manifest.NamesClaim(c.templates, c.set.Name, claim)
}

// describe returns what is to be known of a claim that bears a name of the set's.
func (c claimant) describe(live *corev1.PersistentVolumeClaim) facts.Claim {
	labelled := len(c.labels) > 0
	for key, value := range c.labels {
		labelled = labelled && live.Labels[key] == value
	}
	bySet, by := c.ownerOf(live)
	maker := namespaces.MakerOfClaim(live.ManagedFields)
	claim := facts.Claim{Set: c.set, Labelled: labelled, ByName: labelled && c.byName, Going: c.deletes && bySet, By: by, Object: facts.Object{
		Ref: facts.Ref{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: live.Namespace, Name: live.Name},
		UID: string(live.UID), Created: live.CreationTimestamp.Time, Exists: true, Deleting: live.DeletionTimestamp != nil,
		Owner:  ownership.NamedRelease(live.Annotations).String(),
		HookOf: ownership.HookOf(live.Annotations), IsHook: ownership.IsHook(live.Annotations),
		Kept: ownership.KeptByPolicy(live.Annotations), Maker: maker,
	}}
	claim.KeepWhy, _ = ownership.KeepMark(live.Labels, live.Annotations)
	claim.KeepWhy = cmp.Or(claim.KeepWhy, ownership.WhyTaken(live.Annotations))
	if held := health.Holding(live.Finalizers); claim.Deleting && held != "" {
		claim.Reason = "it is being deleted: " + held
	}
	return claim
}

// ownerOf returns whether a claim names the set as its owner, which its controller writes
// while the retention policy says that the claim goes with it, and another object that
// it names. The policy of a stored manifest need not be that of the set that was there: the
// revision may have failed, or somebody changed it since, to save the data. Where the policy
// has claims go when the set is scaled down, these name their pod.
func (c claimant) ownerOf(live *corev1.PersistentVolumeClaim) (bySet bool, other string) {
	for _, owner := range live.OwnerReferences {
		switch {
		case owner.Kind == "StatefulSet" && owner.Name == c.set.Name:
			bySet = true
		case owner.Kind == "Pod" && strings.HasPrefix(owner.Name, c.set.Name+"-"):
		default:
			other = facts.Ref{Kind: owner.Kind, Name: owner.Name}.String()
		}
	}
	return bySet, other
}
