package registry

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serve starts a registry whose images hold small files.
func serve(t *testing.T) *httptest.Server {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte(strings.Repeat("program", 1<<14)), 0o600); err != nil {
		t.Fatal(err)
	}
	registry, err := New(program, program, program)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry)
	t.Cleanup(server.Close)
	return server
}

// ask sends what a client does, and returns the status and the content.
func ask(t *testing.T, server *httptest.Server, method, path string) (status int, content string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// manifestOf is the path of an image's manifest.
func manifestOf(image string) string {
	name, tag, _ := strings.Cut(strings.TrimPrefix(image, Address+"/"), ":")
	return "/v2/" + name + "/manifests/" + tag
}

func TestPull(t *testing.T) {
	server := serve(t)
	layers := map[string]string{}
	for _, image := range []string{Good, Pause, Slow(0), Berth} {
		status, content := ask(t, server, http.MethodGet, manifestOf(image))
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", image, status, content)
		}
		var manifest struct {
			Config struct{ Digest string }
			Layers []struct {
				Digest string
				Size   int
			}
		}
		if err := json.Unmarshal([]byte(content), &manifest); err != nil {
			t.Fatal(err)
		}
		blobs := strings.Replace(manifestOf(image), "/manifests/1", "/blobs/", 1)
		if status, _ := ask(t, server, http.MethodGet, blobs+manifest.Config.Digest); status != http.StatusOK {
			t.Errorf("%s: the configuration: %d", image, status)
		}
		status, layer := ask(t, server, http.MethodGet, blobs+manifest.Layers[0].Digest)
		if status != http.StatusOK || len(layer) != manifest.Layers[0].Size || digest([]byte(layer)) != manifest.Layers[0].Digest {
			t.Errorf("%s: the layer: %d, %d bytes of %d", image, status, len(layer), manifest.Layers[0].Size)
		}
		layers[image] = manifest.Layers[0].Digest
	}
	if layers[Good] != layers[Pause] || layers[Good] == layers[Slow(0)] {
		t.Errorf("the layers are %v: only a slow image has one of its own", layers)
	}
}

func TestRefusals(t *testing.T) {
	server := serve(t)
	for image, want := range map[string]int{
		Missing: http.StatusNotFound, Unknown: http.StatusNotFound, Denied: http.StatusUnauthorized, Forbidden: http.StatusUnauthorized,
		Limited: http.StatusTooManyRequests, Down: http.StatusServiceUnavailable,
	} {
		if status, content := ask(t, server, http.MethodHead, manifestOf(image)); status != want {
			t.Errorf("%s: %d, want %d: %s", image, status, want, content)
		}
	}
	if status, _ := ask(t, server, http.MethodGet, "/token?scope=repository:denied/app:pull"); status != http.StatusOK {
		t.Errorf("a token for what is denied: %d", status)
	}
	if status, _ := ask(t, server, http.MethodGet, "/token?scope=repository:forbidden/app:pull"); status != http.StatusForbidden {
		t.Errorf("a token for what is forbidden: %d", status)
	}
}

func TestPassing(t *testing.T) {
	server := serve(t)
	for image, until := range map[string]int{
		Flaky("a", 2): http.StatusServiceUnavailable, Limiting("a", 2): http.StatusTooManyRequests, Late("a", 2): http.StatusNotFound,
	} {
		for try, want := range []int{until, until, http.StatusOK} {
			if status, _ := ask(t, server, http.MethodHead, manifestOf(image)); status != want {
				t.Errorf("%s: try %d: %d, want %d", image, try+1, status, want)
			}
		}
	}
	if status, _ := ask(t, server, http.MethodHead, manifestOf(Flaky("b", 1))); status == http.StatusOK {
		t.Error("names do not count for themselves")
	}
}

func TestSlow(t *testing.T) {
	server := serve(t)
	_, content := ask(t, server, http.MethodGet, manifestOf(Slow(time.Second)))
	var manifest struct{ Layers []struct{ Digest string } }
	if err := json.Unmarshal([]byte(content), &manifest); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	ask(t, server, http.MethodGet, "/v2/slow/app/1/blobs/"+manifest.Layers[0].Digest)
	if took := time.Since(began); took < time.Second {
		t.Errorf("a layer that takes 1 s took %s", took)
	}
}
