//go:build conformance

package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// storedRecord is one revision as its record has it.
type storedRecord struct {
	Revision    int
	Label       string // the status of the label
	Payload     string // and of the payload, which can differ
	Description string
	Manifest    string
	Secret      corev1.Secret

	plain []byte // the payload as JSON
}

// records are the release's stored revisions in their order, found by name, so
// that one without its labels is found too.
func (s *fixture) records() []storedRecord {
	s.t.Helper()
	list, err := s.Client().CoreV1().Secrets(s.namespace).List(s.t.Context(), metav1.ListOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	var all []storedRecord
	for _, secret := range list.Items {
		version, ok := strings.CutPrefix(secret.Name, "sh.helm.release.v1."+s.release+".v")
		revision, err := strconv.Atoi(version)
		if !ok || err != nil {
			continue
		}
		r := storedRecord{Revision: revision, Label: secret.Labels["status"], Secret: secret}
		r.decode(secret.Data["release"])
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b storedRecord) int { return a.Revision - b.Revision })
	return all
}

// decode reads what Helm stores: base64 of gzip of JSON.
func (r *storedRecord) decode(data []byte) {
	r.Payload = "undecodable"
	zipped, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		return
	}
	reader, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return
	}
	var payload struct {
		Manifest string
		Info     struct{ Status, Description string }
	}
	if err := json.Unmarshal(plain, &payload); err == nil {
		r.Payload, r.Description, r.Manifest = payload.Info.Status, payload.Info.Description, payload.Manifest
		r.plain = plain
	}
}

// String is "v2 deployed", and names the payload where it differs.
func (r storedRecord) String() string {
	if r.Label == r.Payload {
		return fmt.Sprintf("v%d %s", r.Revision, r.Label)
	}
	return fmt.Sprintf("v%d %s (payload %s)", r.Revision, r.Label, r.Payload)
}

// history is what is stored, as "v1 superseded, v2 deployed".
func (s *fixture) history() string {
	s.t.Helper()
	var all []string
	for _, r := range s.records() {
		all = append(all, r.String())
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

// stored fails the row unless that is the history.
func (s *fixture) stored(want string) {
	s.t.Helper()
	if got := s.history(); got != want {
		s.t.Errorf("stored is %s, want %s", got, want)
	}
}

// recordVersions tells apart two states of the release's records.
func (s *fixture) recordVersions() string {
	s.t.Helper()
	var b strings.Builder
	for _, r := range s.records() {
		fmt.Fprintln(&b, r.Secret.Name, r.Secret.UID, r.Secret.ResourceVersion)
	}
	return b.String()
}

// last is the newest revision.
func (s *fixture) last() storedRecord {
	s.t.Helper()
	all := s.records()
	if len(all) == 0 {
		s.t.Fatal("nothing is stored")
	}
	return all[len(all)-1]
}

// setStatus rewrites the record of a revision as another writer would, with
// the status that its label and its payload are to have.
func (s *fixture) setStatus(revision int, label, payload string) {
	s.t.Helper()
	for _, r := range s.records() {
		if r.Revision != revision {
			continue
		}
		r.Secret.Labels["status"] = label
		r.Secret.Data["release"] = encode(s.t, r.plain, payload)
		if _, err := s.Client().CoreV1().Secrets(s.namespace).Update(s.t.Context(), &r.Secret, metav1.UpdateOptions{}); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	s.t.Fatalf("there is no revision %d", revision)
}

// encode is decode's reverse, with the payload's status changed.
func encode(t testing.TB, plain []byte, status string) []byte {
	t.Helper()
	release := map[string]any{}
	if err := json.Unmarshal(plain, &release); err != nil {
		t.Fatal(err)
	}
	release["info"].(map[string]any)["status"] = status
	plain, err := json.Marshal(release)
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(plain) // a buffer takes everything
	_ = w.Close()
	return []byte(base64.StdEncoding.EncodeToString(zipped.Bytes()))
}

// lease is an annotation of the release's Lease, such as attempt-outcome.
func (s *fixture) lease(annotation string) string {
	s.t.Helper()
	l, err := s.Client().CoordinationV1().Leases(s.namespace).Get(s.t.Context(), "berth-"+s.release, metav1.GetOptions{})
	if err != nil {
		s.t.Error(err)
		return ""
	}
	return l.Annotations["berth.dev/"+annotation]
}

// hasNoLease fails the row if there is a Lease.
func (s *fixture) hasNoLease() {
	s.t.Helper()
	list, err := s.Client().CoordinationV1().Leases(s.namespace).List(s.t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) > 0 {
		s.t.Errorf("there are %d Leases (%v)", len(list.Items), err)
	}
}
