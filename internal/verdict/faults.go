package verdict

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// maxWhy is how many bytes of a headline may be what others wrote: what was done about it
// comes behind.
const maxWhy = 320

// NameCause returns a problem with the cause in its headline and its next step, where
// faults of objects are what it comes of. checks are those that were made; none of a
// deploy that failed before any was.
func NameCause(p *problem.Problem, faults []result.Fault, namespace string, checks []result.Check) *problem.Problem {
	ofObjects := p != nil && (p.Reason == problem.DeployFailed || p.Reason == problem.Inconsistent && onlyFails(checks, checkNameReady))
	if !ofObjects {
		return p
	}
	return NameFaults(p, faults, namespace, "Then deploy again.")
}

// NameFaults is NameCause of a problem that is known to come of the faults, if there are
// any. then is what to do once they are mended.
func NameFaults(p *problem.Problem, faults []result.Fault, namespace, then string) *problem.Problem {
	if len(faults) == 0 {
		return p
	}
	told := grouped(faults)
	named := *p
	named.Headline = text.Cut(headlineOf(told[0], namespace), maxWhy)
	switch n := len(told) - 1; {
	case n == 1:
		named.Headline += ", and 1 more cause"
	case n > 1:
		named.Headline += fmt.Sprintf(", and %d more causes", n)
	}
	if !strings.Contains(p.Next, "\n$ ") { // what has a command to copy is better advice
		named.Next = adviceFor(told[0][0].Cause) + " " + then
	}
	return &named
}

// HeadlineOf returns the headline of a problem. What is wrong with a chart is told in it:
// that it could not be rendered says nothing.
func HeadlineOf(p *problem.Problem) string {
	if p.Headline != "" || p.Reason != problem.ChartInvalid || p.Cause == nil {
		return p.Sentence()
	}
	return text.Cut(strings.TrimSuffix(p.Sentence(), ".")+": "+firstLine(p.Cause), maxWhy)
}

// counted matches what a list of errors begins with.
var counted = regexp.MustCompile(`(?:^|: )\d+ errors? occurred:$`)

// firstLine returns the first line of an error that says something. It changes nothing in
// it: secrets are found in it as they are, and only later made unreadable.
func firstLine(err error) string {
	first, rest, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	if counted.MatchString(first) {
		first, _, _ = strings.Cut(strings.TrimPrefix(rest, "\t* "), "\n")
	}
	return first
}

// grouped puts faults of one cause together, those first that say most.
func grouped(faults []result.Fault) (told [][]result.Fault) {
	for _, f := range faults {
		i := slices.IndexFunc(told, func(g []result.Fault) bool { return sameCause(g[0], f) })
		if i < 0 {
			told = append(told, nil)
			i = len(told) - 1
		}
		told[i] = append(told[i], f)
	}
	rank := func(g []result.Fault) int {
		if i := slices.Index(facts.CauseKinds, g[0].Cause.Kind); i >= 0 {
			return i
		}
		return len(facts.CauseKinds)
	}
	slices.SortStableFunc(told, func(a, b []result.Fault) int { return cmp.Compare(rank(a), rank(b)) })
	return told
}

// sameCause returns whether two faults are one to a person: their containers may differ.
func sameCause(a, b result.Fault) bool {
	a.Cause.Container, b.Cause.Container = "", ""
	return a.Cause == b.Cause && a.Hook == b.Hook
}

// headlineOf says in one line what is the matter with the objects of one cause.
func headlineOf(same []result.Fault, namespace string) string {
	c, of := same[0].Cause, namesOf(same, func(f result.Fault) string { return shortName(f, namespace) })
	about, in := quoted(c.About), " ("+namesOf(same, func(f result.Fault) string { return nameOf(f, namespace) })+")"
	if strings.HasPrefix(of, theHook) {
		of = "T" + of[1:]
	}
	does := func(one, many string) string {
		if len(same) > 1 {
			return of + " " + many
		}
		return of + " " + one
	}
	switch c.Kind {
	case facts.CauseImageName:
		return about + " is no valid name of an image" + in
	case facts.CauseImageMissing:
		return "The image " + about + " does not exist" + said(c) + in
	case facts.CauseImageDenied:
		return "The registry refuses the image " + about + " to the cluster" + in
	case facts.CauseImagePull:
		return "The image " + about + " cannot be pulled" + said(c) + in
	case facts.CauseConfigMissing:
		return missing(c.About) + in
	case facts.CauseStart:
		return of + " cannot start" + said(c)
	case facts.CauseMemory:
		return does("is killed for its memory", "are killed for their memory") + text.After(", of which it may take ", c.About)
	case facts.CauseCrash:
		return does("crashes", "crash") + said(c) + fmt.Sprintf(" (exit code %d)", c.ExitCode)
	case facts.CauseEnds:
		return does("ends", "end") + " with exit code 0 again and again" + said(c)
	case facts.CauseJob:
		return of + " failed" + said(c) + exitCode(c)
	case facts.CauseQuota:
		return "The quota " + about + " has no room for the pods of " + of + quotaSaid(c)
	case facts.CauseRefused:
		return "The cluster refuses the pods of " + of + said(c)
	case facts.CauseWebhook:
		return "The admission webhook " + about + " does not answer" + said(c) + in
	case facts.CauseVolume:
		return does("gets", "get") + " no volume" + said(c)
	case facts.CauseNoNode:
		return "No node takes the pods of " + of + said(c)
	case facts.CauseResource:
		return does("is not ready by its controller's word", "are not ready by their controllers' word") + said(c)
	case facts.CauseNode:
		return "The node " + about + " is not ready" + in
	case facts.CausePod:
		return of + " cannot run" + said(c)
	case facts.CauseProbe:
		return does("does", "do") + " not become ready" + said(c)
	case facts.CauseNotReady:
	}
	return does("was", "were") + " not ready in time" + said(c)
}

// adviceFor says what to do about a cause, in sentences.
func adviceFor(c facts.Cause) string {
	switch c.Kind {
	case facts.CauseImageName:
		return "Correct the name of the image in the chart or its values."
	case facts.CauseImageMissing:
		return "Push the image, or name one that exists. If it is still being built, set the input image-wait."
	case facts.CauseImageDenied:
		return "Give the pods a pull secret for the registry (imagePullSecrets), or the one that they have the right to read the image."
	case facts.CauseImagePull:
		return "Check that the registry is up and that the cluster's nodes reach it."
	case facts.CauseConfigMissing:
		return "Create it in the namespace, let the chart do so, or correct the name by which the chart refers to it."
	case facts.CauseStart:
		return "Correct the command, the image or the security context: as they are, the container cannot be started."
	case facts.CauseMemory:
		return "Raise resources.limits.memory of the container, or let it use less."
	case facts.CauseCrash:
		return "Fix the app or its settings: its log shows why it ended."
	case facts.CauseEnds:
		return "Let the command stay in the foreground. Make it a Job if it is to end."
	case facts.CauseJob:
		if strings.HasPrefix(c.Said, "DeadlineExceeded") {
			return "Give it more time (activeDeadlineSeconds), or see in its log what it waits for."
		}
		return "Fix what it runs, or its settings: its log shows why it ended."
	case facts.CauseQuota:
		return quotaAdvice(c)
	case facts.CauseRefused:
		return "Change the pods as the message asks, or ask whoever runs the cluster for an exception."
	case facts.CauseWebhook:
		return "Ask whoever runs the cluster about the webhook: while it is silent, no pod is made."
	case facts.CauseVolume:
		return "Check the claim's storage class and size, and what its events say."
	case facts.CauseNoNode:
		return "Lower what the pods ask for (resources.requests, nodeSelector, affinity, ports of the node), or add a node that has it."
	case facts.CauseResource:
		return "Fix what its controller names. Name it in wait-ignore if it may stay unready."
	case facts.CauseNode:
		return "Ask whoever runs the cluster about the node, or wait until it is back."
	case facts.CausePod:
		return "See its events, and fix what the node names. Ask whoever runs the cluster where it is the node's own."
	case facts.CauseProbe:
		return "Check the probe's path, port and times, and see in the app's log what it answers."
	case facts.CauseNotReady:
	}
	return "See its events and log. Give a longer timeout if nothing but time is lacking."
}

// namesOf names the objects of one cause.
func namesOf(same []result.Fault, name func(result.Fault) string) string {
	const shown = 3
	var names []string
	for i, f := range same {
		if i == shown {
			names = append(names, fmt.Sprintf("%d more", len(same)-shown))
			break
		}
		names = append(names, name(f))
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

const theHook = "the hook "

func nameOf(f result.Fault, namespace string) string {
	if f.Hook {
		return theHook + f.In(namespace)
	}
	return f.In(namespace)
}

// shortName is nameOf where the object is what does something: a workload goes by its
// name alone, as people speak of it.
func shortName(f result.Fault, namespace string) string {
	switch f.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod":
		if !f.Hook && f.Namespace == namespace {
			return f.Name
		}
	}
	return nameOf(f, namespace)
}

// missing says that an object is missing, or a key of one: "key url of Secret db".
func missing(about string) string {
	key, object, ofKey := strings.Cut(strings.TrimPrefix(about, "key "), " of ")
	if about == "" {
		return "Something that the pods refer to does not exist"
	}
	if ofKey && strings.HasPrefix(about, "key ") {
		return quotedName(object) + " has no key " + quoted(key)
	}
	return quotedName(about) + " does not exist"
}

// quotedName returns "Secret `db`" of "Secret db".
func quotedName(object string) string {
	kind, name, named := strings.Cut(object, " ")
	if !named {
		return object
	}
	if kind == "a" {
		return "A " + name
	}
	return kind + " " + quoted(name)
}

// quoted returns a name as the reports show code. What it is made of stays as it is, for
// whoever looks for secrets in it.
func quoted(name string) string { return "`" + name + "`" }

// said returns what is said of a cause, as ": WHAT", and takes nothing off it: its end may
// be that of a secret.
func said(c facts.Cause) string { return text.After(": ", c.Said) }

func exitCode(c facts.Cause) string {
	if c.ExitCode == 0 {
		return ""
	}
	return fmt.Sprintf(" (exit code %d)", c.ExitCode)
}
