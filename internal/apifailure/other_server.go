package apifailure

import "fmt"

// OtherServerError is the error for an answer that no API server gives: a page of HTML,
// as a proxy or a login page before it answers; a redirect to another server; a 404 that
// is none of Kubernetes'.
type OtherServerError struct {
	Method, Host, Path string
	With               string // what it was answered with: "a page of HTML"
	Status             string // 200 OK
	Server             string // what the answer calls its server, "" when it does not; untrusted text
}

// Error says what answered.
func (e *OtherServerError) Error() string {
	server := ""
	if e.Server != "" {
		server = fmt.Sprintf(", server %.80q", e.Server)
	}
	return fmt.Sprintf("%s %s at %s was answered with %s (%.80s%s)", e.Method, e.Path, e.Host, e.With, e.Status, server)
}
