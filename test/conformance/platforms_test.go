//go:build conformance

package conformance

import (
	"context"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	names "github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/test/platform"
)

const (
	commit        = "0123456789abcdef0123456789abcdef01234567"
	platformToken = platform.Token
	// shop is the repository of a payload.
	shop = `"repository": {"full_name": "acme/shop", "default_branch": "main"}`
)

// pull is the payload of an event about pull request 8, of the branch login. Whom its
// label names has opened it, and is a member of the repository.
func pull(action, label, head string) string { return pullOf(8, action, label, head) }

func pullOf(number int, action, label, head string) string {
	owner, _, _ := strings.Cut(label, ":")
	return fmt.Sprintf(`{"action": %q, "pull_request": {"number": %d, "user": {"login": %q}, "author_association": "MEMBER",
		"head": {"ref": "login", "sha": %q, "label": %q, "repo": %s}}, %s}`, action, number, owner, commit, label, head, shop)
}

// slugOf is the slug of a branch of acme/shop on GitHub.
func slugOf(head, branch string) string {
	return names.Slug(names.Source{Host: "github.com", Repository: "acme/shop", HeadRepository: head, Branch: branch})
}

// onGitHub has an event of GitHub say what the runs that follow are about.
func (s *fixture) onGitHub(event, payload string) {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "event.json")
	if err := os.WriteFile(path, []byte(payload), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.byHand()
	maps.Copy(s.env, map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": path, "GITHUB_REPOSITORY": "acme/shop",
		"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": commit, "GITHUB_API_URL": "https://api.invalid",
		"BERTH_BRANCH": "", "BERTH_REPOSITORY": "",
	})
}

// onGitLab has GitLab's variables say what the runs that follow are about.
func (s *fixture) onGitLab(variables map[string]string) {
	s.byHand()
	maps.Copy(s.env, map[string]string{
		"GITLAB_CI": "true", "CI_SERVER_HOST": "gitlab.com", "CI_PROJECT_PATH": "acme/shop", "CI_DEFAULT_BRANCH": "main",
		"CI_COMMIT_SHA": commit, "BERTH_BRANCH": "", "BERTH_REPOSITORY": "",
	})
	maps.Copy(s.env, variables)
}

// byHand takes away what the platforms say.
func (s *fixture) byHand() {
	maps.DeleteFunc(s.env, func(name, _ string) bool {
		return strings.HasPrefix(name, "GITHUB_") || strings.HasPrefix(name, "CI_") || name == "GITLAB_CI" || name == "BERTH_BRANCH" ||
			name == "BERTH_REPOSITORY"
	})
}

// auto runs what the event asks for.
func (s *fixture) auto(flags ...string) ended {
	s.t.Helper()
	return s.berth("auto", append(slices.Clone(flags), "--chart", s.chart)...)
}

// ownNamespaces has Berth, as the administrator, name and make the namespaces itself,
// by an app of the row's own. The row's namespace becomes that of a branch. It returns
// what the namespaces' names begin with.
func (s *fixture) ownNamespaces(branch string) (prefix string) {
	s.t.Helper()
	app := strings.Replace(s.namespace, "test-", "a", 1)
	prefix = "review-" + app + "-"
	s.kubeconfig, s.env["BERTH_APP"] = s.Kubeconfig(), app
	s.branch, s.namespace, s.release = branch, prefix+branch, app
	namespaces := s.Client().CoreV1().Namespaces()
	s.t.Cleanup(func() {
		ctx := context.WithoutCancel(s.t.Context())
		list, err := namespaces.List(ctx, metav1.ListOptions{LabelSelector: "berth.dev/app in (" + app + ", " + app + "-api)"})
		if err != nil {
			s.t.Error(err)
			return
		}
		for i := range list.Items {
			if err := namespaces.Delete(ctx, list.Items[i].Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) &&
				!apierrors.IsConflict(err) {
				s.t.Error(err)
			}
		}
	})
	return prefix
}

// namespaceIsGone fails the row unless there is no such namespace.
func (s *fixture) namespaceIsGone(name string) {
	s.t.Helper()
	if _, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		s.t.Errorf("namespace %s is there: %v", name, err)
	}
}

// at looks at another release than the row's.
func (s *fixture) at(namespace, release string, look func()) {
	s.t.Helper()
	ownNamespace, ownRelease := s.namespace, s.release
	s.namespace, s.release = namespace, release
	look()
	s.namespace, s.release = ownNamespace, ownRelease
}

// releasesLeft are the releases with a record in the row's namespace.
func (s *fixture) releasesLeft() (releases []string) {
	s.t.Helper()
	list, err := s.Client().CoreV1().Secrets(s.namespace).List(s.t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range list.Items {
		releases = append(releases, list.Items[i].Labels["name"])
	}
	slices.Sort(releases)
	return slices.Compact(releases)
}

// platformAPI is an API of GitHub's with these answers, by path, and 404 for whatever
// else it is asked. The runs that follow have a token for it.
func (s *fixture) platformAPI(answers map[string]string) {
	s.t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok || r.Header.Get("Authorization") != "Bearer "+platformToken {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(answer))
	}))
	s.t.Cleanup(server.Close)
	ca := filepath.Join(s.t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.env["GITHUB_API_URL"], s.env["BERTH_GITHUB_TOKEN"], s.env["SSL_CERT_FILE"] = server.URL, platformToken, ca
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
