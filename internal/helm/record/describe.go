package record

import (
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// keyPrefix begins the name of every record.
const keyPrefix = "sh.helm.release.v1."

// Key is the name of the Secret or ConfigMap in which Helm keeps a revision.
func Key(release string, revision int) string {
	return keyPrefix + release + ".v" + strconv.Itoa(revision)
}

// parseKey takes a record's name apart; "" and 0 when it is none of Helm's. A
// release's name may contain dots and ".v1" itself, but a key ends in one
// number, written as Helm writes it, so that there is only one way to read it.
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

// identify says whose record of which revision it is: the label's release
// where there is one, since Helm goes by it, and else that of the key.
func identify(meta *metav1.ObjectMeta) (release string, revision int) {
	release, revision = parseKey(meta.Name)
	if name := meta.Labels[labelName]; name != "" && name != release {
		release = name
		revision, _ = strconv.Atoi(meta.Labels[labelVersion])
	}
	return release, revision
}

// hidden says that Helm does not find a record: it selects by both labels.
func hidden(meta *metav1.ObjectMeta) bool {
	return meta.Labels[labelName] == "" || meta.Labels[labelOwner] != ownerHelm
}

// describe is what a record's metadata tells.
func (s *Store) describe(meta *metav1.ObjectMeta) facts.Record {
	_, revision := identify(meta)
	rec := facts.Record{
		Key:      meta.Name,
		UID:      string(meta.UID),
		Revision: revision,
		Label:    facts.Status(meta.Labels[labelStatus]),
		Created:  meta.CreationTimestamp.Time,
		Stamp:    stampOf(meta.Labels, revision),
		Identity: meta.Labels[ownership.LabelIdentity],
		RunURL:   meta.Annotations[s.opts.RunURLAnnotation],
		Hidden:   hidden(meta),
	}
	rec.Touched, rec.Managers = touched(meta)
	return rec
}

// touched says when an object was last written, and by whom, newest first.
// Helm's createdAt and modifiedAt labels do not tell: the first vanishes at
// the first update, the second is copied from one revision to the next.
func touched(meta *metav1.ObjectMeta) (time.Time, []string) {
	newest := meta.CreationTimestamp.Time
	writes := slices.Clone(meta.ManagedFields)
	slices.SortStableFunc(writes, func(a, b metav1.ManagedFieldsEntry) int {
		return at(b).Compare(at(a))
	})
	var managers []string
	for _, write := range writes {
		if at(write).After(newest) {
			newest = at(write)
		}
		if !slices.Contains(managers, write.Manager) {
			managers = append(managers, write.Manager)
		}
	}
	return newest, managers
}

func at(write metav1.ManagedFieldsEntry) time.Time {
	if write.Time == nil {
		return time.Time{}
	}
	return write.Time.Time
}
