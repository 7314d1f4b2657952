//go:build ci

package ci

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// artifacts is the folder of a job's report, held against what GitLab takes.
type artifacts struct {
	dir   string
	wrong []string
}

func (a *artifacts) miss(format string, args ...any) {
	a.wrong = append(a.wrong, fmt.Sprintf(format, args...))
}

func (a *artifacts) read(name string) []byte {
	data, err := os.ReadFile(filepath.Join(a.dir, name))
	if err != nil {
		a.miss("the job keeps no %s: %v", name, err)
	}
	return data
}

// dotenv reads the variables for later jobs. GitLab takes 5 KB of them, and of lines that
// are no variable the whole file is refused.
// https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv
func (a *artifacts) dotenv() map[string]string {
	data := a.read("berth.env")
	if len(data) > 5<<10 {
		a.miss("berth.env has %d bytes", len(data))
	}
	variables := map[string]string{}
	for text := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(text, "\n"), "=")
		if !ok || !regexp.MustCompile(`^BERTH_RESULT_[A-Z_]+$`).MatchString(name) {
			a.miss("berth.env has the line %q", text)
		}
		variables[name] = value
	}
	return variables
}

// junit wants so many checks, and failed ones among them, each under a name of its own.
func (a *artifacts) junit(checks, failed int) {
	var report struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []struct {
			Name     string  `xml:"name,attr"`
			Tests    int     `xml:"tests,attr"`
			Failures int     `xml:"failures,attr"`
			Time     float64 `xml:"time,attr"`
			Cases    []struct {
				Name    string `xml:"name,attr"`
				Class   string `xml:"classname,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := strictXML(a.read("junit.xml"), &report); err != nil {
		a.miss("junit.xml: %v", err)
		return
	}
	names, broken := map[string]bool{}, 0
	for _, suite := range report.Suites {
		failures := 0
		for _, c := range suite.Cases {
			names[c.Class+" "+c.Name] = c.Class != "" && c.Name != ""
			if c.Failure != nil {
				failures++
			}
		}
		if suite.Name == "" || suite.Tests != len(suite.Cases) || suite.Failures != failures {
			a.miss("the suite %q says %d tests and %d failures, and has %d and %d",
				suite.Name, suite.Tests, suite.Failures, len(suite.Cases), failures)
		}
		broken += failures
	}
	if len(names) != checks || broken != failed {
		a.miss("junit.xml has %d checks, %d of which failed, want %d and %d", len(names), broken, checks, failed)
	}
}

// strictXML decodes exactly one document.
func strictXML(data []byte, into any) error {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if token, err := decoder.Token(); !errors.Is(err, io.EOF) {
		if text, ok := token.(xml.CharData); !ok || len(bytes.TrimSpace(text)) > 0 {
			return fmt.Errorf("there is more after the end: %v", token)
		}
	}
	return nil
}

// annotations are at most 20 links, in 80 KB.
// https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsannotations
func (a *artifacts) annotations() {
	data := a.read("annotations.json")
	var all map[string][]struct {
		Link struct {
			Label string `json:"label"`
			URL   string `json:"url"`
		} `json:"external_link"`
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil || len(data) > 80<<10 {
		a.miss("annotations.json, %d bytes: %v", len(data), err)
		return
	}
	links := 0
	for section, list := range all {
		for _, annotation := range list {
			links++
			u, err := url.Parse(annotation.Link.URL)
			if err != nil || !strings.HasPrefix(u.Scheme, "http") || u.Host == "" || annotation.Link.Label == "" {
				a.miss("%s is linked to %q as %q (%v)", section, annotation.Link.URL, annotation.Link.Label, err)
			}
		}
	}
	if links == 0 || links > 20 {
		a.miss("annotations.json has %d links", links)
	}
}

// report wants that verdict in report.json.
func (a *artifacts) report(verdict string) {
	var report struct{ Schema, Verdict string }
	err := json.Unmarshal(a.read("report.json"), &report)
	if err != nil || report.Schema != "berth.dev/report/v1" || report.Verdict != verdict {
		a.miss("report.json says %+v (%v), want %s", report, err, verdict)
	}
}
