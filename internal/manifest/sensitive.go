package manifest

import (
	"encoding/base64"
	"encoding/json"
	"hash/maphash"
	"maps"
	"regexp"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/secrets"
)

// Sensitive tells a mask what the objects of a release hold that is secret, and which
// of their texts are names, which stay readable. It is safe for concurrent use, and a
// nil Sensitive tells nobody.
type Sensitive struct {
	mask *secrets.Mask

	mu   sync.Mutex
	seen map[uint64]bool // the documents that were read
	// The long texts that were looked through, as a file and as a setting.
	files, settings map[uint64]bool
}

// NewSensitive returns a Sensitive that tells mask, which may be nil.
func NewSensitive(mask *secrets.Mask) *Sensitive {
	return &Sensitive{mask: mask, seen: map[uint64]bool{}, files: map[uint64]bool{}, settings: map[uint64]bool{}}
}

var seed = maphash.MakeSeed()

// separator begins a document of a manifest.
const separator = "\n---"

var (
	// named finds the names in the lines of a document.
	named = regexp.MustCompile(`(?m)(?:^|[\s{,])(?:name|namespace|image|host|hostname|kind|secretName|serviceName|claimName|` +
		`serviceAccountName|nodeName|storageClassName|ingressClassName):[ \t]*["']?([^\s"'#{},\]]{8,})`)
	// namedMeta finds those of the metadata: whatever is in a ConfigMap's data is no
	// name.
	namedMeta = regexp.MustCompile(`(?m)^(?: {2}|metadata: \{)(?:name|namespace):[ \t]*["']?([^\s"'#{},\]]{8,})`)
)

// Text reads the documents of a stored manifest or hook, each of them once. Those that
// may hold a secret are parsed. Of the others it looks at the lines alone: a manifest of
// hundreds of objects takes no time that anybody would notice.
func (s *Sensitive) Text(manifest string) {
	if s == nil || s.mask == nil {
		return
	}
	for document := range strings.SplitSeq(manifest, separator) {
		if s.known(s.seen, document) {
			continue
		}
		if maySecret(document) {
			if objects, err := ParseDocument([]byte(strings.TrimPrefix(document, "---"))); err == nil {
				for _, o := range objects {
					s.Object(o)
				}
				continue
			}
		}
		find := named
		if strings.Contains(document, "ConfigMap") {
			find = namedMeta
		}
		for _, at := range find.FindAllStringSubmatch(document, -1) {
			s.mask.Name(at[1])
		}
	}
}

// maySecret returns whether a document may hold what Object would find secret in it. A List
// may hold Secrets under any name.
func maySecret(document string) bool {
	if strings.Contains(document, "List") || strings.Contains(document, "@") && strings.ContainsAny(document, "/(") {
		return true
	}
	return secrets.MayName(document)
}

// known returns whether a text was noted before, and notes it.
func (s *Sensitive) known(in map[uint64]bool, text string) bool {
	hash := maphash.String(seed, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	was := in[hash]
	in[hash] = true
	return was
}

// longText is how many bytes a text has that is looked through once: an object is told of each time that
// it is read, and a ConfigMap may hold a large file.
const longText = 1 << 10

// isRead returns whether a long text was looked through before.
func (s *Sensitive) isRead(in map[uint64]bool, text string) bool {
	return len(text) >= longText && s.known(in, text)
}

// Masked returns a text without what was told to be secret.
func (s *Sensitive) Masked(text string) string {
	if s == nil {
		return text
	}
	return s.mask.Text(text)
}

// Object reads one object.
func (s *Sensitive) Object(o *unstructured.Unstructured) {
	if s == nil || s.mask == nil {
		return
	}
	s.mask.Name(o.GetName(), o.GetNamespace(), o.GetKind())
	data, _ := o.Object["data"].(map[string]any)
	switch kind := o.GroupVersionKind(); {
	case kind.Group == "" && kind.Kind == "Secret":
		for key, value := range data {
			s.mask.Name(key)
			s.mask.Find(decoded(value)...)
		}
		plain, _ := o.Object["stringData"].(map[string]any)
		for key, value := range plain {
			s.mask.Name(key)
			s.mask.Find(secrets.Leaves(value)...)
		}
		s.annotations(o)
	case kind.Group == "" && kind.Kind == "ConfigMap":
		for key, value := range data {
			s.entry(key, secrets.Leaves(value))
		}
		packed, _ := o.Object["binaryData"].(map[string]any)
		for key, value := range packed {
			s.entry(key, decoded(value))
		}
		s.annotations(o)
	default:
		s.walk(o.Object, false)
	}
}

// annotations reads what is beside the data of a Secret or a ConfigMap. kubectl and its like note there what they have
// applied: the object as a whole.
func (s *Sensitive) annotations(o *unstructured.Unstructured) {
	s.walk(o.Object["metadata"], false)
	for _, text := range o.GetAnnotations() {
		var noted map[string]any
		if !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &noted) != nil {
			continue
		}
		applied := &unstructured.Unstructured{Object: maps.Clone(noted)}
		if applied.GroupVersionKind() == o.GroupVersionKind() {
			applied.SetAnnotations(nil) // none is noted within another one
			s.Object(applied)
		}
	}
}

// entry reads what a ConfigMap has under a key.
func (s *Sensitive) entry(key string, texts []string) {
	for _, text := range texts {
		if secrets.IsName(key) {
			s.mask.Find(text)
			continue
		}
		s.mask.Find(secrets.In(key, text)...)
		if !s.isRead(s.files, text) {
			s.mask.Find(secrets.InText(text)...)
		}
	}
}

// decoded returns the value of a key of a Secret's data. One that is no base64 is what
// somebody took for the value; of a short one, the base64 itself is masked.
func decoded(value any) []string {
	text, ok := value.(string)
	if !ok {
		return secrets.Leaves(value)
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return []string{text}
	}
	return []string{string(plain), text}
}

// nameFields hold names. One that is just called secret need not: that of a client of OAuth, say,
// holds the secret.
var nameFields = map[string]bool{
	"name": true, "namespace": true, "image": true, "host": true, "hosts": true, "hostname": true, "hostnames": true, "secretName": true,
	"serviceName": true, "claimName": true, "serviceAccountName": true, "nodeName": true, "storageClassName": true, "ingressClassName": true,
	"existingSecret": true, "kind": true,
}

// walk tells the names within a value, and the secrets in fields and variables that
// are called so, or below that. A schema says of a password what that is, and a status how it
// is: there is none in them.
func (s *Sensitive) walk(value any, described bool) {
	switch v := value.(type) {
	case map[string]any:
		s.mask.Find(secrets.InItem(v)...)
		for key, inner := range v {
			found := secrets.Texts(inner)
			switch {
			case nameFields[key]:
				s.mask.Name(found...)
			case !described:
				s.mask.Find(secrets.In(key, inner)...)
			case secrets.IsName(key):
				s.mask.Find(found...)
			}
			if key == "args" || key == "command" {
				s.mask.Find(secrets.InArguments(found)...)
			}
			if nameFields[key] {
				for _, text := range found { // which may be an address
					s.mask.Find(secrets.OfUsers(text)...)
				}
			} else {
				s.mask.Find(s.inTexts(found)...)
			}
			s.walk(inner, described || key == secrets.SchemaField || key == "status")
		}
	case []any:
		for _, inner := range v {
			s.walk(inner, described)
		}
	}
}

// inTexts returns what is secret in texts. Most have none of it, and take no time.
func (s *Sensitive) inTexts(texts []string) (found []string) {
	for _, text := range texts {
		if (strings.Contains(text, "@") || strings.ContainsAny(text, "=:< ") && secrets.MayName(text)) && !s.isRead(s.settings, text) {
			found = append(found, secrets.InSettings(text)...)
		}
	}
	return found
}
