//go:build bench

package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// request is what the API server's audit log says of one.
type request struct {
	AuditID    string
	Stage      string
	Verb       string
	RequestURI string
	User       struct{ Username string }
	ObjectRef  struct{ Resource, Namespace, Name, Subresource string }
	// ResponseStatus has the code of the answer.
	ResponseStatus struct{ Code int }
	StageTimestamp time.Time
}

// applies says whether the request made or changed an object of the chart.
func (r request) applies(namespace string) bool {
	about, err := url.Parse(r.RequestURI)
	return err == nil && !about.Query().Has("dryRun") && r.Stage == "ResponseComplete" &&
		slices.Contains([]string{"create", "patch", "update"}, r.Verb) &&
		slices.Contains([]string{"deployments", "services", "configmaps"}, r.ObjectRef.Resource) &&
		r.ObjectRef.Namespace == namespace && r.ObjectRef.Subresource == "" &&
		strings.HasPrefix(r.ObjectRef.Name, release+"-") && r.ResponseStatus.Code < http.StatusMultipleChoices
}

// auditLog follows the log. A request is in it before it is answered, so when a
// tool has ended, all that it heard the answer to is there.
type auditLog struct {
	path string
	file *os.File
	rest *bufio.Reader
}

func newAuditLog(t *testing.T, path string) *auditLog {
	t.Helper()
	l := &auditLog{path: path}
	if err := l.open(); err != nil {
		t.Fatalf("opening the audit log: %v", err)
	}
	t.Cleanup(func() { l.file.Close() })
	return l
}

func (l *auditLog) open() (err error) {
	if l.file, err = os.Open(l.path); err != nil {
		return err
	}
	l.rest = bufio.NewReader(l.file)
	return nil
}

// take returns a user's requests since the last time. A watch that was cut off
// by the end of its tool may come twice, begun and ended.
func (l *auditLog) take(t *testing.T, user string) (requests []request) {
	t.Helper()
	keep := func(line []byte) {
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("a line of the audit log: %v\n%s", err, line)
		}
		if r.User.Username == user {
			requests = append(requests, r)
		}
	}
	for {
		moved := l.moved(t)
		l.drain(t, keep)
		if !moved {
			return requests
		}
		l.file.Close()
		if err := l.open(); err != nil {
			t.Fatalf("opening the audit log after it was rotated: %v", err)
		}
	}
}

// moved says whether the log goes on in another file: it is rotated by size.
func (l *auditLog) moved(t *testing.T) bool {
	t.Helper()
	here, err := l.file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	there, err := os.Stat(l.path)
	if err != nil {
		return false // between two files; the new one is seen next time
	}
	return !os.SameFile(here, there)
}

// drain reads to the end. The log writes whole lines, each at once.
func (l *auditLog) drain(t *testing.T, keep func([]byte)) {
	t.Helper()
	for {
		line, err := l.rest.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return
		}
		if err != nil {
			t.Fatalf("reading the audit log: %v", err)
		}
		keep(line)
	}
}

// count is how many requests those were.
func count(requests []request) int {
	ids := map[string]bool{}
	for _, r := range requests {
		ids[r.AuditID] = true
	}
	return len(ids)
}
