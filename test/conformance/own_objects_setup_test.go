//go:build conformance

package conformance

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/faultproxy"
)

// The app's own ConfigMap, and the one that it has with extras={x}.
var (
	appMap   = object{"v1", "configmaps", "web"}
	extraMap = object{"v1", "configmaps", "web-x"}
)

// hookMap is the template of a hook that makes a ConfigMap. Without a policy it is
// deleted before it is made.
func hookMap(name, events, policy string) string {
	annotations := `helm.sh/hook: "` + events + `"`
	if policy != "" {
		annotations += `, helm.sh/hook-delete-policy: "` + policy + `"`
	}
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", annotations: {" + annotations + "}}\ndata: {of: hook}\n"
}

// takenByOther has an object name the release other as its owner, of which no record is there.
func (s *fixture) takenByOther(o object) {
	s.t.Helper()
	s.patch("helm", o, strings.ReplaceAll(`{"metadata":{"labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":{`+
		`"meta.helm.sh/release-name":"other","meta.helm.sh/release-namespace":"NS"}}}`, "NS", s.namespace))
}

// handedOver has a release by Helm, which lives, own the ConfigMap that the app has with
// extras={x}. It returns what tells apart two states of that ConfigMap.
func (s *fixture) handedOver() (version string) {
	s.t.Helper()
	s.patch("helm", extraMap, `{"metadata":{"annotations":{"meta.helm.sh/release-name":"web-x"}}}`)
	return s.neighbour()
}

// extraUntouched fails the row unless the ConfigMap web-x is in that version still.
func (s *fixture) extraUntouched(version string) {
	s.t.Helper()
	if now := s.version(extraMap.name); now != version {
		s.t.Errorf("the other release's ConfigMap was %s and is %s", version, now)
	}
}

// makeMap creates a ConfigMap that is nobody's.
func (s *fixture) makeMap(name string) {
	s.t.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"of": "somebody"}}
	if _, err := s.Client().CoreV1().ConfigMaps(s.namespace).Create(s.t.Context(), cm, metav1.CreateOptions{}); err != nil {
		s.t.Error(err)
	}
}

func (s *fixture) deleteMap(name string) {
	s.t.Helper()
	if err := s.Client().CoreV1().ConfigMaps(s.namespace).Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		s.t.Error(err)
	}
}

// noMap fails the row if there is a ConfigMap of that name.
func (s *fixture) noMap(name string) {
	s.t.Helper()
	_, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		s.t.Errorf("ConfigMap %s is still there (%v)", name, err)
	}
}

// whileWriting runs a verb, and does something when its first write of that verb to a
// ConfigMap is on its way.
func (s *fixture) whileWriting(write, name string, do func(), verb string, flags ...string) ended {
	s.t.Helper()
	at := s.holdRequest(s.proxy(), faultproxy.Match{Verb: write, Resource: "configmaps", Name: name})
	run := s.start(verb, flags...)
	at.await(run)
	do()
	at.release()
	return run.wait(runLimit)
}
