package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// Whoever prints the JSON report, Berth itself with output json, prints nothing that the
// log of a job or a terminal obeys, and its readers read what was met all the same.
func TestJSONCanBePrinted(t *testing.T) {
	const hostile = "x ##[set-output name=url;]y ###[stop-commands]z \\##[ ##vso[task.setvariable]a ##teamcity[x] " +
		"\u009b31m \x7f\u202e \u200b\U000E0041 \u2028 äß€ 🚢 <&>"
	data, err := JSON(result.Result{Exit: result.Exit{Cause: hostile}})
	if err != nil {
		t.Fatal(err)
	}
	if printed := string(data); runnerCommand.MatchString(printed) || text.Clean(printed) != printed {
		t.Errorf("it acts where it is printed: %q", printed)
	}
	if !strings.Contains(string(data), "äß€ 🚢 <&>") {
		t.Errorf("it escapes what it need not: %s", data)
	}
	var d Document
	if err := json.Unmarshal(data, &d); err != nil || d.Cause != hostile {
		t.Errorf("got %q, %v", d.Cause, err)
	}
}
