package app

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// hashDigits is the number of hexadecimal digits of a hash. They are 64 bits:
// enough to rule out collisions by chance, and short enough for a label.
const hashDigits = 16

// Identity returns the hash of what tells a branch from all others: platform, base
// repository, head repository and name. The branches patch-1 of two forks have
// different identities. Hosts and repositories are compared without regard to
// case, as the platforms do; branches with regard to case, as Git does.
func Identity(s Source) string {
	head := cmp.Or(s.HeadRepository, s.Repository)
	return fingerprint(fold(s.Host), fold(s.Repository), fold(head), s.Branch)
}

// fold returns a host or repository as it is compared.
func fold(name string) string { return strings.ToLower(name) }

// RepositoryHash returns the hash of a repository, for a label.
func RepositoryHash(host, repository string) string {
	return fingerprint(fold(host), fold(repository))
}

// RunHash returns the hash of one attempt of a CI run, for a label.
func RunHash(runURL string, attempt int) string {
	return fingerprint(runURL, strconv.Itoa(attempt))
}

// fingerprint returns the hash of the parts. Each is preceded by its length, so
// that ("ab", "c") and ("a", "bc") have different hashes.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s,", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))[:hashDigits]
}
