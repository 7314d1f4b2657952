package chart

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/problem"
)

func TestFetchFromRepository(t *testing.T) {
	open := repository(t, false, "web 1.0.0", "web 1.1.0", "web 2.0.0-rc.1", "other 0.1.0")
	private := repository(t, true, "web 1.0.0")
	login := func(s Source) Source { s.Username, s.Password = user, password; return s }

	for name, c := range map[string]struct {
		source  Source
		version string
	}{
		"newest stable":    {Source{Chart: "web", Repo: open.URL}, "1.1.0"},
		"constraint":       {Source{Chart: "web", Repo: open.URL + "/", Version: "~1.0"}, "1.0.0"},
		"pre-release":      {Source{Chart: "web", Repo: open.URL, Version: "2.0.0-rc.1"}, "2.0.0-rc.1"},
		"with credentials": {login(Source{Chart: "web", Repo: private.URL}), "1.0.0"},
		"by its address":   {login(Source{Chart: private.URL + "/web-1.0.0.tgz"}), "1.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			c.source.CacheDir = t.TempDir()
			a, err := Fetch(t.Context(), c.source)
			if err != nil {
				t.Fatal(err)
			}
			if a.Name != "web" || a.Version != c.version {
				t.Errorf("got %s %s, want web %s", a.Name, a.Version, c.version)
			}
			if left := snapshot(t, c.source.CacheDir); len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}

	for name, c := range map[string]struct {
		source Source
		parts  []string
	}{
		"no credentials": {Source{Chart: "web", Repo: private.URL}, []string{"401", "registry-username"}},
		"wrong password": {Source{Chart: "web", Repo: private.URL, Username: user, Password: password + "x"}, []string{"401"}},
		"no such chart":  {Source{Chart: "wbe", Repo: open.URL}, []string{"wbe", "no chart of that name"}},
		"no version":     {Source{Chart: "web", Repo: open.URL, Version: "9.9.9"}, []string{"9.9.9", "1.1.0, 1.0.0"}},
		"no repository":  {Source{Chart: "web", Repo: open.URL + "/nothing?token=" + password}, []string{"404", "index.yaml"}},
		"nobody there":   {Source{Chart: "web", Repo: "http://127.0.0.1:1"}, []string{"127.0.0.1:1", "refused"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.source.CacheDir = t.TempDir()
			_, err := Fetch(t.Context(), c.source)
			wantProblem(t, err, problem.ChartInvalid, c.parts...)
		})
	}
}

// An index may name any address; the credentials go only to the repository's.
func TestCredentialsStayWithTheirHost(t *testing.T) {
	var leaked atomic.Bool
	elsewhere := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked.Store(leaked.Load() || r.Header.Get("Authorization") != "")
		http.NotFound(w, r)
	}))
	repo := serve(t, guard(true, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "apiVersion: v1\nentries:\n  web:\n  - {apiVersion: v2, name: web, version: 1.0.0, urls: [%q]}\n", elsewhere.URL+
			"/web-1.0.0.tgz")
	})))
	_, err := Fetch(t.Context(), Source{Chart: "web", Repo: repo.URL, Username: user, Password: password, CacheDir: t.TempDir()})
	wantProblem(t, err, problem.ChartInvalid, elsewhere.URL, "404")
	if leaked.Load() {
		t.Error("the credentials went to another host")
	}
}

func TestNoCredentialsInTheClear(t *testing.T) {
	_, err := Fetch(t.Context(),
		Source{Chart: "web", Repo: "http://charts.invalid", Username: user, Password: password, CacheDir: t.TempDir()})
	wantProblem(t, err, problem.ChartInvalid, "plain HTTP", "https")
}

func TestFetchTrustsCAFile(t *testing.T) {
	tgz := readFile(t, packed(t, t.TempDir(), "web", "1.0.0"))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(tgz) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	dir := write(t, "", map[string]string{"ca.pem": string(ca), "empty.pem": "nothing"})

	source := Source{Chart: server.URL + "/web-1.0.0.tgz", CacheDir: t.TempDir()}
	_, err := Fetch(t.Context(), source)
	wantProblem(t, err, problem.ChartInvalid, "certificate")
	source.CAFile = filepath.Join(dir, "empty.pem")
	_, err = Fetch(t.Context(), source)
	wantProblem(t, err, problem.WrongInput, "empty.pem", "PEM")
	source.CAFile = filepath.Join(dir, "ca.pem")
	if _, err := Fetch(t.Context(), source); err != nil {
		t.Error(err)
	}
}

func TestFetchFromRegistry(t *testing.T) {
	dir := t.TempDir()
	tags := map[string][]byte{}
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0"} {
		tags[version] = readFile(t, packed(t, dir, "web", version))
	}
	open, private := ociRegistry(t, false, "web", tags), ociRegistry(t, true, "web", tags)
	config := write(t, "", map[string]string{"config.json": fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`,
		strings.TrimSuffix(strings.TrimPrefix(private, "oci://"), "/charts"), base64.StdEncoding.EncodeToString([]byte(user+":"+password)))})

	var digest string
	for _, c := range []struct {
		name    string
		source  Source
		version string
	}{
		{"version", Source{Chart: open + "/web", Version: "1.1.0"}, "1.1.0"},
		{"tag", Source{Chart: open + "/web:1.0.0"}, "1.0.0"},
		{"constraint", Source{Chart: open + "/web", Version: "^1.0.0"}, "1.1.0"},
		{"newest", Source{Chart: open + "/web"}, "2.0.0"},
		{"repo and name", Source{Chart: "web", Repo: open, Version: "1.0.0"}, "1.0.0"},
		{"credentials", Source{Chart: private + "/web", Version: "1.0.0", Username: user, Password: password}, "1.0.0"},
		{"configuration file", Source{Chart: private + "/web", Version: "1.0.0", RegistryConfig: filepath.Join(config, "config.json")}, "1.0.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.source.CacheDir = t.TempDir()
			a, err := Fetch(t.Context(), c.source)
			if err != nil {
				t.Fatal(err)
			}
			if a.Name != "web" || a.Version != c.version {
				t.Errorf("got %s %s, want web %s", a.Name, a.Version, c.version)
			}
			digest = a.Digest
		})
	}
	t.Run("digest", func(t *testing.T) {
		a, err := Fetch(t.Context(), Source{Chart: open + "/web@" + digest, CacheDir: t.TempDir()})
		if err != nil || a.Version != "1.0.0" || a.Digest != digest {
			t.Errorf("got %+v, %v", a, err)
		}
	})
	for name, source := range map[string]Source{
		"no credentials": {Chart: private + "/web", Version: "1.0.0"},
		"wrong password": {Chart: private + "/web", Version: "1.0.0", Username: user, Password: password + "x"},
		"no such tag":    {Chart: open + "/web", Version: "3.0.0"},
		"no such chart":  {Chart: open + "/wbe", Version: "1.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			source.CacheDir = t.TempDir()
			_, err := Fetch(t.Context(), source)
			wantProblem(t, err, problem.ChartInvalid, source.Chart, "registry-username")
		})
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	for name, source := range map[string]func(host string) Source{
		"repository": func(host string) Source { return Source{Chart: "web", Repo: "http://" + host} },
		"registry":   func(host string) Source { return Source{Chart: "oci://" + host + "/web", Version: "1.0.0"} },
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{}, 8)
			server := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				<-r.Context().Done()
			}))
			ctx, cancel := context.WithCancel(t.Context())
			s := source(strings.TrimPrefix(server.URL, "http://"))
			s.CacheDir = t.TempDir()
			done := make(chan error, 1)
			go func() { _, err := Fetch(ctx, s); done <- err }()
			<-asked
			cancel()
			select {
			case err := <-done:
				wantProblem(t, err, problem.Interrupted)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("the cause is lost: %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it went on")
			}
		})
	}
}
