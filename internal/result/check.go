package result

// Check is one consistency check and what it saw.
type Check struct {
	Name     string // last-revision, status, one-deployed, manifest, objects, ownership, contents, ready
	Title    string
	OK       bool
	Detail   string
	Findings []string // one line each; may hold untrusted text
}
