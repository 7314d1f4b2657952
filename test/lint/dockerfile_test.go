//go:build lint

package lint

import (
	"regexp"
	"strings"
	"testing"
)

// What hadolint asks of a Dockerfile, as far as ours could go against it, by the numbers
// of its rules. It is no Go program and not to be had everywhere.
var dockerfileRules = []struct{ name, against string }{
	{"DL3000 an absolute WORKDIR", `(?im)^WORKDIR [^/$]`},
	{"DL3002 no USER root at the end", `(?im)^USER root`},
	{"DL3003 WORKDIR in place of cd", `(?im)^RUN .*\bcd `},
	{"DL3004 no sudo", `(?im)^RUN .*\bsudo\b`},
	{"DL3006 a tag for each image", `(?im)^FROM [^\s:@]+(\s|$)`},
	{"DL3007 no latest", `(?im)^FROM \S+:latest\b`},
	{"DL3020 COPY in place of ADD", `(?im)^ADD `},
	{"DL3025 CMD and ENTRYPOINT as JSON", `(?im)^(CMD|ENTRYPOINT) [^\[]`},
	{"DL3027 no apt", `(?im)^RUN .*\bapt `},
	{"DL3059 no two RUN in a row", `(?im)^RUN .*\n+RUN `},
	{"DL4000 no MAINTAINER", `(?im)^MAINTAINER `},
	{"DL4006 no pipe without pipefail", `(?im)^RUN [^#\n]*[^|]\|[^|]`},
}

// weakDockerfile names the rules that a Dockerfile breaks.
func weakDockerfile(text string) (broken []string) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	for _, rule := range dockerfileRules {
		if regexp.MustCompile(rule.against).MatchString(text) {
			broken = append(broken, rule.name)
		}
	}
	return broken
}

func TestDockerfiles(t *testing.T) {
	for _, name := range []string{"Dockerfile", "release/base/Dockerfile"} {
		if broken := weakDockerfile(string(read(t, name))); len(broken) > 0 {
			t.Errorf("%s: %q", name, broken)
		}
	}
	if !strings.Contains(string(read(t, "release/base/Dockerfile")), "@sha256:") {
		t.Error("the base of what is released is not pinned by its digest")
	}
}

// Every rule finds what it is there for.
func TestDockerfileRules(t *testing.T) {
	for number, text := range map[string]string{
		"DL3000": "WORKDIR src\n", "DL3002": "USER root\n", "DL3003": "RUN cd /src && make\n", "DL3004": "RUN sudo make\n",
		"DL3006": "FROM busybox\n", "DL3007": "FROM busybox:latest\n", "DL3020": "ADD a /a\n", "DL3025": "ENTRYPOINT berth\n",
		"DL3027": "RUN apt install make\n", "DL3059": "RUN a\nRUN b\n", "DL4000": "MAINTAINER a\n", "DL4006": "RUN a | b\n",
	} {
		broken := weakDockerfile(text)
		if len(broken) != 1 || !strings.HasPrefix(broken[0], number) {
			t.Errorf("%q breaks %q, want %s", text, broken, number)
		}
	}
	if len(dockerfileRules) != 12 {
		t.Error("a rule has no example")
	}
}
