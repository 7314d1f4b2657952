package report

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

type suitesXML struct {
	XMLName xml.Name   `xml:"testsuites"`
	Name    string     `xml:"name,attr"`
	Suites  []suiteXML `xml:"testsuite"`
}

type suiteXML struct {
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Skipped  int       `xml:"skipped,attr,omitempty"`
	Time     string    `xml:"time,attr"`
	Cases    []caseXML `xml:"testcase"`
}

type caseXML struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Failure *failureXML `xml:"failure,omitempty"`
	Skipped *skippedXML `xml:"skipped,omitempty"`
	Output  string      `xml:"system-out,omitempty"`
}

type failureXML struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// skippedXML is of an app that a sweep left alone, and says why.
type skippedXML struct {
	Message string `xml:"message,attr"`
}

// JUnit returns junit.xml: each check is a test case, so that merge requests show
// what failed. A run that failed without a failed check (for a missing permission,
// a chart that does not render) has one failed case of its own. The events and logs of
// what went wrong are the output of one failed case.
func JUnit(r result.Result) ([]byte, error) {
	class := "berth." + text.OneLine(string(r.Verb))
	suite := suiteXML{Name: suiteName(r), Time: fmt.Sprintf("%.3f", r.Took.Seconds())}
	for _, c := range r.Checks {
		suite.add(class, text.OneLine(checkTitle(c)), checkFailure(c))
	}
	suite.sweep(class, r.Sweep)
	suite.round(class, r.Round)
	told := slices.IndexFunc(r.Checks, func(c result.Check) bool { return !c.OK && (c.Name == "ready" || c.Name == "hooks") })
	well := slices.Contains([]severity{succeeded, halfway, nothingDone}, severityOf(r))
	if suite.Failures == 0 && !well {
		details := strings.Join([]string{r.Cause, r.Next, r.RBAC}, "\n\n")
		suite.add(class, "berth "+text.OneLine(string(r.Verb)), newFailure(strings.ReplaceAll(headline(r), "`", ""), details))
	} else if suite.Tests == 0 {
		suite.add(class, "berth "+text.OneLine(string(r.Verb)), nil)
	}
	suite.tell(told, failureOutput(r))
	body, err := xml.MarshalIndent(suitesXML{Name: "berth", Suites: []suiteXML{suite}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the JUnit report of berth %s: %w; please report this as a bug", r.Verb, err)
	}
	return append([]byte(xml.Header), append(body, '\n')...), nil
}

// suiteName names the verb and the release.
func suiteName(r result.Result) string {
	name := "berth " + text.OneLine(string(r.Verb))
	if r.Release != "" {
		name += fmt.Sprintf(" %s/%s", text.OneLine(r.Namespace), text.OneLine(r.Release))
	}
	return name
}

// add appends a test case, failed if failure is not nil.
func (s *suiteXML) add(class, name string, failure *failureXML) {
	s.Cases = append(s.Cases, caseXML{Class: class, Name: name, Failure: failure})
	s.Tests++
	if failure != nil {
		s.Failures++
	}
}

// checkFailure returns why a check failed, or nil if it did not.
func checkFailure(c result.Check) *failureXML {
	if c.OK {
		return nil
	}
	message := c.Detail
	if text.OneLine(message) == "" {
		message = checkTitle(c)
	}
	return newFailure(message, strings.Join(c.Findings, "\n"))
}

// tell gives the output to the case at index told, or to the first that failed.
func (s *suiteXML) tell(told int, output string) {
	if told < 0 {
		told = slices.IndexFunc(s.Cases, func(c caseXML) bool { return c.Failure != nil })
	}
	if told >= 0 {
		s.Cases[told].Output = output
	}
}

// failureOutput returns the last events and log lines of what went wrong, and the
// evidence, as their lines are.
func failureOutput(r result.Result) string {
	var pieces []string
	if r.Diagnostics != nil {
		for i, s := range capped(r.Diagnostics.Symptoms) {
			pieces = append(pieces, symptomOutput(s, alike(r.Diagnostics.Symptoms, i, r.Namespace), r.Namespace))
		}
	}
	if len(r.Evidence) > 0 {
		pieces = append(pieces, strings.Join(append([]string{"Evidence"}, capped(r.Evidence)...), "\n"))
	}
	return unattached(text.Cut(strings.TrimSpace(text.Clean(strings.Join(pieces, "\n\n"))), maxBlock))
}

// symptomOutput returns what one symptom shows; of one that shows the same as another,
// its name.
func symptomOutput(s result.Symptom, same, namespace string) string {
	if same != "" {
		return bounded(s.In(namespace)) + ": as " + same
	}
	lines := []string{bounded(withReason(s.In(namespace), s.Reason))}
	for _, e := range s.Events {
		lines = append(lines, "event: "+text.OneLine(e))
	}
	for _, l := range capped(s.Logs) {
		lines = append(append(lines, bounded(logTitle(l))+":"), logLines(l)...)
	}
	return strings.Join(lines, "\n")
}

// attachment matches what GitLab and Jenkins read in the output of a test as the path of
// a file to show with it.
var attachment = regexp.MustCompile(`(?i)\[\[(ATTACHMENT)`)

// unattached returns text in which nobody finds an attachment.
func unattached(s string) string { return attachment.ReplaceAllString(s, "[ [$1") }

// newFailure bounds both texts, and leaves out what XML 1.0 cannot hold: text.Clean
// leaves no such character.
func newFailure(message, details string) *failureXML {
	return &failureXML{
		Message: unattached(bounded(message)),
		Text:    unattached(text.Cut(strings.TrimSpace(text.Clean(details)), maxBlock)),
	}
}
