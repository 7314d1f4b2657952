package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// NeverStripped are the kinds of which no finalizer is ever taken off, whatever the input says:
// these hold data, or take along what others have. A * is for every kind of a group.
var NeverStripped = []string{"v1/Namespace", "v1/PersistentVolume", "v1/PersistentVolumeClaim",
	"apiextensions.k8s.io/CustomResourceDefinition", "storage.k8s.io/VolumeAttachment",
	"snapshot.storage.k8s.io/*", "groupsnapshot.storage.k8s.io/*"}

// collected are finalizers that the garbage collector of Kubernetes takes off itself.
var collected = []string{"foregroundDeletion", "orphan"}

// groupKind names an object's kind as the input strip-finalizers does.
func groupKind(r facts.Ref) string {
	group, _, grouped := strings.Cut(r.APIVersion, "/")
	if !grouped {
		group = "v1"
	}
	return group + "/" + r.Kind
}

// mayEverStrip returns whether there is a finalizer on an object that a teardown may be told to
// take off.
func mayEverStrip(b facts.Blocker) bool {
	kind := groupKind(b.Ref)
	group, _, _ := strings.Cut(kind, "/")
	return !slices.Contains(NeverStripped, kind) && !slices.Contains(NeverStripped, group+"/*") && !b.Since.IsZero() &&
		slices.ContainsFunc(b.Finalizers, func(f string) bool { return !slices.Contains(collected, f) })
}

// named returns whether a teardown was told to take off the finalizers of an object's kind.
func (p Policy) named(b facts.Blocker) bool {
	return mayEverStrip(b) && slices.Contains(p.StripFinalizers, groupKind(b.Ref))
}

// StripsInNamespace returns whether the finalizers of what is left in a namespace are to be
// taken off: it is of a kind that was named, in a namespace of the branch's own that is being
// deleted, and nothing on it would have kept that. records are the objects that the release's records
// name, as far as they could still be read: what else bears its marks, and a person made, is a copy.
func StripsInNamespace(ns facts.Namespace, b facts.Blocker, records []facts.Ref, release, identity string, p Policy) bool {
	if !p.named(b) || TenancyOf(ns, identity) != TenancyOwn || b.Namespace != ns.Name {
		return false
	}
	marked := MarkCopies([]facts.Resident{b.Resident}, ns.Name, release, records)
	return keepsNamespace(ns, marked[0], release, identity, p) == ""
}

// StripsOfRelease returns whether the finalizers of an object that a teardown has deleted are to
// be taken off: it is of a kind that was named, still the own of the release, as namespace/name,
// and nobody wants it kept.
func StripsOfRelease(b facts.Blocker, own string, p Policy) bool {
	ours := b.Owner == own || b.Owner == "" && b.HookOf == own
	return p.named(b) && ours && !b.Policy && b.KeepWhy == ""
}

// standstill is how long nothing may have happened to what is being deleted before finalizers
// are taken off: whoever serves them gets that time.
const standstill = 10 * time.Second

// Standstill tells by a look after the other which objects nothing happens to any more. The zero
// value has seen nothing.
type Standstill struct {
	all   string               // what there was, with its finalizers
	since time.Time            // since when there is just that
	seen  map[string]time.Time // by object and version: since when it is so
}

// See takes a look into account, and returns the objects that have stood still for a while: they
// were not written to, and nothing that is being deleted has gone, come or lost a finalizer.
func (s *Standstill) See(blockers []facts.Blocker, now time.Time) (still []facts.Blocker) {
	seen, all := make(map[string]time.Time, len(blockers)), make([]string, 0, len(blockers))
	for _, b := range blockers {
		key := b.UID + " " + b.Version
		if since, known := s.seen[key]; known {
			seen[key] = since
		} else {
			seen[key] = now
		}
		all = append(all, fmt.Sprintf("%s %q", b.UID, b.Finalizers))
	}
	slices.Sort(all)
	if joined := strings.Join(all, "\n"); s.since.IsZero() || joined != s.all {
		s.all, s.since = joined, now
	}
	s.seen = seen
	if now.Sub(s.since) < standstill {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(blockers), func(b facts.Blocker) bool { return now.Sub(seen[b.UID+" "+b.Version]) < standstill })
}
