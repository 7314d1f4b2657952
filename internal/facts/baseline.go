package facts

import (
	"cmp"
	"maps"
	"slices"
)

// BaselineLimit bounds what of a baseline is stored, in bytes before it is
// compressed. Every list of the records carries it along.
const BaselineLimit = 32 << 10

// Within returns the baseline cut to about limit bytes: whole objects, by their
// names, as long as they fit. left are those that do not.
func (b Baseline) Within(limit int) (kept Baseline, left []Ref) {
	refs := slices.SortedFunc(maps.Keys(b), func(a, b Ref) int {
		return cmp.Or(cmp.Compare(a.String(), b.String()), cmp.Compare(a.APIVersion, b.APIVersion))
	})
	kept = Baseline{}
	for _, ref := range refs {
		size := len(ref.APIVersion) + len(ref.String())
		for path, digest := range b[ref] {
			size += len(path) + len(digest)
		}
		if size > limit {
			left = append(left, ref)
			continue
		}
		limit -= size
		kept[ref] = b[ref]
	}
	return kept, left
}

// Add adds differences of an object.
func (b Baseline) Add(ref Ref, differences ...Difference) {
	for _, d := range differences {
		if b[ref] == nil {
			b[ref] = map[string]string{}
		}
		b[ref][d.Path] = d.Digest
	}
}

// Holds returns whether the baseline accepts all that other does.
func (b Baseline) Holds(other Baseline) bool {
	for ref, digests := range other {
		for path, digest := range digests {
			if has, ok := b[ref][path]; !ok || has != digest {
				return false
			}
		}
	}
	return b != nil || other == nil
}
