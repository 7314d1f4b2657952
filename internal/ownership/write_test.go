package ownership

import (
	"strings"
	"testing"
)

func TestNotToWrite(t *testing.T) {
	ours, theirs := Release{"ns", "web"}, Release{"ns", "db"}
	hookOf := func(r string) map[string]string { return map[string]string{AnnotationHookOf: r} }
	for name, c := range map[string]struct {
		object Written
		why    string // "": it is the release's own
	}{
		"marked, and new to the manifest":          {Written{Labels: ours.Labels(), Annotations: ours.Annotations()}, ""},
		"marked, and a controller's by now":        {Written{Labels: ours.Labels(), Annotations: ours.Annotations(), Controller: "A/b"}, ""},
		"another release's":                        {Written{Labels: theirs.Labels(), Annotations: theirs.Annotations(), Had: true, Made: true}, "ns/db"},
		"unmarked, and new to the manifest":        {Written{Made: true}, "nobody"},
		"unmarked, and made before":                {Written{Had: true, Made: true}, ""},
		"unmarked, and only a failed one had it":   {Written{Had: true}, "no revision"},
		"without label, and a failed one had it":   {Written{Annotations: ours.Annotations(), Had: true}, ""},
		"unmarked, and a controller's":             {Written{Controller: "Certificate/tls", Had: true, Made: true}, "Certificate/tls"},
		"unmarked, and of another release's hook":  {Written{Annotations: hookOf("ns/db"), Had: true, Made: true}, "a hook of release ns/db"},
		"unmarked, and of a hook of the release's": {Written{Annotations: hookOf("ns/web"), Had: true, Made: true}, ""},
	} {
		if got := NotToWrite(ours, c.object); (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("%s: %q, want %q", name, got, c.why)
		}
	}
}
