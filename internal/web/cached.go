package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/report"
)

// renderEvery is how often a document is written anew at most, however often it is asked for.
const renderEvery = time.Second

// cached is the last document of one form.
type cached struct {
	mu      sync.Mutex
	is      document
	version uint64
	at      time.Time // of the apps
	stale   bool
	written time.Time // by this machine's clock; zero: there is none
}

// document is what is sent, as it is and compressed.
type document struct {
	plain, zipped []byte
	tag           string
}

// of returns the document of a view. Whoever asks while it is written waits for it.
func (c *cached) of(v View, now time.Time, render func(report.Fleet) ([]byte, error)) (document, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	same := c.version == v.Version && c.at.Equal(v.Fleet.At) && c.stale == v.Fleet.Stale
	if !c.written.IsZero() && (same || now.Sub(c.written) < renderEvery) {
		return c.is, nil
	}
	plain, err := render(v.Fleet)
	if err != nil {
		return document{}, err
	}
	zipped, err := compress(plain)
	if err != nil {
		return document{}, err
	}
	sum := sha256.Sum256(plain)
	c.is = document{plain, zipped, hex.EncodeToString(sum[:12])}
	c.version, c.at, c.stale, c.written = v.Version, v.Fleet.At, v.Fleet.Stale, now
	return c.is, nil
}

// numbers are the last metrics.
type numbers struct {
	mu          sync.Mutex
	text        []byte
	whole, live bool
	written     time.Time // by this machine's clock; zero: there are none
}

// of returns the metrics of a survey. They hold ages, so that they are another text each time, and are written
// anew as often as a document at most, or once something is known or is not any more.
func (n *numbers) of(s report.Survey, now time.Time) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.written.IsZero() || n.whole != s.Whole || n.live != s.Live || now.Sub(n.written) >= renderEvery {
		n.text, n.whole, n.live, n.written = report.FleetMetrics(s), s.Whole, s.Live, now
	}
	return n.text
}

func compress(data []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

// write sends the document, or that the client has it.
func (d document) write(w http.ResponseWriter, r *http.Request) {
	body, tag := d.plain, `"`+d.tag+`"`
	w.Header().Set("Vary", "Accept-Encoding")
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		body, tag = d.zipped, `"`+d.tag+`-gzip"`
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("ETag", tag)
	r.Header.Del("Range") // nobody wants a part of it
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// takesGzip returns whether a client says that it takes gzip.
func takesGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		name, quality, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.ReplaceAll(quality, " ", "")
			return strings.Trim(strings.TrimPrefix(strings.ToLower(q), "q="), "0.") != "" || q == ""
		}
	}
	return false
}
