//go:build conformance

package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/kubetest"
)

// reach is where a user has written, by the API server's own log. It tells of what
// other rows change at the same time whether this user had a part in it.
type reach struct {
	user string
	log  *os.File
	part []byte // a line that was not written to its end
}

func reachOf(t *testing.T, c *kubetest.Cluster, user string) *reach {
	t.Helper()
	log, err := os.Open(c.AuditLog())
	if err == nil {
		_, err = log.Seek(0, io.SeekEnd)
	}
	if err != nil {
		t.Fatalf("opening the audit log: %v", err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return &reach{user: user, log: log}
}

// outside returns the writes since the last look, of which something came, to anything
// but a namespace and the objects in it. Questions about permissions are no writes, and
// the creation of a namespace does not say of which. A request is in the log before it
// is answered.
func (r *reach) outside(t *testing.T, namespace string) (writes []string) {
	t.Helper()
	reader := bufio.NewReader(r.log)
	for {
		line, err := reader.ReadBytes('\n')
		if r.part = append(r.part, line...); err == io.EOF {
			return writes
		}
		if err != nil {
			t.Fatalf("reading the audit log: %v", err)
		}
		line, r.part = r.part, nil
		if !bytes.Contains(line, []byte(r.user)) {
			continue
		}
		var e struct {
			Stage, Verb, RequestURI string
			User                    struct{ Username string }
			ObjectRef               struct{ APIGroup, Resource, Subresource, Namespace, Name string }
			ResponseStatus          struct{ Code int }
		}
		if json.Unmarshal(line, &e) != nil || e.User.Username != r.user || e.Stage != "ResponseComplete" || e.ResponseStatus.Code >= 300 ||
			!slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, e.Verb) ||
			strings.Contains(e.RequestURI, "dryRun=All") || e.ObjectRef.APIGroup == "authorization.k8s.io" {
			continue
		}
		makes := e.Verb == "create" && e.ObjectRef.Resource == "namespaces"
		if e.ObjectRef.Namespace != namespace && !makes || e.Verb == "deletecollection" {
			writes = append(writes, fmt.Sprintf("%s %s", e.Verb, e.RequestURI))
		}
	}
}
