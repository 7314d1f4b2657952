package record

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// keyPrefix begins the name of every record.
const keyPrefix = ownership.RecordPrefix

// Key returns the name of the Secret or ConfigMap in which Helm stores a
// revision: sh.helm.release.v1.<release>.v<revision>.
func Key(release string, revision int) string {
	return keyPrefix + release + ".v" + strconv.Itoa(revision)
}

// parseKey splits a record's name; it returns "" and 0 for any other name. A
// release's name may itself contain ".v1", but a key ends in exactly one number,
// written as Helm writes it, so the result is unambiguous.
func parseKey(key string) (release string, revision int) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	at := strings.LastIndex(rest, ".v")
	if !ok || at <= 0 {
		return "", 0
	}
	release = rest[:at]
	revision, err := strconv.Atoi(rest[at+len(".v"):])
	if err != nil || revision < 1 || Key(release, revision) != key {
		return "", 0
	}
	return release, revision
}

func isKey(key string) bool {
	release, _ := parseKey(key)
	return release != ""
}

// identify returns the release and the revision that a record belongs to: by the
// name label where there is one, since Helm goes by it, otherwise by the key.
func identify(meta *metav1.ObjectMeta) (release string, revision int) {
	release, revision = parseKey(meta.Name)
	if name := meta.Labels[labelName]; name != "" && name != release {
		release = name
		revision, _ = strconv.Atoi(meta.Labels[labelVersion])
	}
	return release, revision
}

// isConsistent reports whether a record's key names a revision of the release
// that its name label names.
func isConsistent(meta *metav1.ObjectMeta) bool {
	name, revision := parseKey(meta.Name)
	return revision > 0 && name == meta.Labels[labelName]
}

// isHidden reports whether Helm does not find a record: it selects by both
// labels.
func isHidden(meta *metav1.ObjectMeta) bool {
	return meta.Labels[labelName] == "" || meta.Labels[labelOwner] != ownerHelm
}

// describe returns what a record's metadata says. runURL is the key of the
// annotation that holds the run's URL.
func describe(meta *metav1.ObjectMeta, kind Kind, runURL string) facts.Record {
	_, revision := identify(meta)
	rec := facts.Record{
		Key:         meta.Name,
		Resource:    kind.Resource(),
		UID:         string(meta.UID),
		Revision:    revision,
		LabelStatus: facts.Status(meta.Labels[labelStatus]),
		Created:     meta.CreationTimestamp.Time,
		Stamp:       stampOf(meta.Labels, revision),
		Identity:    meta.Labels[ownership.LabelIdentity],
		Origin:      facts.Origin(ownership.OriginOf(meta.Annotations)),
		App:         meta.Annotations[ownership.AnnotationApp],
		RunURL:      meta.Annotations[runURL],
		Hidden:      isHidden(meta),
		Baseline:    decodeBaseline(meta),
		Deployed:    meta.Annotations[ownership.AnnotationDeployed] == "true",
	}
	rec.Touched, rec.Managers = lastWrite(meta)
	if name := meta.Labels[labelName]; name != "" && !isConsistent(meta) {
		rec.Misplaced = fmt.Sprintf("its label names release %q, and its own name does not", name)
	}
	return rec
}

// checkPlace returns a *MisplacedError for a payload that is not of the revision and
// the release by which its object is called, or of another namespace than the object
// is in. Where a payload names no namespace, as some that programs wrote without Helm's
// command line, it is of the one that it is in.
func checkPlace(meta *metav1.ObjectMeta, rls *release.Release) error {
	holds := fmt.Sprintf("it holds revision %d of release %q in namespace %q", rls.Version, rls.Name, rls.Namespace)
	switch named := meta.Labels[labelName]; {
	case Key(rls.Name, rls.Version) != meta.Name, rls.Namespace != "" && rls.Namespace != meta.Namespace:
	case named != "" && named != rls.Name:
		holds += fmt.Sprintf(", and its label names release %q", named)
	default:
		return nil
	}
	return &MisplacedError{Key: meta.Name, Holds: holds}
}

// lastWrite returns when an object was last written, and the managers of its
// fields, newest first. Helm's labels createdAt and modifiedAt do not tell: the
// first is lost at the first update, the second is copied to the next revision.
func lastWrite(meta *metav1.ObjectMeta) (at time.Time, managers []string) {
	at = meta.CreationTimestamp.Time
	writes := slices.Clone(meta.ManagedFields)
	slices.SortStableFunc(writes, func(a, b metav1.ManagedFieldsEntry) int {
		return writeTime(b).Compare(writeTime(a))
	})
	for _, write := range writes {
		if writeTime(write).After(at) {
			at = writeTime(write)
		}
		if !slices.Contains(managers, write.Manager) {
			managers = append(managers, write.Manager)
		}
	}
	return at, managers
}

func writeTime(write metav1.ManagedFieldsEntry) time.Time {
	if write.Time == nil {
		return time.Time{}
	}
	return write.Time.Time
}

// content returns what a decoded payload says.
func content(rls *release.Release) facts.Content {
	name, full := chartName(rls.Chart)
	return facts.Content{
		Loaded:        true,
		PayloadStatus: endOf(rls, facts.Status(rls.Info.Status)),
		Description:   apifailure.InDescription(rls.Info.Description),
		Manifest:      rls.Manifest,
		Hooks:         Hooks(rls.Hooks),
		Chart:         full,
		ChartName:     name,
		FirstDeployed: rls.Info.FirstDeployed.Time,
	}
}

// WasReplaced returns whether a release was uninstalled with its history kept, and installed anew by what
// goes by Helm alone, which records the one before as superseded. Nothing else has it say so.
func WasReplaced(rls *release.Release) bool {
	return rls.Info != nil && rls.Info.Status == release.StatusSuperseded && rls.Info.Description == "superseded by new release"
}

// endOf returns how a revision ended, by its payload or its label: one that was uninstalled was so for
// good, whatever took its place since.
func endOf(rls *release.Release, said facts.Status) facts.Status {
	if said == facts.StatusSuperseded && WasReplaced(rls) {
		return facts.StatusUninstalled
	}
	return said
}

// chartName returns a chart's name, alone and as name-version. Both are empty for a
// release without a chart.
func chartName(c *chart.Chart) (name, full string) {
	if c == nil || c.Metadata == nil {
		return "", ""
	}
	return c.Metadata.Name, c.Metadata.Name + "-" + c.Metadata.Version
}

// Hooks returns what hooks of a payload, or of a chart that was rendered, say.
func Hooks(of []*release.Hook) []facts.Hook {
	var list []facts.Hook
	for _, h := range of {
		if h == nil {
			continue
		}
		hook := facts.Hook{
			Name:      h.Name,
			Kind:      h.Kind,
			Namespace: namespaceOf(h.Manifest),
			Manifest:  h.Manifest,
			Succeeded: h.LastRun.Phase == release.HookPhaseSucceeded,
			// Without a policy Helm deletes a hook before its next creation.
			Recreated:       len(h.DeletePolicies) == 0 || slices.Contains(h.DeletePolicies, release.HookBeforeHookCreation),
			Temporary:       slices.Contains(h.DeletePolicies, release.HookSucceeded),
			TemporaryFailed: slices.Contains(h.DeletePolicies, release.HookFailed),
		}
		for _, event := range h.Events {
			hook.Events = append(hook.Events, event.String())
		}
		list = append(list, hook)
	}
	return list
}

// namespaceOf returns the namespace that a manifest names, or "".
func namespaceOf(text string) string {
	var o metav1.PartialObjectMetadata
	if !strings.Contains(text, "namespace") || yaml.Unmarshal([]byte(text), &o) != nil {
		return "" // nothing was made of what is no object
	}
	return o.Namespace
}
