package report

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// Output is one named value that later steps and jobs read.
type Output struct{ Name, Value string }

// Outputs are the outputs of a run, always all of them, each on one line. The
// path of the report is the caller's to know; empty means that none was
// written.
func Outputs(r result.Result, reportPath string) []Output {
	outputs := []Output{
		{"url", r.URL},
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

// What GitLab takes of a dotenv report by default; a larger one fails the job.
const (
	maxDotenv    = 5 << 10
	maxVariables = 20
)

// Dotenv is GitLab's dotenv report: BERTH_<NAME>=value. Empty values are left
// out, and so is one that would not fit: a dotenv report over the limit is
// refused whole.
func Dotenv(outputs []Output) []byte {
	var b bytes.Buffer
	count := 0
	for _, o := range outputs {
		value := text.OneLine(o.Value)
		line := "BERTH_" + variable(o.Name) + "=" + value + "\n"
		if value == "" || count == maxVariables || b.Len()+len(line) > maxDotenv {
			continue
		}
		b.WriteString(line)
		count++
	}
	return b.Bytes()
}

// variable is a name in the characters that GitLab allows.
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
