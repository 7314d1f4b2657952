package objects

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

var shop = ownership.Release{Namespace: "review", Name: "shop"}

var claimRef = facts.Ref{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: "tools", Name: "data-db-0"}

// At a teardown an input may say that they go.
func TestClaimsThatMayGo(t *testing.T) {
	inside := Inside{Release: shop, DeleteClaims: true}
	for name, r := range map[string]facts.Resident{
		"a StatefulSet's": {Ref: claimRef}, "a hook's": {Ref: claimRef, Hook: true, HookOf: "review/shop", Maker: "helm"},
	} {
		if why := inside.whoseResident(r); why != "" {
			t.Errorf("%s: %q", name, why)
		}
	}
	if why := inside.whoseResident(facts.Resident{Ref: claimRef, Maker: "kubectl"}); why == "" {
		t.Error("a person's claim goes with delete-claims")
	}
	hooks := metav1.ObjectMeta{Annotations: map[string]string{ownership.AnnotationHookOf: "review/shop"}}
	if why := inside.whoseClaim(&hooks); why != "" {
		t.Errorf("the volume of a hook's claim: %q", why)
	}
}

func TestStrangersAmongResidents(t *testing.T) {
	for name, c := range map[string]struct {
		resident facts.Resident
		want     string
	}{
		"the release's own":             {facts.Resident{Owner: "review/shop", Maker: "helm"}, ""},
		"a person's copy of it":         {facts.Resident{Owner: "review/shop", Maker: "kubectl"}, "made with kubectl, from"},
		"its own, made anew, and going": {facts.Resident{Owner: "review/shop", Maker: "kubectl", Deleting: true}, ""},
		"a copy of what its hook made":  {facts.Resident{Hook: true, HookOf: "review/shop", Maker: "kubectl"}, "made with kubectl, from"},
		"what its hooks made":           {facts.Resident{Hook: true, HookOf: "review/shop", Maker: "helm"}, ""},
		"what anybody's hook made":      {facts.Resident{Hook: true, Maker: "helm"}, "made with helm"},
		"what a controller made":        {facts.Resident{}, ""},
		"what goes with the app":        {facts.Resident{WithApp: true, Maker: "kubectl"}, ""},
		"a person's":                    {facts.Resident{Maker: "kubectl"}, "made with kubectl"},
		"what a hook of another made":   {facts.Resident{Hook: true, HookOf: "elsewhere/other", Maker: "kubectl"}, "made with kubectl"},
		"another release's":             {facts.Resident{Owner: "review/api", Maker: "helm"}, "release review/api"},
		"the release's own, to be kept": {facts.Resident{Owner: "review/shop", Policy: true}, "to be kept"},
		"the release's own, and marked": {facts.Resident{Owner: "review/shop", KeepWhy: "it is marked"}, "it is marked"},
		"a claim of a StatefulSet":      {facts.Resident{Ref: claimRef}, "delete-claims"},
		"one that goes with its set":    {facts.Resident{Ref: claimRef, Under: []facts.Ref{{Kind: "StatefulSet"}}}, ""},
		"a hook's claim":                {facts.Resident{Ref: claimRef, Hook: true, HookOf: "review/shop", Maker: "helm"}, "delete-claims"},
		"one of the manifest":           {facts.Resident{Ref: claimRef, Owner: "review/shop", Maker: "helm"}, ""},
		"one that goes with the app":    {facts.Resident{Ref: claimRef, WithApp: true}, ""},
	} {
		if got := (Inside{Release: shop}).whoseResident(c.resident); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestStrangersOfAKind(t *testing.T) {
	own, hook := shop.Annotations(), map[string]string{ownership.AnnotationHookOf: "review/shop"}
	for name, c := range map[string]struct {
		object metav1.ObjectMeta
		shared bool // other branches deploy to the release's namespace, so that it stays
		want   bool
	}{
		"the release's own": {object: metav1.ObjectMeta{Namespace: "elsewhere", Labels: shop.Labels(), Annotations: own}},
		"its hook's":        {object: metav1.ObjectMeta{Namespace: "elsewhere", Annotations: hook}},
		"in its namespace":  {object: metav1.ObjectMeta{Namespace: "review"}},
		"in its namespace, which others share": {object: metav1.ObjectMeta{Namespace: "review"}, shared: true,
			want: true},
		"in its namespace, and marked": {object: metav1.ObjectMeta{Namespace: "review",
			Labels: map[string]string{ownership.AnnotationKeep: "yes"}}, want: true},
		"in another namespace":                {object: metav1.ObjectMeta{Namespace: "team"}, want: true},
		"in no namespace":                     {object: metav1.ObjectMeta{}, want: true},
		"without the label of Helm's objects": {object: metav1.ObjectMeta{Namespace: "team", Annotations: own}, want: true},
	} {
		c.object.Name = "boat"
		why := (Inside{Release: shop, NamespaceGoes: !c.shared}).whoseOfKind(&c.object)
		if (why != "") != c.want || c.want && !strings.Contains(why, "boat is of its kind") {
			t.Errorf("%s: %q", name, why)
		}
	}
}

// A person who copies an object copies its marks, too. What is on its way was the release's own.
func TestCopiesAreStrangers(t *testing.T) {
	for _, marks := range []map[string]string{shop.Annotations(), {ownership.AnnotationHookOf: "review/shop"}} {
		for manager, want := range map[string]bool{"kubectl-client-side-apply": true, "helm": false, "some-operator": false} {
			write := []metav1.ManagedFieldsEntry{{Manager: manager, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{".":{},"f:accessModes":{}}}`)}}
			copied := metav1.ObjectMeta{Namespace: "team", Name: "boat", Labels: shop.Labels(), Annotations: marks, ManagedFields: write}
			inside := Inside{Release: shop, DeleteClaims: true}
			for what, why := range map[string]string{"of a kind": inside.whoseOfKind(&copied), "claim": inside.whoseClaim(&copied)} {
				if (why != "") != want {
					t.Errorf("%s, made with %s, with %v: %q", what, manager, marks, why)
				}
			}
			copied.DeletionTimestamp = &metav1.Time{}
			if why := inside.whoseOfKind(&copied) + inside.whoseClaim(&copied); why != "" {
				t.Errorf("on its way, made with %s: %q", manager, why)
			}
		}
	}
}

// Neither is ever deleted with a release, and nothing is asked for that.
func TestStrangersBoundToAVolume(t *testing.T) {
	for name, c := range map[string]struct {
		claim metav1.ObjectMeta
		own   bool // nobody but the branch has anything in the release's namespace, which goes
		want  string
	}{
		"the release's own, which goes": {claim: metav1.ObjectMeta{Namespace: "elsewhere", Labels: shop.Labels(), Annotations: shop.Annotations(),
			DeletionTimestamp: &metav1.Time{}}},
		"the release's own, of an older revision": {claim: metav1.ObjectMeta{Namespace: "elsewhere", Labels: shop.Labels(),
			Annotations: shop.Annotations()}, want: "delete-claims"},
		"the release's own, to be kept": {claim: metav1.ObjectMeta{Namespace: "review", Labels: shop.Labels(),
			Annotations: ownership.Merge(shop.Annotations(), map[string]string{"helm.sh/resource-policy": "keep"})}, want: "to be kept"},
		"its hook's": {claim: metav1.ObjectMeta{Annotations: map[string]string{ownership.AnnotationHookOf: "review/shop"}},
			want: "delete-claims"},
		"in its namespace, which goes":         {claim: metav1.ObjectMeta{Namespace: "review"}, own: true},
		"in its namespace, which others share": {claim: metav1.ObjectMeta{Namespace: "review"}, want: "has not made it"},
		"in another namespace":                 {claim: metav1.ObjectMeta{Namespace: "team"}, own: true, want: "claim team/data is bound"},
	} {
		c.claim.Name = "data"
		why := (Inside{Release: shop, NamespaceGoes: c.own}).whoseClaim(&c.claim)
		if (why == "") != (c.want == "") || !strings.Contains(why, c.want) {
			t.Errorf("%s: %q, want %q", name, why, c.want)
		}
	}
}

func TestStrangersInNamespacesThatStay(t *testing.T) {
	for _, name := range []string{"default", "kube-system", "review"} {
		for _, inside := range []Inside{{Release: shop}, {Release: shop, DeleteForeign: true}} {
			if why, err := inside.Strangers(t.Context(), facts.Ref{APIVersion: "v1", Kind: "Namespace", Name: name}); why == "" || err != nil {
				t.Errorf("%s: %q, %v", name, why, err)
			}
		}
	}
	for _, ref := range []facts.Ref{{APIVersion: "v1", Kind: "ConfigMap"}, {APIVersion: "example.com/v1", Kind: "Namespace"}} {
		if why, err := (Inside{Release: shop}).Strangers(t.Context(), ref); why != "" || err != nil {
			t.Errorf("%s: %q, %v", ref, why, err)
		}
	}
}

func TestResourceOfADefinition(t *testing.T) {
	got, ok := resourceOf(one(t, `
kind: CustomResourceDefinition
apiVersion: apiextensions.k8s.io/v1
spec: {group: example.com, names: {plural: boats}, versions: [{name: v1, served: false}, {name: v2, served: true}]}
`))
	if !ok || got.Group != "example.com" || got.Version != "v2" || got.Resource != "boats" {
		t.Errorf("%t, %v", ok, got)
	}
	const unserved = "{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, spec: {versions: [{name: v1}]}}"
	if _, ok := resourceOf(one(t, unserved)); ok {
		t.Error("a definition that is not served has a resource")
	}
}

func TestStrangersThatNameTheirOwner(t *testing.T) {
	set := facts.Ref{APIVersion: "apps/v1beta2", Kind: "Deployment", Namespace: "review", Name: "shop"}
	inside := Inside{Release: shop, Spared: []facts.Resident{{Ref: facts.Ref{Kind: "Boat", Namespace: "review", Name: "b"}, Under: []facts.Ref{
		{APIVersion: "example.org/v1", Kind: "Fleet", Namespace: "review", Name: "f"}, set}}}}
	for ref, want := range map[facts.Ref]bool{
		{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "review", Name: "shop"}:        true,
		{APIVersion: "example.org/v2", Kind: "Fleet", Name: "f"}:                              true,
		{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "team", Name: "shop"}:          false,
		{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "review", Name: "other"}:       false,
		{APIVersion: "example.org/v1", Kind: "Deployment", Namespace: "review", Name: "shop"}: false,
	} {
		why, err := inside.Strangers(t.Context(), ref)
		if strings.Contains(why, "Boat/b names it as its owner") != want || err != nil {
			t.Errorf("%s: %q, %v", ref, why, err)
		}
	}
}
