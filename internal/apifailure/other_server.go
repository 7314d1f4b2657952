package apifailure

import "fmt"

// OtherServerError is the error for an answer that no API server gives: a page of
// HTML, as a proxy or a login page before it answers, with whatever status.
type OtherServerError struct {
	Method, Host, Path string
	Status             string // 200 OK
	Server             string // what the answer calls its server, "" when it does not; untrusted text
}

// Error says what answered.
func (e *OtherServerError) Error() string {
	server := ""
	if e.Server != "" {
		server = fmt.Sprintf(", server %.80q", e.Server)
	}
	return fmt.Sprintf("%s %s at %s was answered with a page of HTML (%s%s)", e.Method, e.Path, e.Host, e.Status, server)
}
