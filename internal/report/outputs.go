package report

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// Output is one named value that later steps and jobs read.
type Output struct{ Name, Value string }

// Outputs returns the outputs of a run: always all of them, each on one line.
// reportPath is where report.json is, or "" if it was not written.
func Outputs(r result.Result, reportPath string) []Output {
	outputs := []Output{
		{"url", publicURL(r)},
		{"namespace", r.Namespace},
		{"release", r.Release},
		{"revision", revision(r)},
		{"status", string(r.Status)},
		{"verdict", string(r.Reason)},
		{"repair", r.Repair},
		{"exit-code", strconv.Itoa(r.ExitCode)},
		{"report", reportPath},
	}
	for i := range outputs {
		outputs[i].Value = text.OneLine(outputs[i].Value)
	}
	return outputs
}

// publicURL is the app's URL, unless it is known not to answer: whoever follows it takes it for
// the app.
func publicURL(r result.Result) string {
	if r.Reason == problem.ProbeFailed {
		return ""
	}
	return r.URL
}

// What GitLab takes of a dotenv report by default. A larger one fails the job.
const (
	maxDotenv    = 5 << 10
	maxVariables = 20
)

// dotenvPrefix begins the name of every variable in the dotenv report. No input has
// it: GitLab hands the report of one job to the jobs after it, and another run of
// Berth among them would take the namespace of this one for its own.
const dotenvPrefix = "BERTH_RESULT_"

// Dotenv returns GitLab's dotenv report: a line BERTH_RESULT_<NAME>=value for each
// output. It leaves out empty values, and those that do not fit: GitLab refuses a
// report over the limit whole.
func Dotenv(outputs []Output) []byte {
	var b bytes.Buffer
	count := 0
	for _, o := range outputs {
		value := text.OneLine(o.Value)
		line := dotenvPrefix + variable(o.Name) + "=" + value + "\n"
		if value == "" || count == maxVariables || b.Len()+len(line) > maxDotenv {
			continue
		}
		b.WriteString(line)
		count++
	}
	return b.Bytes()
}

// variable returns a name in the characters that GitLab allows: upper-case letters,
// digits and underscores.
func variable(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return '_'
	}, name)
}
