package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// Expectation is what the answer has to be.
type Expectation struct {
	Statuses []StatusRange // none: 200 to 299
	Body     []string      // texts that it has to hold
	Headers  []Header
	Version  Version
}

// StatusRange is the HTTP status codes from First to Last.
type StatusRange struct{ First, Last int }

// Header is a header that has to hold a text; an empty one has to be there.
type Header struct{ Name, Holds string }

// Version is where the answer names the commit that serves it. The zero Version asks for none.
type Version struct {
	Header string   // in this header
	Path   []string // or at this path of a JSON body
	Commit string
}

// ParseExpectation reads lines such as status=200,301, status=2xx, body=TEXT and
// header=NAME: TEXT. The error is a clause that says what a line has to be.
func ParseExpectation(lines []string) (e Expectation, err error) {
	for _, line := range lines {
		what, value, found := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		if !found || value == "" {
			return e, fmt.Errorf("give status=CODES, body=TEXT or header=NAME: TEXT, one a line")
		}
		switch strings.TrimSpace(what) {
		case "status":
			statuses, err := parseStatuses(value)
			if err != nil {
				return e, err
			}
			e.Statuses = append(e.Statuses, statuses...)
		case "body":
			e.Body = append(e.Body, value)
		case "header":
			name, holds, _ := strings.Cut(value, ":")
			if name = strings.TrimSpace(name); name == "" || strings.ContainsAny(name, " \t") {
				return e, fmt.Errorf("give the header as NAME: TEXT")
			}
			e.Headers = append(e.Headers, Header{name, strings.TrimSpace(holds)})
		default:
			return e, fmt.Errorf("give status=CODES, body=TEXT or header=NAME: TEXT, one a line")
		}
	}
	return e, nil
}

func parseStatuses(value string) (all []StatusRange, err error) {
	for code := range strings.SplitSeq(value, ",") {
		code = strings.TrimSpace(code)
		if class, found := strings.CutSuffix(code, "xx"); found && len(class) == 1 && class >= "1" && class <= "5" {
			first := int(class[0]-'0') * 100
			all = append(all, StatusRange{first, first + 99})
			continue
		}
		n, err := strconv.Atoi(code)
		if err != nil || n < 100 || n > 599 {
			return nil, fmt.Errorf("give status codes such as 200,301 or 2xx")
		}
		all = append(all, StatusRange{n, n})
	}
	return all, nil
}

// ParseVersion reads header=NAME or json=PATH, a path such as build.commit. The error is a
// clause that says what it has to be.
func ParseVersion(value, commit string) (Version, error) {
	what, where, _ := strings.Cut(value, "=")
	where = strings.TrimSpace(where)
	path := strings.Split(strings.TrimPrefix(where, "."), ".")
	switch {
	case where == "":
	case strings.TrimSpace(what) == "header" && !strings.ContainsAny(where, " \t:"):
		return Version{Header: where, Commit: commit}, nil
	case strings.TrimSpace(what) == "json":
		return Version{Path: path, Commit: commit}, nil
	}
	return Version{}, fmt.Errorf("give header=NAME or json=PATH, such as json=build.commit")
}

// judge returns what is wrong with an answer, or nil.
func (e Expectation) judge(r *http.Response, body []byte) *Failure {
	if proxy := ofProxy(r, body); proxy != "" {
		said := fmt.Sprintf("%s answers, and not the app: %d %s", proxy, r.StatusCode, http.StatusText(r.StatusCode))
		return &Failure{Step: StepProxy, Said: said}
	}
	wrong := func(format string, args ...any) *Failure {
		return &Failure{Step: StepExpect, Said: fmt.Sprintf(format, args...)}
	}
	if !e.takes(r.StatusCode) {
		return wrong("it answers %d %s%s", r.StatusCode, http.StatusText(r.StatusCode), text.After(" to ", sentTo(r)))
	}
	for _, h := range e.Headers {
		values := r.Header.Values(h.Name)
		if len(values) == 0 {
			return wrong("its answer has no header %s", h.Name)
		}
		if all := strings.Join(values, ", "); !strings.Contains(all, h.Holds) {
			return wrong("the header %s of its answer is %q", h.Name, text.CutRunes(all, 200))
		}
	}
	for _, part := range e.Body {
		if !bytes.Contains(body, []byte(part)) {
			return wrong("its answer does not hold %q", part)
		}
	}
	return e.Version.judge(r, body)
}

// sentTo returns the place that an answer names to go on at, without what may let somebody
// in there: user, password and query.
func sentTo(r *http.Response) string {
	to, err := url.Parse(r.Header.Get("Location"))
	if err != nil {
		return ""
	}
	to.User, to.RawQuery, to.ForceQuery, to.Fragment, to.RawFragment = nil, "", false, "", ""
	return text.CutRunes(to.String(), 200)
}

func (e Expectation) takes(status int) bool {
	for _, s := range e.Statuses {
		if status >= s.First && status <= s.Last {
			return true
		}
	}
	return len(e.Statuses) == 0 && status >= 200 && status <= 299
}

// minCommit is how many characters of a commit's hash tell it.
const minCommit = 7

// judge returns what is wrong with the version that an answer names, or nil. A shortened
// commit, and one within a version such as 1.2.3-9f2c1e7, will do.
func (v Version) judge(r *http.Response, body []byte) *Failure {
	if v.Header == "" && v.Path == nil {
		return nil
	}
	where, said := "the header "+v.Header, r.Header.Get(v.Header)
	if v.Path != nil {
		where = strings.Join(v.Path, ".") + " of its JSON"
		value, err := at(body, v.Path)
		if err != nil {
			return &Failure{Step: StepVersion, Said: fmt.Sprintf("%s is not there: %v", where, err)}
		}
		said = value
	}
	if len(v.Commit) >= minCommit && strings.Contains(said, v.Commit[:minCommit]) && agrees(said, v.Commit) {
		return nil
	}
	if said == "" {
		return &Failure{Step: StepVersion, Said: where + " is not there, which is to name the commit"}
	}
	return &Failure{Step: StepVersion, Said: fmt.Sprintf("%s is %q, and not commit %s", where, text.CutRunes(said, 100), v.Commit)}
}

// agrees returns whether what follows the beginning of the commit in a text is the commit's
// own, as far as it is hexadecimal.
func agrees(said, commit string) bool {
	_, rest, _ := strings.Cut(said, commit[:minCommit])
	n := 0
	for n < len(rest) && strings.ContainsRune("0123456789abcdef", rune(rest[n])) {
		n++
	}
	return strings.HasPrefix(commit[minCommit:], rest[:n])
}

// at returns the text or number at a path of a JSON document.
func at(body []byte, path []string) (string, error) {
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		return "", fmt.Errorf("the answer is no JSON")
	}
	for i, key := range path {
		object, ok := document.(map[string]any)
		if ok {
			document, ok = object[key]
		}
		if !ok {
			return "", fmt.Errorf("there is no %s", strings.Join(path[:i+1], "."))
		}
	}
	switch value := document.(type) {
	case string:
		return value, nil
	case map[string]any, []any, nil:
		return "", fmt.Errorf("it is no text")
	default:
		return fmt.Sprint(value), nil
	}
}

// proxies are the texts by which what stands before an app answers in its place.
var proxies = []struct{ name, text string }{
	{"the ingress controller's default backend", "default backend - 404"},
	{"Envoy", "no healthy upstream"},
	{"Envoy", "upstream connect error or disconnect/reset before headers"},
	{"nginx", "<title>Welcome to nginx!</title>"},
	{"HAProxy", "No server is available to handle this request"},
}

// bareProxies answer with nothing but an error of their own in these words.
var bareProxies = []struct{ name, text string }{
	{"Traefik", "404 page not found"},
	{"Traefik", "Bad Gateway"},
	{"Traefik", "no available server"},
}

// ofProxy returns what answered in place of the app: an ingress controller that knows no such
// host yet, or has no pod to send to. "" where nothing tells.
func ofProxy(r *http.Response, body []byte) string {
	for _, p := range proxies {
		if bytes.Contains(body, []byte(p.text)) {
			return p.name
		}
	}
	if r.StatusCode < http.StatusBadRequest {
		return ""
	}
	if bytes.Contains(body, []byte("<hr><center>nginx")) {
		return "nginx"
	}
	for _, p := range bareProxies {
		if strings.TrimSpace(string(body)) == p.text && r.Header.Get("Server") == "" {
			return p.name
		}
	}
	return ""
}
