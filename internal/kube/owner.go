package kube

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What Helm writes on every object of a release (not on hooks).
const (
	managedByHelm              = "Helm"
	annotationReleaseName      = "meta.helm.sh/release-name"
	annotationReleaseNamespace = "meta.helm.sh/release-namespace"
)

// annotationResourcePolicy is what a chart writes on objects that are to outlive
// their release.
const annotationResourcePolicy = "helm.sh/resource-policy"

// gitOpsMarks are the labels and annotations by which a GitOps controller says
// that an object is its own.
var gitOpsMarks = []string{
	"kustomize.toolkit.fluxcd.io/name",
	"helm.toolkit.fluxcd.io/name",
	"argocd.argoproj.io/tracking-id",
	"argocd.argoproj.io/instance",
}

// releaseOwner is the release that an object says it belongs to, as
// namespace/release, and whether that is the given one. The label and both
// annotations have to be there, as Helm itself asks before it adopts.
func releaseOwner(o metav1.Object, release, namespace string) (owner string, owned bool) {
	notes := o.GetAnnotations()
	name, in := notes[annotationReleaseName], notes[annotationReleaseNamespace]
	if name == "" && in == "" {
		return "", false
	}
	owned = o.GetLabels()[LabelManagedBy] == managedByHelm && name == release && in == namespace
	return in + "/" + name, owned
}

// markReleaseOwner sets what Helm sets on an object before it is applied,
// whatever the chart wrote there.
func markReleaseOwner(o metav1.Object, release, namespace string) {
	o.SetLabels(with(o.GetLabels(), map[string]string{LabelManagedBy: managedByHelm}))
	o.SetAnnotations(with(o.GetAnnotations(), map[string]string{
		annotationReleaseName:      release,
		annotationReleaseNamespace: namespace,
	}))
}

// madeByBerth says that Berth made, or was told to adopt, this very object. The
// object's own UID has to stand on it, so that a copy of its YAML under another
// name, or a namespace made anew from a backup, is never taken for ours.
func madeByBerth(o metav1.Object) bool {
	uid := string(o.GetUID())
	return uid != "" && o.GetLabels()[LabelManagedBy] == ManagedByBerth &&
		o.GetAnnotations()[AnnotationNamespaceUID] == uid
}

// keepMark finds the mark that forbids to delete an object, and says which.
func keepMark(o metav1.Object) (why string, keep bool) {
	for _, marks := range []map[string]string{o.GetAnnotations(), o.GetLabels()} {
		if v, ok := marks[AnnotationKeep]; ok && !strings.EqualFold(v, "false") {
			return "it is marked " + AnnotationKeep, true
		}
		for _, key := range gitOpsMarks {
			if v := marks[key]; v != "" {
				return "a GitOps controller owns it (" + key + ")", true
			}
		}
	}
	return "", false
}

// policyKeeps says that Helm is to leave an object where it would delete it. An
// uninstall reads the annotation in the manifest, an upgrade on the object.
func policyKeeps(o metav1.Object) bool {
	return strings.ToLower(strings.TrimSpace(o.GetAnnotations()[annotationResourcePolicy])) == "keep"
}

// with merges two maps into a new one; the second wins.
func with(a, b map[string]string) map[string]string {
	all := make(map[string]string, len(a)+len(b))
	for k, v := range a {
		all[k] = v
	}
	for k, v := range b {
		all[k] = v
	}
	return all
}
