package input

// didYouMean returns the end of a sentence that suggests a name, or "" when there
// is none to suggest.
func didYouMean(prefix, name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + prefix + name + "?"
}

// DidYouMean returns the end of a sentence that suggests the candidate which a name is most
// likely a misspelling of, or "" where none is similar enough.
func DidYouMean(name string, candidates []string) string {
	return didYouMean("", nearest(name, candidates))
}

// nearest returns the candidate that name is most likely a misspelling of, or ""
// when none is similar enough.
func nearest(name string, candidates []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, candidate := range candidates {
		if d := distance(name, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance returns the optimal string alignment distance: how many bytes have to
// be added, removed, changed or swapped with their neighbour to turn a into b.
func distance(a, b string) int {
	before, last := []int{}, make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
