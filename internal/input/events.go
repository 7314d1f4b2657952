package input

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/verb"
)

// choosing are the verbs that decide by the event.
var choosing = verb.With(func(p verb.Properties) bool { return len(p.Chooses) > 0 })

var events = []Input{
	{
		Name: "label", Type: String, Verbs: choosing,
		Doc:   "Label that a pull or merge request has to carry to get a review app; once it is taken away, so is the app. Pushes to a branch do nothing then. It stays when more is pushed, so it approves none of that. Without it, labels mean nothing.",
		field: func(o *Options) any { return &o.Label },
	},
	{
		Name: "drafts", Type: Bool, Default: "true", Verbs: choosing,
		Doc:   "Whether drafts get a review app, too; with false, a pull request that becomes a draft loses its own.",
		field: func(o *Options) any { return &o.Drafts },
	},
	{
		Name: "forks", Type: Choice, Default: "members", Choices: []string{"never", "members", "allowed"}, Verbs: choosing,
		Doc:   "Whose forks get a review app, where the run has credentials for a cluster at all: nobody's, those of the repository's members, or everybody's. On GitLab a member is whoever started the pipeline.",
		field: func(o *Options) any { return &o.Forks },
	},
	{
		Name: "commands", Type: Bool, Default: "false", Verbs: choosing,
		Doc: "At the event issue_comment, do what a comment on a pull request says whose first line is /deploy, /check or /teardown, " +
			"where its author may write to the repository. It needs github-token, with pull-requests: write to answer by a reaction. " +
			"Only GitHub runs anything for a comment.",
		field: func(o *Options) any { return &o.Commands },
	},
}

// unheeded returns the inputs that were given to keep events from deploying, where the verb is
// one that deploys whatever the event is. Whoever sets them counts on them: nothing is deployed
// as if they had not been given. What they do not keep away is no matter.
func unheeded(v verb.Verb, fs *pflag.FlagSet, env environment) (errs Errors) {
	if !verb.Of(v).NeedsChart {
		return nil
	}
	everything := Events{Drafts: true, Forks: "allowed"}
	for i := range events {
		in, o := &events[i], &Options{Events: everything}
		from, values := lookup(in, fs, env)
		if from == "" {
			continue
		}
		wrong := in.read(o, from, values)
		if len(wrong) == 0 && o.Events != everything {
			wrong = Errors{{Input: in.Name, From: from, Allowed: fmt.Sprintf("it says for the verb auto which events deploy, and %s goes by none; "+
				"run auto in its place, or leave it out and decide by the job's rules", v)}}
		}
		errs = append(errs, wrong...)
	}
	return errs
}
