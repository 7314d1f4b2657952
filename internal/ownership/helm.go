package ownership

import (
	"maps"
	"strconv"
	"strings"
)

// What Helm writes on every object of a release, hooks excepted.
const (
	annotationReleaseName      = "meta.helm.sh/release-name"
	annotationReleaseNamespace = "meta.helm.sh/release-namespace"
)

// AnnotationResourcePolicy is what a chart writes on objects that are to outlive
// their release. "keep" is the only policy that Helm documents.
const AnnotationResourcePolicy = "helm.sh/resource-policy"

// RecordPrefix begins the name of every Secret and ConfigMap in which Helm keeps a record.
const RecordPrefix = "sh.helm.release.v1."

// Release is a Helm release by its name and the namespace of its records.
type Release struct{ Namespace, Name string }

// String returns namespace/name, or "" for the zero Release. What an object names that can
// be no name is quoted: it may have several lines, and is called like no release.
func (r Release) String() string {
	if r == (Release{}) {
		return ""
	}
	return plain(r.Namespace) + "/" + plain(r.Name)
}

func plain(name string) string {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return strconv.Quote(name)
		}
	}
	return name
}

// Labels are what Helm sets on an object of the release before it applies it,
// whatever the chart wrote there.
func (r Release) Labels() map[string]string {
	return map[string]string{LabelManagedBy: ManagedByHelm}
}

// Annotations are what Helm sets on an object of the release before it applies
// it, whatever the chart wrote there.
func (r Release) Annotations() map[string]string {
	return map[string]string{annotationReleaseName: r.Name, annotationReleaseNamespace: r.Namespace}
}

// NamedRelease returns the release that an object's annotations name, whatever
// its labels say. Either part is empty where its annotation is missing.
func NamedRelease(annotations map[string]string) Release {
	return Release{annotations[annotationReleaseNamespace], annotations[annotationReleaseName]}
}

// OwnerOf returns the release that an object belongs to by Helm's own rule: the
// label has to be there as well as the annotations. It is zero for an object that
// belongs to none.
func OwnerOf(labels, annotations map[string]string) Release {
	r := NamedRelease(annotations)
	if labels[LabelManagedBy] != ManagedByHelm || r.Name == "" {
		return Release{}
	}
	return r
}

// OtherOwner returns whom an object belongs to where it names somebody else than the
// release as its owner, or "". An object that names nobody is no other's, by Helm's own
// rule for what the manifest had before: it has lost its marks, or is older than they.
// The manager's label alone counts where no release is named.
func OtherOwner(r Release, labels, annotations map[string]string) string {
	named, manager := NamedRelease(annotations), labels[LabelManagedBy]
	switch {
	case named.Name != "" && named.Name != r.Name, named.Namespace != "" && named.Namespace != r.Namespace:
		return "release " + named.String()
	case named.Name == "" && manager != "" && manager != ManagedByHelm:
		return "what calls itself " + manager
	}
	return ""
}

// KeptByPolicy reports whether the annotations hold the resource policy "keep", in
// any case and with space around it. By it Berth's uninstall leaves an object, and
// an object that a release no longer has is no leftover. Helm itself goes by
// other rules: its uninstall reads the manifest and deletes no object that has any
// policy at all, and its upgrade and rollback read the live object and compare the
// value exactly.
func KeptByPolicy(annotations map[string]string) bool {
	return strings.ToLower(strings.TrimSpace(annotations[AnnotationResourcePolicy])) == "keep"
}

// WhyPolicy is why an object is left that is kept by its policy.
const WhyPolicy = "its resource policy keeps it"

// annotationHook is what a chart writes on an object that Helm makes around an
// operation.
const annotationHook = "helm.sh/hook"

// IsHook reports whether an object was made as a hook of a release, which writes no
// ownership on it.
func IsHook(annotations map[string]string) bool { return annotations[annotationHook] != "" }

// Merge returns a new map with the labels or annotations of all. The last one
// wins.
func Merge(all ...map[string]string) map[string]string {
	merged := map[string]string{}
	for _, one := range all {
		maps.Copy(merged, one)
	}
	return merged
}
