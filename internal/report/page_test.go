package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// The page is read as browsers read it, and holds nothing but what is listed here: no
// script, no handler, no style of an element, nothing that is loaded from elsewhere.
var pageHolds = map[string][]string{
	"html": {"lang"}, "head": nil, "body": nil, "main": nil, "meta": {"charset", "http-equiv", "content", "name"}, "title": nil, "style": nil,
	"h1": {"class"}, "h2": nil, "h3": nil, "p": {"class"}, "div": {"class"}, "span": {"class"}, "footer": nil,
	"strong": nil, "code": nil, "pre": nil, "mark": nil, "br": nil, "a": {"href", "rel"}, "ul": nil, "li": nil,
	"dl": nil, "dt": nil, "dd": nil, "details": {"open"}, "summary": nil,
	"table": {"class"}, "thead": nil, "tbody": nil, "tr": nil, "th": {"class"}, "td": {"class"},
	"svg": {"xmlns", "height", "role", "aria-label"}, "line": {"class", "x1", "x2", "y1", "y2"},
	"text": {"class", "x", "y", "dx", "text-anchor"}, "tspan": {"class"}, "rect": {"class", "x", "y", "width", "height", "rx"},
}

func page(t *testing.T, r result.Result) []byte {
	t.Helper()
	data, err := report.HTML(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkPage returns the words that a page shows.
func checkPage(t *testing.T, data []byte) string {
	t.Helper()
	document, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var words strings.Builder
	var policy, style string
	for n := range document.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("a comment: %q", n.Data)
		}
		if n.Type == html.ElementNode {
			checkElement(t, n)
		}
		if attribute(n, "http-equiv") == "Content-Security-Policy" {
			policy = attribute(n, "content")
		}
		if n.Type == html.TextNode && n.Parent.Data == "style" {
			style = n.Data
		} else if n.Type == html.TextNode {
			words.WriteString(n.Data + "\n")
		}
	}
	sum := sha256.Sum256([]byte(style))
	want := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
		base64.StdEncoding.EncodeToString(sum[:]))
	if policy != want {
		t.Errorf("the policy is %q, want %q", policy, want)
	}
	for _, word := range []string{"url(", "@import", "expression", "\\"} {
		if strings.Contains(style, word) {
			t.Errorf("the style has %q", word)
		}
	}
	return words.String()
}

func checkElement(t *testing.T, n *html.Node) {
	t.Helper()
	attributes, ok := pageHolds[n.Data]
	if !ok {
		t.Errorf("there is a <%s>", n.Data)
	}
	for _, a := range n.Attr {
		if !slices.Contains(attributes, a.Key) {
			t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
		}
	}
	if n.Data != "a" {
		return
	}
	u, err := url.Parse(attribute(n, "href"))
	plain := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
	if !plain || attribute(n, "rel") != "noopener noreferrer" {
		t.Errorf("a link is %v", n.Attr)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestPageRunsAndLoadsNothing(t *testing.T) {
	forEachResult(t, func(t *testing.T, _ string, r result.Result) {
		words := checkPage(t, page(t, r))
		if r.Revision > 0 && r.Took > 0 && !strings.Contains(words, "Release") {
			t.Error("the page does not tell of the release")
		}
	})
	checkPage(t, page(t, result.Result{}))
}

// fill sets every text of a value, however deep, and every number.
func fill(v reflect.Value, s string, depth int) {
	switch kind := v.Kind(); {
	case kind == reflect.String:
		v.SetString(s)
	case v.CanInt():
		v.SetInt(2)
	case kind == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s, depth)
	case kind == reflect.Slice:
		if depth < 8 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), s, depth+1)
			fill(v.Index(1), s, depth+1)
		}
	case kind == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), s, depth+1)
			}
		}
	}
}

// Text in any field stays text, wherever it is shown.
func TestTextInThePageStaysText(t *testing.T) {
	for _, s := range []string{
		`</title></style><script>alert(1)</script><img src=x onerror=alert(1)>`, `"' onload=alert(1) x="`, "`<b>`</code>`", `javascript:alert(1)`,
		`https://a.example/"><script>`, `{{.}}`, `]]><svg onload=alert(1)>`, `<!-- <script> -->`, "&lt;script&gt;",
		"\x00<script>\ufffe", "\u202e<b>",
	} {
		var r result.Result
		fill(reflect.ValueOf(&r).Elem(), s, 0)
		r.Cause, r.Next = "why\n"+s, s+"\n$ "+s
		for _, reason := range []problem.ExitReason{problem.Consistent, problem.DeployFailed, problem.ExitReason(s)} {
			r.Reason = reason
			words := checkPage(t, page(t, r))
			if visible := strings.Trim(s, "\x00\ufffe\u202e`"); !strings.Contains(s, "`") && strings.Count(words, visible) < 20 {
				t.Errorf("%q is shown %d times", s, strings.Count(words, visible))
			}
		}
	}
}

func FuzzPage(f *testing.F) {
	f.Add("<script>", "https://a.example")
	f.Add("`a` \"b\" 'c'", "javascript:alert(1)")
	f.Add("</pre>\n\n", "https://u:p@a.example/<>")
	f.Add("x", "https://'a.example")
	f.Fuzz(func(t *testing.T, s, address string) {
		var r result.Result
		fill(reflect.ValueOf(&r).Elem(), s, 5)
		r.URL, r.Pages.Commit, r.Pages.Run, r.Reason = address, address, address, problem.Consistent
		r.Headline = address + " " + s
		checkPage(t, page(t, r))
	})
}

func TestPageIsBounded(t *testing.T) {
	for _, s := range []string{"|", `"`, "`a` ", "\n"} {
		data := page(t, huge(strings.Repeat(s, (1<<20)/len(s))))
		if len(data) > 900<<10 {
			t.Errorf("%q: %d bytes", s, len(data))
		}
		if words := checkPage(t, data); s == `"` && !strings.Contains(words, "report.json has them") {
			t.Error("does not say that sections are left out")
		}
		if !bytes.HasSuffix(data, []byte("</main>\n</body>\n</html>\n")) {
			t.Errorf("ends with %q", data[len(data)-40:])
		}
	}
}

// What cannot be drawn is told in numbers alone, and a moment is wide enough to be seen.
func TestTimelineIsDrawn(t *testing.T) {
	for name, c := range map[string]struct {
		event result.Event
		want  string
	}{
		"half":         {result.Event{At: 5 * time.Second, Took: 5 * time.Second}, `x="50.00%" y="39" width="50.00%"`},
		"a moment":     {result.Event{At: 10 * time.Second}, `x="99.50%" y="39" width="3"`},
		"before":       {result.Event{At: -time.Second, Took: time.Second}, ""},
		"a long while": {result.Event{At: 1 << 62, Took: 1 << 62}, ""},
	} {
		r := result.Result{Log: result.Log{Took: 10 * time.Second, Timeline: []result.Event{c.event}}}
		got := string(page(t, r))
		if c.want == "" && strings.Contains(got, "<rect") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got[strings.Index(got, "<svg"):strings.Index(got, "</svg>")])
		}
	}
	for _, took := range []time.Duration{0, 1, time.Millisecond, 40 * time.Second, time.Hour, 1<<63 - 1} {
		r := result.Result{Log: result.Log{Took: took, Timeline: []result.Event{{What: "x"}}}}
		ticks := bytes.Count(page(t, r), []byte(`<text class="tick"`))
		if took > 0 && (ticks < 1 || ticks > 6) || took == 0 && ticks > 0 {
			t.Errorf("%s: %d ticks", took, ticks)
		}
	}
}

func TestPageShowsTheTellingLine(t *testing.T) {
	got := string(page(t, load(t, "testdata/crash")))
	if want := "<mark>panic: no DATABASE_URL</mark>"; !strings.Contains(got, want) {
		t.Error("the line that tells why is not marked")
	}
}
