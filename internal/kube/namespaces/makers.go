package namespaces

import (
	"encoding/json"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// personsClients are what people make objects with, as managedFields name them, in lower
// case. A name may go on after a character that is no letter: kubectl-client-side-apply.
// A controller is called as its authors like, so that those cannot be listed; GitOps
// controllers make what people wrote, and may leave no mark on it.
var personsClients = []string{
	"kubectl", "oc", "helm", "k9s", "lens", "openlens", "freelens", "headlamp", "octant", "dashboard", "monokle", "aptakube", "mozilla",
	"curl", "node-fetch", "python-requests", "openapi-generator", "swagger-codegen", "ansible", "terraform",
	"hashicorp", "pulumi", "kapp", "skaffold", "tilt", "devspace", "okteto", "werf", "kluctl", "before-first-apply",
	"argocd", "kustomize-controller", "fleetagent", "configsync",
	"velero", // which restores what people made
	"portainer", "googlecloudconsole", "postmanruntime", "insomnia", "axios", "go-http-client", "wget", "undici", "python-httpx", rancher,
}

// rancher is what Rancher writes as, for those who use its pages, and by itself: it binds the roles of a
// project's members in each of its namespaces, so that a RoleBinding tells of no person.
const rancher = "rancher"

// Helm is the name by which Helm, and Berth for it, makes objects.
const Helm = "helm"

// nobody is the maker of an object that names none, which is taken for a person.
const nobody = "something that left no name"

// makerOf returns the person's client that made an object, or "" where none did. field is
// one that only whoever makes such an object sets; who changes an object did not make it.
func makerOf(writes []metav1.ManagedFieldsEntry, field []string) string {
	return firstOf(writes, func(w *metav1.FieldsV1) bool { return sets(w, field) })
}

// makerOfCustom is makerOf for a kind whose fields nobody here knows. Who creates an object
// is the one that owns the whole of its spec, or of what it has instead. Server-side apply
// owns single fields alone, so that anybody who owns one may have made it then.
func makerOfCustom(writes []metav1.ManagedFieldsEntry) string {
	return firstOf(writes, func(w *metav1.FieldsV1) bool { return setsContent(w, true) },
		func(w *metav1.FieldsV1) bool { return setsContent(w, false) })
}

// firstOf returns the person's client among the writers that the first of the signs finds
// which finds any, and else among all. It is "" where none of them is one.
func firstOf(writes []metav1.ManagedFieldsEntry, signs ...func(*metav1.FieldsV1) bool) string {
	var makers []string
	for _, sign := range append(signs, func(*metav1.FieldsV1) bool { return true }) {
		for _, w := range writes {
			if w.Subresource == "" && sign(w.FieldsV1) {
				makers = append(makers, w.Manager)
			}
		}
		if len(makers) > 0 {
			break
		}
	}
	if len(makers) == 0 {
		return nobody
	}
	for _, manager := range makers {
		if client := personsClient(manager); client != "" {
			return client
		}
	}
	return ""
}

// MakerOfClaim returns the person's client that made a claim, or "" where none did, or nobody
// left a name.
func MakerOfClaim(writes []metav1.ManagedFieldsEntry) string {
	for _, k := range known {
		if k.name == "PersistentVolumeClaim" && len(writes) > 0 {
			return makerOf(writes, k.made)
		}
	}
	return ""
}

// CopierOf returns the person's client that made a custom resource which bears a release's
// marks, or "" where something else did, or nobody left a name: Helm, or Berth for it, makes
// what a release has.
func CopierOf(writes []metav1.ManagedFieldsEntry) string {
	if len(writes) == 0 {
		return ""
	}
	if maker := makerOfCustom(writes); maker != Helm {
		return maker
	}
	return ""
}

// personsClient returns which client of people a manager is, or "". What it returns is
// no text of the manager's own.
func personsClient(manager string) string {
	manager = strings.ToLower(manager)
	if manager == "unknown" { // so the API server calls what does not say what it is
		return nobody
	}
	is := func(client string) bool {
		rest, ok := strings.CutPrefix(manager, client)
		return ok && (rest == "" || !isLetter(rest[0]))
	}
	if i := slices.IndexFunc(personsClients, is); i >= 0 {
		return personsClients[i]
	}
	return ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

// sets reports whether a write owns a field, or something below it.
func sets(owned *metav1.FieldsV1, field []string) bool {
	if owned == nil {
		return false
	}
	var at map[string]json.RawMessage
	raw := json.RawMessage(owned.GetRawBytes())
	for _, name := range field {
		at = nil
		if json.Unmarshal(raw, &at) != nil {
			return false
		}
		below, ok := at["f:"+name]
		if !ok {
			return false
		}
		raw = below
	}
	return true
}

// setsContent reports whether a write owns something beside metadata and status or, with
// whole, one such part as a whole.
func setsContent(owned *metav1.FieldsV1, whole bool) bool {
	var parts map[string]map[string]json.RawMessage
	if owned == nil || json.Unmarshal(owned.GetRawBytes(), &parts) != nil {
		return false
	}
	for name, part := range parts {
		if name == "f:metadata" || name == "f:status" {
			continue
		}
		if _, all := part["."]; all || !whole {
			return true
		}
	}
	return false
}
