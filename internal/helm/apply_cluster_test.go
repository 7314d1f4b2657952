//go:build cluster

package helm_test

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/verdict"
)

// many is a chart of ConfigMaps that say text, without the dropped ones, and of
// Services after them.
func many(text string, count int, dropped ...int) map[string]string {
	var maps, services strings.Builder
	for i := range count {
		left := false
		for _, d := range dropped {
			left = left || d == i
		}
		if !left {
			fmt.Fprintf(&maps, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%d}\ndata: {text: %q}\n", i, text)
		}
		fmt.Fprintf(&services, "---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d}\nspec: {ports: [{port: 80}], selector: {a: b}}\n", i)
	}
	return map[string]string{"templates/a.yaml": maps.String(), "templates/b.yaml": services.String()}
}

// An upgrade changes, makes and removes what it should, many at a time.
func TestUpgradeOfManyObjects(t *testing.T) {
	s := asAdmin(t)
	if o := s.releases("web", many("one", 40)).Perform(t.Context(), verdict.StepInstall, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	if o := s.releases("web", many("two", 44, 3, 7)).Perform(t.Context(), verdict.StepUpgrade, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	found, err := s.Client().CoreV1().ConfigMaps(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=Helm"})
	if err != nil || len(found.Items) != 42 {
		t.Fatalf("%d ConfigMaps, %v", len(found.Items), err)
	}
	for _, m := range found.Items {
		if m.Data["text"] != "two" || m.Name == "m3" || m.Name == "m7" {
			t.Errorf("%s says %q", m.Name, m.Data["text"])
		}
	}
	services, err := s.Client().CoreV1().Services(s.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(services.Items) != 44 {
		t.Errorf("%d Services, %v", len(services.Items), err)
	}
}

// What cannot be applied is named, and kinds that come later are left alone.
func TestUpgradeEndsWithTheKindThatFailed(t *testing.T) {
	s := asAdmin(t)
	if o := s.releases("web", many("one", 5)).Perform(t.Context(), verdict.StepInstall, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	broken := many("two", 6)
	broken["templates/c.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}\nimmutable: true\ndata: {text: one}\n"
	if o := s.releases("web", broken).Perform(t.Context(), verdict.StepUpgrade, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	broken = many("three", 7)
	broken["templates/c.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}\nimmutable: true\ndata: {text: changed}\n"
	o := s.releases("web", broken).Perform(t.Context(), verdict.StepUpgrade, nil)
	if o.Applied || o.Err == nil || !strings.Contains(o.Err.Error(), "immutable") || !strings.Contains(o.Err.Error(), "kept") {
		t.Errorf("outcome %+v", o)
	}
	_, err := s.Client().CoreV1().Services(s.namespace).Get(t.Context(), "s6", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the Service that comes later: %v", err)
	}
}
