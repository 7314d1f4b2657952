package cli

import (
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/text"
)

// identityFlags returns the flags by which a run on another machine finds the release
// of this one, quoted for a shell: what the CI or the environment gave is missing there.
// Secrets are none of them.
func identityFlags(o *input.Options) string {
	repository := o.Repository
	if o.Host != "" && o.Host != "github.com" {
		repository = "https://" + o.Host + "/" + repository
	}
	pullRequest, head := "", ""
	if o.PullRequest > 0 {
		pullRequest = strconv.Itoa(o.PullRequest)
	}
	if o.HeadRepository != o.Repository {
		head = o.HeadRepository
	}
	ofBranch := []flagValue{{"repository", repository}, {"branch", o.Branch}, {"head-repository", head}, {"pull-request", pullRequest},
		{"app", o.App}, {"slug", o.Slug}}
	if o.ByName {
		ofBranch = nil
	}
	var flags []string
	for _, f := range append(ofBranch, []flagValue{
		{"namespace", o.Namespace}, {"release", o.Release},
		{"kubeconfig", o.Kubeconfig.Path}, {"kube-context", o.KubeContext}, {"kube-apiserver", o.KubeAPIServer},
	}...) {
		if f.value != "" {
			flags = append(flags, "--"+f.name+" "+shellQuoted(f.value))
		}
	}
	return strings.Join(flags, " ")
}

type flagValue struct{ name, value string }

// shellQuoted returns a word of a shell's command line. A branch may have any name: what
// the reports would leave out of it, since nobody sees it, is written as an escape, as
// bash and zsh read it. Without it the command would be about another branch. A quote is an
// escape as well: to a shell that knows none of this, it would end the word.
func shellQuoted(word string) string {
	if text.OneLine(word) != word {
		quoted := strconv.QuoteToASCII(word)
		return "$'" + strings.ReplaceAll(quoted[1:len(quoted)-1], "'", `\x27`) + "'"
	}
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@", r)
	}
	if strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
