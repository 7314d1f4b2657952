package census

import "strings"

// isBranchName reports whether a text, which stood on an object of the cluster, can be the
// name of a branch as it is. A name that is no UTF-8 is not stamped as it is, and nor does an
// answer hold it.
// https://git-scm.com/docs/git-check-ref-format
func isBranchName(s string) bool {
	bad := func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\uFFFD' || strings.ContainsRune(`~^:?*[\`, r) }
	if s == "" || s == "@" || strings.ContainsFunc(s, bad) || strings.Contains(s, "..") || strings.Contains(s, "@{") ||
		strings.HasSuffix(s, ".") || len(s) > 1024 {
		return false
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}
