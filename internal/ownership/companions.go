package ownership

import (
	"slices"
	"strings"
)

// LabelCompanion is on each object that Berth makes beside a release, by which it is found
// again. Its value says what kind of companion it is.
const LabelCompanion = "berth.dev/companion"

// The kinds of companion.
const (
	CompanionCopy  = "copy"  // of a Secret of another namespace
	CompanionQuota = "quota" // of the input quota
)

// Berth's annotations on a companion.
const (
	annotationSource        = "berth.dev/source"
	annotationSourceVersion = "berth.dev/source-version"
	annotationReleases      = "berth.dev/releases"
	annotationSelf          = "berth.dev/companion-name"
)

// Berth's annotations on a namespace that tell which companions have been made there. They
// are never removed, and count with any value.
const (
	AnnotationCopies = "berth.dev/copies"
	AnnotationQuota  = "berth.dev/quota"
)

// Companion is what an object says that Berth has made beside a release.
type Companion struct {
	Kind     string   // CompanionCopy or CompanionQuota
	Source   string   // of a copy: the Secret's namespace/name
	Version  string   // the source's resourceVersion, or what stands for a document's content
	Releases []string // of its namespace, that it is there for
}

// ReleaseNames are the names of the releases that it is there for.
func (c Companion) ReleaseNames() []string {
	names := make([]string, len(c.Releases))
	for i, r := range c.Releases {
		names[i], _, _ = strings.Cut(r, "/")
	}
	return names
}

// CompanionOf returns what an object's marks say, and false for one that is none of Berth's
// companions, or a copy of one under another name or in another namespace: whoever copies
// an object copies its marks, and self, its own namespace/name, is one of them. What a release or
// a hook of it has made is theirs, whatever its chart writes there.
func CompanionOf(self string, labels, annotations map[string]string) (Companion, bool) {
	c := Companion{Kind: labels[LabelCompanion], Source: annotations[annotationSource], Version: annotations[annotationSourceVersion],
		Releases: strings.Fields(annotations[annotationReleases])}
	ours := labels[LabelManagedBy] == ManagedByBerth && annotations[annotationSelf] == self && len(c.Releases) > 0 &&
		NamedRelease(annotations) == (Release{}) && HookRelease(annotations) == (Release{}) &&
		(c.Kind == CompanionQuota || c.Kind == CompanionCopy && c.Source != "")
	return c, ours
}

// Labels are those of a companion.
func (c Companion) Labels() map[string]string {
	return map[string]string{LabelManagedBy: ManagedByBerth, LabelCompanion: c.Kind}
}

// Annotations are those of a companion whose namespace/name is self.
func (c Companion) Annotations(self string) map[string]string {
	all := c.Shared()
	all[annotationSelf], all[annotationSourceVersion] = self, c.Version
	if c.Source != "" {
		all[annotationSource] = c.Source
	}
	return all
}

// Shared is the annotation that says for which releases a companion is there.
func (c Companion) Shared() map[string]string {
	return map[string]string{annotationReleases: strings.Join(slices.Sorted(slices.Values(c.Releases)), " ")}
}
