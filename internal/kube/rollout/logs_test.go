package rollout

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
)

// A log's last lines are read, however long those before them are.
func TestReadTail(t *testing.T) {
	short := make([]string, 30)
	for i := range short {
		short[i] = fmt.Sprint("line ", i)
	}
	long := strings.Repeat("x", 8<<10)
	for name, c := range map[string]struct {
		log   []string
		lines int
		last  string
	}{
		"short lines":          {short, linesKept, "line 29"},
		"long ones before":     {append(slices.Repeat([]string{long}, 20), "panic: why"), 5, "panic: why"},
		"the last is too long": {[]string{"first", strings.Repeat(long, 9)}, 1, long[:lineLength-len("…")] + "…"},
		"nothing":              {nil, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				lines, _ := strconv.Atoi(r.FormValue("tailLines"))
				limit, _ := strconv.Atoi(r.FormValue("limitBytes"))
				var text strings.Builder
				for _, line := range c.log[max(0, len(c.log)-lines):] {
					text.WriteString(line + "\n")
				}
				_, _ = w.Write([]byte(text.String()[:min(limit, text.Len())]))
			}))
			defer server.Close()
			client, err := kubernetes.NewForConfig(&restclient.Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			tail := readTail(t.Context(), client, "n", "p", "app", false)
			if tail.Error != "" || len(tail.Lines) != c.lines || c.lines > 0 && tail.Lines[c.lines-1] != c.last {
				t.Errorf("%d lines, error %q, want %d: %.80q", len(tail.Lines), tail.Error, c.lines, tail.Lines)
			}
		})
	}
}
