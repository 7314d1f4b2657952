package ci

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/secrets"
)

// A phase's group is closed by the next one, by the end, and once; its title can be no
// command, and holds no secret.
func TestPhases(t *testing.T) {
	for name, c := range map[string]struct {
		platform func(*printer) Platform
		want     string
	}{
		"GitHub": {func(p *printer) Platform { return newGitHub(env{}.get, p) },
			"::group::Take the lock\nheld\n::endgroup::\n::group::a ::error::b *** c%250D\n::endgroup::\nthe end\n"}, // as it is decoded
		"GitLab": {func(p *printer) Platform {
			return &gitLab{printer: p, now: func() time.Time { return time.Unix(7, 0) }}
		},
			"\x1b[0Ksection_start:7:berth_1\r\x1b[0KTake the lock\nheld\n\x1b[0Ksection_end:7:berth_1\r\x1b[0K\n" +
				"\x1b[0Ksection_start:7:berth_2\r\x1b[0Ka ::error::b *** c%0D\n\x1b[0Ksection_end:7:berth_2\r\x1b[0K\nthe end\n"},
		"local": {func(p *printer) Platform { return local{p} }, "Take the lock\nheld\na ::error::b *** c%0D\nthe end\n"},
	} {
		var out bytes.Buffer
		mask := secrets.New()
		mask.Give("hunter2hunter2")
		p := c.platform(newPrinter(&out, mask))
		p.EndPhase()
		p.Phase("Take the lock")
		p.Line("held")
		p.Phase("a\n::error::b \x1b[0Khunter2hunter2 c%0D")
		p.EndPhase()
		p.EndPhase()
		p.Line("the end")
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A log has colours where somebody sees them, and nowhere else.
func TestColors(t *testing.T) {
	const marked = "✓ it is up\n  ✗ ready\n! softened\na ✓ in the middle\n"
	const painted = "\x1b[32m✓\x1b[0m it is up\n  \x1b[31m✗\x1b[0m ready\n\x1b[33m!\x1b[0m softened\na ✓ in the middle\n"
	for name, c := range map[string]struct {
		env  env
		want string
	}{
		"GitHub":                {env{"GITHUB_ACTIONS": "true"}, painted},
		"GitLab":                {env{"GITLAB_CI": "true"}, painted},
		"no terminal":           {env{}, marked},
		"forced":                {env{"FORCE_COLOR": "1"}, painted},
		"forced off":            {env{"GITHUB_ACTIONS": "true", "FORCE_COLOR": "0"}, marked},
		"forbidden":             {env{"GITHUB_ACTIONS": "true", "NO_COLOR": "1"}, marked},
		"forced, and forbidden": {env{"FORCE_COLOR": "1", "NO_COLOR": "1"}, marked},
	} {
		var out bytes.Buffer
		Detect(c.env.get, &out, secrets.New()).Line(marked)
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestDebugging(t *testing.T) {
	for _, c := range []struct {
		env  env
		want bool
	}{
		{env{}, false}, {env{"RUNNER_DEBUG": "1"}, true}, {env{"RUNNER_DEBUG": "0"}, false}, {env{"CI_DEBUG_TRACE": "true"}, true},
		{env{"CI_DEBUG_TRACE": "false"}, false},
	} {
		if got := Debugging(c.env.get); got != c.want {
			t.Errorf("%v: %t", c.env, got)
		}
	}
}
