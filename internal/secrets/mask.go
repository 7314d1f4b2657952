// Package secrets keeps secrets out of text. A Mask is told, while a run goes on,
// which values are secret: what Berth was handed (tokens, the registry's password),
// what the Secret objects of the release hold, and what the values call a password or
// the like. It replaces them in the spellings and encodings in which an error, an
// event or a log quotes them.
//
// Text is masked as data, before a report is made of it: no secret, whatever
// characters it has, can then break JSON, XML or Markdown.
package secrets

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/text"
)

// Hidden stands for a secret.
const Hidden = "***"

// The length in bytes from which on something is masked. What is shorter would leave
// half a sentence: hiding "" or "true" only makes a log unreadable. An API error about
// a Secret, which may quote a short one, is replaced as a whole (internal/apifailure).
const (
	minGiven = 4
	minFound = 8
)

// Mask replaces secrets in text. It is safe for concurrent use, and a nil Mask
// replaces nothing.
type Mask struct {
	mu    sync.Mutex
	given map[string]bool
	found map[string]bool
	names map[string]bool
	told  int    // how often something was added
	table *table // of what was known at the time of made; nil: none was made
	made  int

	making sync.Mutex // is held by who makes a table
}

// New returns a Mask that knows no secret.
func New() *Mask {
	return &Mask{given: map[string]bool{}, found: map[string]bool{}, names: map[string]bool{}}
}

// Give adds secrets that Berth was handed as such. They are masked from four bytes on,
// line by line, and whatever is called like them.
func (m *Mask) Give(values ...string) {
	if m != nil {
		m.add(m.given, minGiven, values)
	}
}

// Find adds values that were found where secrets are. They and their lines are masked
// from eight bytes on, which the space around them does not count among, unless they
// are a name.
func (m *Mask) Find(values ...string) {
	if m == nil {
		return
	}
	for _, value := range m.unknown(values) {
		m.add(m.found, minFound, looking{}.inDocuments(value))
	}
	m.add(m.found, minFound, values)
}

// Name adds names of objects, images, hosts and the like: public, and what a cause is
// told by. A value that was found and is such a name, or a part of one between its
// separators, is not masked. The user and password before a host are none.
func (m *Mask) Name(names ...string) {
	if m == nil {
		return
	}
	public := make([]string, len(names))
	for i, name := range names {
		public[i] = withoutUser(name)
	}
	m.add(m.names, minFound, public)
}

// withoutUser returns a name without what stands before a host to get in there: in
// amqp://user:password@host, say. An image's digest stands behind an @ as well.
func withoutUser(name string) string {
	at := strings.LastIndexByte(name, '@')
	if at < 0 || strings.HasPrefix(name[at:], "@sha") {
		return name
	}
	if before := name[:at]; strings.Contains(before, "/") && !strings.Contains(before, ":") {
		return name // no address: a version, say
	}
	return name[at+1:]
}

// unknown returns those of the values that were not found before.
func (m *Mask) unknown(values []string) (fresh []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range values {
		if !m.found[v] {
			fresh = append(fresh, v)
		}
	}
	return fresh
}

func (m *Mask) add(to map[string]bool, shortest int, values []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range values {
		if len(v) >= shortest && !to[v] {
			to[v] = true
			m.told++
		}
	}
}

// current returns a table of what is known by now. One is made at a time, while others go on to tell of secrets: of those
// who wait for it, whoever came before it was begun takes that, and need not have another one made.
func (m *Mask) current() *table {
	m.mu.Lock()
	known := m.told
	m.mu.Unlock()
	if t := m.since(known); t != nil {
		return t
	}
	m.making.Lock()
	defer m.making.Unlock()
	if t := m.since(known); t != nil {
		return t
	}
	m.mu.Lock()
	told := m.told
	given, found, public := slices.Sorted(maps.Keys(m.given)), slices.Sorted(maps.Keys(m.found)), maps.Clone(m.names)
	m.mu.Unlock()
	t := newTable(given, found, newNames(public))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.table, m.made = t, told
	return t
}

// since returns the table if it was made of no less than this.
func (m *Mask) since(told int) *table {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.table == nil || m.made < told {
		return nil
	}
	return m.table
}

// Text returns text without the secrets: each is replaced by ***, and so is the
// beginning of one where the text was cut. What becomes a secret only when the text is
// cleaned or folded into a line, as the reports do, or when its escapes are read, is found as well.
func (m *Mask) Text(s string) string {
	if m == nil || len(s) < minGiven {
		return s
	}
	t := m.current()
	if len(t.forms) == 0 {
		return s
	}
	s = t.escaped(t.replace(s))
	if cleaned := text.Clean(s); cleaned != s {
		if masked := t.replace(cleaned); masked != cleaned {
			s = masked
		}
	}
	if folded := text.OneLine(s); folded != s {
		if masked := t.replace(folded); masked != folded {
			s = masked
		}
	}
	return s
}

// names are public words.
type names map[string]bool

// maxParts is how many parts of a name are put together to one that counts.
const maxParts = 8

// newNames returns names with each run of their parts.
func newNames(all map[string]bool) names {
	n := names{}
	for name := range all {
		var starts, ends []int // of the parts
		for i := range len(name) {
			if isWord(name[i]) {
				if i == 0 || !isWord(name[i-1]) {
					starts = append(starts, i)
				}
				if i+1 == len(name) || !isWord(name[i+1]) {
					ends = append(ends, i+1)
				}
			}
		}
		for i, start := range starts {
			for _, end := range ends[i:min(len(ends), i+maxParts)] {
				n[name[start:end]] = true
			}
		}
		n[name] = true
	}
	return n
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// lines returns the lines of a value of at least shortest bytes, without their outer
// spaces, and first the value itself.
func lines(value string, shortest int) []string {
	all := []string{value}
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); len(line) >= shortest && line != value {
			all = append(all, line)
		}
	}
	return all
}
