//go:build cluster

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// audit follows the API server's own log of one user's requests.
type audit struct {
	user string
	log  *os.File
}

// audited is what the log says of one request.
type audited struct {
	Stage, Verb string
	User        struct{ Username string }
	ObjectRef   struct{ APIGroup, Resource, Subresource, Namespace, Name string }
}

// audit begins at the log's end.
func (s *shape) audit() *audit {
	s.t.Helper()
	log, err := os.Open(s.AuditLog())
	if err == nil {
		_, err = log.Seek(0, io.SeekEnd)
	}
	if err != nil {
		s.t.Fatalf("opening the audit log: %v", err)
	}
	s.t.Cleanup(func() { log.Close() })
	return &audit{s.user, log}
}

// take returns the user's requests since then. A request is in the log before it
// is answered.
func (a *audit) take(t *testing.T) (requests []audited) {
	t.Helper()
	reader := bufio.NewReader(a.log)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // what is left is half a line of somebody else's
			break
		}
		if err != nil {
			t.Fatalf("reading the audit log: %v", err)
		}
		var r audited
		if json.Unmarshal(line, &r) == nil && r.User.Username == a.user && r.Stage == "ResponseComplete" {
			requests = append(requests, r)
		}
	}
	if len(requests) == 0 {
		t.Errorf("the audit log has no request of %s", a.user)
	}
	return requests
}

func (r audited) writes() bool {
	return slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, r.Verb)
}

// isOfTheRun reports whether a deploy that changes nothing may send the request:
// it writes its record and its lock, asks what it may do, and runs the hooks.
func (r audited) isOfTheRun() bool {
	switch r.ObjectRef.Resource {
	case "secrets":
		// A list of them, as in the deletion of many, has no name.
		return strings.HasPrefix(r.ObjectRef.Name, "sh.helm.release.v1.")
	case "leases":
		return r.ObjectRef.Name != "" && !strings.HasSuffix(r.ObjectRef.Name, "-election")
	case "selfsubjectaccessreviews":
		return true
	}
	return strings.Contains(r.ObjectRef.Name, "-hook")
}

func (r audited) String() string {
	return fmt.Sprintf("%s %s/%s %s", r.Verb, r.ObjectRef.Resource, r.ObjectRef.Subresource, r.ObjectRef.Name)
}
