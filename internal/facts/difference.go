package facts

import (
	"strings"
	"time"
)

// Contents is how a live object differs from the manifest of its record.
type Contents struct {
	Differences []Difference // whether or not they count: verdict.Differing
	Notes       []string     // what is worth a word and is no difference
}

// Difference is a field at which a live object is not as the manifest of its record
// says.
type Difference struct {
	// Path names the field. An item of a list is named by its key, where its kind has
	// one: spec.template.spec.containers[web].image, data[app.conf], spec.tags[2].
	Path string
	// Recorded and Live are what the record says and what is there, cut, for people.
	// They are untrusted text; "" means that it is not there, and NotShown that it is
	// secret.
	Recorded, Live string
	// Digest stands for the live value, so that a baseline can accept exactly that one.
	// It tells nothing of the value, and that of a Secret is slow to guess.
	Digest string
	// Author is the field manager that wrote the field last, and Written when. They
	// are empty where it cannot be told, as of what was removed.
	Author  string
	Written time.Time
	// Own is set where nobody but Helm or Berth owns the field: what admission made of
	// the release's own write looks so.
	Own bool
	// ByHand is set where a tool in somebody's hand owns the field, or a script with it.
	ByHand bool
	// Injected is set where the object is a webhook, a definition of a kind or an
	// APIService, and a controller owns the field: neither the release nor a person.
	Injected bool
}

// Paths lists the paths of differences.
func Paths(differences []Difference) string {
	paths := make([]string, len(differences))
	for i, d := range differences {
		paths[i] = d.Path
	}
	return strings.Join(paths, ", ")
}

// NotShown stands for a value that is secret.
const NotShown = "(not shown)"

// Gone is the digest of what is not there.
const Gone = "gone"

// Baseline is what still differed from the manifest when the deploy that stored a
// record was through: for each object the paths, and for each path the digest of
// what was there. It is nil where none was stored, and empty where nothing differed.
type Baseline map[Ref]map[string]string

// Accepts returns whether the baseline has this very difference of an object.
func (b Baseline) Accepts(r Ref, d Difference) bool {
	digest, ok := b[r][d.Path]
	return ok && digest == d.Digest
}
