//go:build conformance

package conformance

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// damaged are the rows about records that somebody edited, broke, or wrote with
// another tool.
var damaged = []row{
	{ID: "T68", Setup: "the last record cannot be decoded",
		Action: "deploy", End: "quarantined, v2 deployed", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.corrupt(2)
			s.berth("deploy").exit(0).warned("Release repaired")
			s.stored("v1 superseded, v2 deployed")
			s.quarantined(2)
			s.owns(app...)
		}},
	{ID: "T69", Setup: "an old record cannot be decoded, in a namespace that Berth did not make", Action: "teardown",
		End: "all that could be read is gone, the old record quarantined", Exit: "29", Gone: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.corrupt(1)
			s.berth("teardown").exit(29).warned("Release repaired").says("sh.helm.release.v1.web.v1")
			s.quarantined(1)
			s.owns()
		}},
	{ID: "T69b", Setup: "an old record cannot be decoded, in a namespace that Berth made", Action: "teardown", End: "gone with the namespace",
		Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.corrupt(1)
			s.berth("teardown").exit(0).warned("Release repaired")
			if _, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), s.namespace, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				s.t.Errorf("the namespace is still there: %v", err)
			}
		}},
	{ID: "T70", Setup: "two revisions say deployed", Action: "repair", End: "one deployed", Exit: "0 + warning", run: func(s *fixture) {
		s.berth("deploy").exit(0)
		s.berth("deploy").exit(0)
		s.setStatus(1, "deployed", "deployed")
		s.berth("repair").exit(0).warned("Release repaired")
		s.stored("v1 superseded, v2 deployed")
	}},
	{ID: "T71", Setup: "label deployed, payload pending, all in place",
		Action: "repair", End: "both say deployed, pods not restarted", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			pods := s.pods()
			s.setStatus(1, "deployed", "pending-install")
			s.berth("repair").exit(0).warned("Release repaired")
			s.stored("v1 deployed")
			s.samePods(pods)
		}},
	{ID: "T71b", Setup: "label deployed, payload pending, the Service gone",
		Action: "repair", End: "left as it is", Exit: "24", Pending: "pending-install", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.setStatus(1, "deployed", "pending-install")
			if err := s.Client().CoreV1().Services(s.namespace).Delete(s.t.Context(), s.release, metav1.DeleteOptions{}); err != nil {
				s.t.Fatal(err)
			}
			before := s.recordVersions()
			s.berth("repair").exit(24).says("Service/web")
			s.unchanged(before)
		}},
	{ID: "T72", Setup: "the last record lost its name label",
		Action: "deploy", End: "restored, v3 deployed", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.strip(2)
			s.berth("deploy").exit(0).warned("Release repaired")
			s.stored("v1 superseded, v2 superseded, v3 deployed")
			s.allVisible()
		}},
	{ID: "T73", Setup: "a record by Helm 4",
		Action: "deploy", End: "superseded with all fields that only Helm 4 knows, v2 deployed", Exit: "0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart)
			before := s.fields(1)
			if !slices.Contains(before, "apply_method") {
				s.t.Errorf("Helm 4 wrote the fields %q, and none of its own", before)
			}
			s.berth("deploy", "--adopt").exit(0)
			s.stored("v1 superseded, v2 deployed")
			if after := s.fields(1); !slices.Equal(before, after) {
				s.t.Errorf("the record's fields were %q and are %q", before, after)
			}
		}},
}

// change edits the record of a revision as somebody might by hand.
func (s *fixture) change(revision int, edit func(*corev1.Secret)) {
	s.t.Helper()
	for _, r := range s.records() {
		if r.Revision != revision {
			continue
		}
		edit(&r.Secret)
		if _, err := s.Client().CoreV1().Secrets(s.namespace).Update(s.t.Context(), &r.Secret, metav1.UpdateOptions{}); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	s.t.Fatalf("there is no revision %d", revision)
}

// unreadable is no payload of Helm's.
const unreadable = "H4sIAAAAAAAA/not a record"

// corrupt makes a record undecodable.
func (s *fixture) corrupt(revision int) {
	s.t.Helper()
	s.change(revision, func(record *corev1.Secret) { record.Data["release"] = []byte(unreadable) })
}

// strip takes the label from a record by which Helm finds it.
func (s *fixture) strip(revision int) {
	s.t.Helper()
	s.change(revision, func(record *corev1.Secret) { delete(record.Labels, "name") })
}

// allVisible fails the row unless Helm finds every record by its labels.
func (s *fixture) allVisible() {
	s.t.Helper()
	for _, r := range s.records() {
		if r.Secret.Labels["name"] != s.release || r.Secret.Labels["owner"] != "helm" {
			s.t.Errorf("the labels of revision %d are %v", r.Revision, r.Secret.Labels)
		}
	}
}

// quarantined fails the row unless exactly the record of this revision, which
// corrupt broke, is kept where Helm does not look.
func (s *fixture) quarantined(revision int) {
	s.t.Helper()
	quarantined := metav1.ListOptions{FieldSelector: "type=berth.dev/quarantined-record"}
	list, err := s.Client().CoreV1().Secrets(s.namespace).List(s.t.Context(), quarantined)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(list.Items) != 1 {
		s.t.Errorf("%d records are in quarantine, want that of revision %d", len(list.Items), revision)
	}
	for _, copied := range list.Items {
		from := fmt.Sprintf("sh.helm.release.v1.%s.v%d", s.release, revision)
		if copied.Annotations["berth.dev/quarantined-from"] != from || string(copied.Data["release"]) != unreadable ||
			copied.Labels["owner"] == "helm" {
			s.t.Errorf("in quarantine is %s with %v, %v: %q", copied.Name, copied.Labels, copied.Annotations, copied.Data["release"])
		}
	}
}

// fields are the names of a payload's fields, those of info among them.
func (s *fixture) fields(revision int) (names []string) {
	s.t.Helper()
	for _, r := range s.records() {
		if r.Revision != revision {
			continue
		}
		var payload struct{ Info map[string]any }
		all := map[string]any{}
		if err := json.Unmarshal(r.plain, &all); err != nil {
			s.t.Fatal(err)
		}
		if err := json.Unmarshal(r.plain, &payload); err != nil {
			s.t.Fatal(err)
		}
		for name := range all {
			names = append(names, name)
		}
		for name := range payload.Info {
			names = append(names, "info."+name)
		}
	}
	slices.Sort(names)
	return names
}
