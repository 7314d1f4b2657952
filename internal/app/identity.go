package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// hashDigits keeps 64 bits: enough never to meet by chance, short enough for a
// label.
const hashDigits = 16

// Identity is the hash of what makes a branch this very branch and no other:
// platform, base repository, head repository and name. Two forks' patch-1
// differ in it. Platforms compare hosts and repositories without case, Git
// compares branches with it.
func Identity(s Source) string {
	head := s.HeadRepository
	if head == "" {
		head = s.Repository
	}
	return fingerprint(strings.ToLower(s.Host), strings.ToLower(s.Repository), strings.ToLower(head), s.Branch)
}

// RepositoryHash is the hash of a repository, for a label.
func RepositoryHash(host, repository string) string {
	return fingerprint(strings.ToLower(host), strings.ToLower(repository))
}

// RunHash is the hash of one attempt of a CI run, for a label.
func RunHash(runURL string, attempt int) string {
	return fingerprint(runURL, strconv.Itoa(attempt))
}

// fingerprint hashes the parts, each led by its length, so that no two lists
// of parts read the same.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s,", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))[:hashDigits]
}
