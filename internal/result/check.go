package result

// Check is one consistency check and what it saw.
type Check struct {
	Name     string   `json:"name"` // last-revision, status, one-deployed, manifest, objects, ownership, ready
	Title    string   `json:"title"`
	OK       bool     `json:"ok"`
	Detail   string   `json:"detail,omitempty"`
	Findings []string `json:"findings,omitempty"` // one line each; may hold untrusted text
}
