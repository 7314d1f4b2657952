package namespaces

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
)

// all are the verbs of what is stored.
var all = metav1.Verbs{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}

func served(groupVersion string, resources ...metav1.APIResource) *metav1.APIResourceList {
	return &metav1.APIResourceList{GroupVersion: groupVersion, APIResources: resources}
}

func stored(name, kind string) metav1.APIResource {
	return metav1.APIResource{Name: name, Kind: kind, Namespaced: true, Verbs: all}
}

func group(name, preferred string, versions ...string) *metav1.APIGroup {
	at := func(version string) metav1.GroupVersionForDiscovery {
		return metav1.GroupVersionForDiscovery{GroupVersion: metav1.GroupVersion{Group: name, Version: version}.String(), Version: version}
	}
	g := &metav1.APIGroup{Name: name, PreferredVersion: at(preferred)}
	for _, v := range versions {
		g.Versions = append(g.Versions, at(v))
	}
	return g
}

func TestKindsOf(t *testing.T) {
	computed, review := stored("pods", "PodMetrics"), stored("localsubjectaccessreviews", "LocalSubjectAccessReview")
	computed.Verbs, review.Verbs = metav1.Verbs{"get", "list"}, metav1.Verbs{"create"}
	groups := []*metav1.APIGroup{group("", "v1", "v1"), group("extensions", "v1beta1", "v1beta1"),
		group("events.k8s.io", "v1", "v1"), group("networking.k8s.io", "v1", "v1", "v1beta1"),
		group("coordination.k8s.io", "v1", "v1"), group("metrics.k8s.io", "v1beta1", "v1beta1"),
		group("authorization.k8s.io", "v1", "v1"), group("example.org", "v2", "v3", "v2", "v1")}
	lists := []*metav1.APIResourceList{
		served("v1", stored("secrets", "Secret"), stored("events", "Event"), stored("serviceaccounts", "ServiceAccount"),
			stored("services/status", "Service"), metav1.APIResource{Name: "nodes", Kind: "Node", Verbs: all}, stored("endpoints", "Endpoints")),
		served("extensions/v1beta1", stored("ingresses", "Ingress"), stored("networkpolicies", "NetworkPolicy")),
		served("events.k8s.io/v1", stored("events", "Event")),
		served("networking.k8s.io/v1", stored("ingresses", "Ingress"), stored("networkpolicies", "NetworkPolicy")),
		served("networking.k8s.io/v1beta1", stored("ingresses", "Ingress")),
		served("coordination.k8s.io/v1", stored("leases", "Lease")),
		served("metrics.k8s.io/v1beta1", computed),
		served("authorization.k8s.io/v1", review),
		served("example.org/v1", stored("boats", "Boat"), stored("rafts", "Raft")),
		served("example.org/v2", stored("boats", "Boat"), stored("events", "Event")),
	}
	var got []string
	for _, k := range kindsOf(groups, lists)[len(known):] {
		if k.made != nil || k.only != "" || k.custom != (k.resource.Group == "example.org") {
			t.Errorf("%+v", k)
		}
		if k.name == "Boat" && !slices.Equal(k.others, []string{"v1"}) || k.name != "Boat" && k.others != nil {
			t.Errorf("%s is served as %q, too", k.name, k.others)
		}
		got = append(got, k.resource.GroupVersion().String()+" "+k.resource.Resource+" "+k.name)
	}
	want := []string{"v1 serviceaccounts ServiceAccount", "networking.k8s.io/v1 networkpolicies NetworkPolicy", "example.org/v2 boats Boat",
		"example.org/v2 events Event", "example.org/v1 rafts Raft"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := kindsOf(nil, nil); len(got) != len(known) {
		t.Errorf("what is known is not looked at unless it is discovered: %v", got)
	}
}

func TestSpeakForThemselves(t *testing.T) {
	one := func(uid string, r facts.Resident, owners ...types.UID) resident {
		r.Name = uid
		of := resident{Resident: r, uid: types.UID(uid)}
		for _, owner := range owners {
			of.owners = append(of.owners, metav1.OwnerReference{UID: owner})
		}
		return of
	}
	kept, flux := facts.Resident{Policy: true, Owner: "ns/web"}, facts.Resident{KeepWhy: "Flux owns it"}
	left := speakForThemselves([]resident{
		one("a", kept), one("b", facts.Resident{Policy: true}, "a"), one("c", flux, "a"), one("d", flux, "c", "gone"), one("a", kept),
		one("e", facts.Resident{Policy: true, Owner: "ns/db"}, "a"), one("f", facts.Resident{Policy: true, Maker: "kubectl"}, "a"),
		one("g", flux, "gone"),
	})
	var got []string
	for _, r := range left {
		got = append(got, r.Name)
	}
	if want := []string{"a", "c", "e", "f", "g"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGoesByItself(t *testing.T) {
	controlled := &metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Controller: new(true)}}}
	pods, boats := kind{resource: resource("", "pods")}, kind{resource: resource("example.org", "pods"), custom: true}
	if !pods.goesByItself(controlled) || pods.goesByItself(&metav1.ObjectMeta{}) || boats.goesByItself(controlled) {
		t.Error("a pod goes by itself where something controls it, and nothing else does")
	}
	owned := &metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{APIVersion: "example.org/v1", Kind: "Fleet"}}}
	if !boats.isOwned(owned) || pods.isOwned(owned) {
		t.Error("a custom resource is owned by another, and what is Kubernetes' own counts as before")
	}
}

func TestOwnersAbove(t *testing.T) {
	by := func(uids ...types.UID) (refs []metav1.OwnerReference) {
		for _, uid := range uids {
			refs = append(refs, metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "of-" + string(uid), UID: uid})
		}
		return refs
	}
	var got []string
	for _, ref := range (owners{"a": by("b", "c"), "c": by("d"), "d": by("a", "c")}).above("ns", "a") {
		got = append(got, ref.String())
	}
	if want := []string{"ns/Deployment/of-b", "ns/Deployment/of-c", "ns/Deployment/of-d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
