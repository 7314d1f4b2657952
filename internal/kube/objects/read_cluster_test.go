//go:build cluster

package objects_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/test/kubetest"
)

// counted is a transport that counts what asks for ConfigMaps.
type counted struct {
	next http.RoundTripper
	asks *atomic.Int64
}

func (c counted) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.Path, "/configmaps") {
		c.asks.Add(1)
	}
	return c.next.RoundTrip(req)
}

func counting(config *rest.Config) (*rest.Config, *atomic.Int64) {
	var asks atomic.Int64
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return counted{next, &asks} })
	return config, &asks
}

// Many objects of a kind take one list, and no mistake about those that are not
// on it.
func TestObserveMany(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, namespace := within(t, time.Minute), cluster.Namespace(t)
	var manifest strings.Builder
	for i := range 40 {
		fmt.Fprintf(&manifest, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%d}\ndata: {text: one}\n", i)
	}
	apply(t, ctx, observer(t, cluster.Config()), manifest.String(), "web", namespace)
	maps := cluster.Client().CoreV1().ConfigMaps(namespace)
	for name, patch := range map[string]string{
		"m1": `{"data":{"text":"two"}}`,
		"m2": `{"metadata":{"labels":{"app.kubernetes.io/managed-by":null}}}`,
		"m3": `{"metadata":{"annotations":{"meta.helm.sh/release-name":"api"}}}`,
	} {
		if _, err := maps.Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := maps.Delete(ctx, "m4", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	reader := cluster.ServiceAccount(t, namespace, "reader",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}})
	for name, c := range map[string]struct {
		config *rest.Config
		most   int64
	}{
		"who may list":     {cluster.Config(), 1 + 2}, // m2 and m4 are looked for by name
		"who may get only": {reader.Config, 1 + 40},
	} {
		t.Run(name, func(t *testing.T) {
			config, asks := counting(c.config)
			objects, err := observer(t, config).Observe(ctx, manifest.String(), "web", namespace)
			if err != nil {
				t.Fatal(err)
			}
			if got := asks.Load(); got > c.most {
				t.Errorf("%d requests, want at most %d", got, c.most)
			}
			for _, o := range objects {
				odd := len(o.Differences) > 0 || !o.Owned || !o.Exists
				if want := strings.Contains(" m1 m2 m3 m4 ", " "+o.Name+" "); odd != want {
					t.Errorf("%s: %+v", o.Name, o)
				}
			}
			if facts.Paths(objects[1].Differences) != "data.text" || !objects[2].Exists || objects[3].Owned || objects[4].Exists {
				t.Errorf("objects: %+v", objects[1:5])
			}
		})
	}
}
