package kube

import (
	"regexp"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/internal/secrets"
)

// secretsOfPlugin returns what a kubeconfig hands to a credential plugin, but for what is
// plainly public: nothing else tells what its author calls a secret.
func secretsOfPlugin(plugin *clientcmdapi.ExecConfig) []string {
	var all []string
	for _, variable := range plugin.Env {
		all = appendUnlessPublic(all, variable.Name, variable.Value)
	}
	return append(all, secretArguments(plugin.Args)...)
}

var (
	// command matches an argument that says what to do, as in eks get-token.
	command = regexp.MustCompile(`^[a-z]{2,16}(?:-[a-z]{2,16}){0,3}$`)
	// longFlag matches the name of a flag; with one dash, too, as Go's own have it.
	longFlag = regexp.MustCompile(`^--?[A-Za-z]+(?:[-_][A-Za-z0-9]+)*$`)
	// publicName matches what the values of are public: which cluster, where, and as whom.
	publicName = regexp.MustCompile(`(?i)(?:^|[-_])(?:region|zone|profile|(?:cluster|context|server|tenant|subscription|project|` +
		`resource-?group)(?:[-_]?(?:name|id))?|client[-_]?id|environment|cloud|login|output|format|role(?:[-_]?(?:arn|name))?|` +
		`log[-_]?level|verbosity|(?:api[-_]?)?version|username|account|scopes?|audience)$`)
	// plainValue matches what a public value looks like.
	plainValue = regexp.MustCompile(`^[\w.:/@-]*$`)
	// switched matches what says nothing.
	switched = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|none|auto|json|yaml|text|v\d\w*|client\.authentication\.k8s\.io/v\d\w*)$`)
)

// secretArguments returns the arguments that are neither a flag, nor a command, nor the
// value of a public flag.
func secretArguments(args []string) []string {
	var all []string
	flag := "" // that may have this argument for its value
	for _, argument := range args {
		name, value, given := strings.Cut(argument, "=")
		switch {
		case given && longFlag.MatchString(name):
			all = appendUnlessPublic(all, name, value)
			flag = ""
		case longFlag.MatchString(argument) && (strings.HasPrefix(argument, "--") || !secrets.IsName(flag)):
			flag = argument
		case flag != "":
			all = appendUnlessPublic(all, flag, argument)
			flag = ""
		case strings.HasPrefix(argument, "-") && !strings.HasPrefix(argument, "--") && len(argument) > 2:
			all = appendUnlessPublic(all, "", strings.TrimPrefix(argument[2:], "=")) // -psecret
		case !command.MatchString(argument):
			all = appendUnlessPublic(all, "", argument)
		}
	}
	return all
}

// appendUnlessPublic appends a value, unless it is public by its name or by what it is: a
// word that says nothing, an address, of which it appends the password and the query, a
// file that is there. The parts of a line of a shell are appended as well.
func appendUnlessPublic(all []string, name, value string) []string {
	switch {
	case switched.MatchString(value):
		return all
	case secrets.IsName(strings.TrimLeft(name, "-")):
	case publicName.MatchString(strings.TrimLeft(name, "-")) && plainValue.MatchString(value) && !strings.Contains(value, "@"):
		return all
	case strings.Contains(value, "://") && !strings.ContainsAny(value, " \t\n"):
		return append(append(all, secrets.Password(value)...), secrets.InQuery(value)...)
	}
	if strings.Contains(value, "/") && exists(value) {
		return all
	}
	all = append(all, value)
	if words := strings.Fields(value); len(words) > 1 {
		for i := range words {
			words[i] = strings.Trim(words[i], `"'`)
		}
		all = append(all, secretArguments(words)...)
	}
	if user, password, ok := strings.Cut(value, ":"); ok && !strings.Contains(user, "/") {
		all = append(all, strings.TrimSpace(password), secrets.Basic(user, password))
	}
	return all
}
