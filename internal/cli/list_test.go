package cli

import (
	"bytes"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A document that goes to a file or a page is all that stands on standard output: what the run
// says beside it, such as the mask of a token that it asks GitHub's runner for, does not.
func TestListPrintsItsDocumentAlone(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, items := `"meta.k8s.io/v1","kind":"PartialObjectMetadataList"`, ""
		if strings.HasSuffix(r.URL.Path, "/namespaces") {
			items = `{"metadata":{"name":"review-a","uid":"1","labels":{"app.kubernetes.io/managed-by":"berth","berth.dev/identity":"x"},` +
				`"annotations":{"berth.dev/host":"github.com","berth.dev/branch":"##[group]b","berth.dev/url":"##[group]u"}}}`
		}
		if strings.HasSuffix(r.URL.Path, "/leases") {
			kind = `"coordination.k8s.io/v1","kind":"LeaseList"`
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Warning", `299 - "<b>old</b>"`)
		_, _ = w.Write([]byte(`{"apiVersion":` + kind + `,"metadata":{"resourceVersion":"1"},"items":[` + items + `]}`))
	}))
	defer server.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for output, begin := range map[string]string{"html": "<!DOCTYPE html>", "markdown": "1 review app", "json": "{"} {
		for _, ci := range []string{"GITHUB_ACTIONS=true", "GITLAB_CI=true", ""} {
			var stdout, stderr bytes.Buffer
			code := Main(t.Context(), Process{Args: []string{"list", "--output", output, "--all-repositories"}, Stdout: &stdout, Stderr: &stderr,
				Environ: []string{ci, "BERTH_KUBE_APISERVER=" + server.URL, "BERTH_KUBE_CA=" + ca, "BERTH_KUBE_TOKEN=hunter2-kube",
					"RUNNER_DEBUG=1", "GITHUB_EVENT_NAME=push"}})
			out := stdout.String()
			if code != exitOK || !strings.HasPrefix(out, begin) || strings.Contains(out, "hunter2") || strings.Contains(out, "<b>old") ||
				strings.Contains(out, "debug:") || strings.Contains(out, "##[") || !strings.Contains(out, "[group]b") {
				t.Errorf("%s, %q: exit code %d\n%.300s\n…\n%s\non standard error:\n%s", output, ci, code, out, out[max(0, len(out)-300):], &stderr)
			}
		}
	}
}
