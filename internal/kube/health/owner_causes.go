package health

import (
	"regexp"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// OwnerCause returns why an object is not ready that has no pods, by its own content and
// its events, oldest first.
func OwnerCause(u *unstructured.Unstructured, events []Event) facts.Cause {
	if failing, why := condition(u, "ReplicaFailure"); failing {
		return createCause(why)
	}
	var last Event
	for _, e := range events {
		switch e.Reason {
		case "FailedCreate":
			last = e
		case "SuccessfulCreate":
			last = Event{}
		}
	}
	switch failure, failing := provisioningFailure(events); {
	case last.Reason != "":
		return createCause(last.Message)
	case u.GetKind() == "PersistentVolumeClaim" && phase(u) == "Lost":
		return facts.Cause{Kind: facts.CauseVolume, Said: volumeLost}
	case u.GetKind() == "PersistentVolumeClaim" && failing:
		return volumeCause(failure)
	case u.GetKind() == "PersistentVolumeClaim":
		return facts.Cause{Kind: facts.CauseVolume}
	case IsCustom(u.GroupVersionKind().Group):
		return facts.Cause{Kind: facts.CauseResource, Said: said(Ready(u).Reason)}
	}
	return facts.Cause{Kind: facts.CauseNotReady, Said: said(Ready(u).Reason)}
}

var (
	quotaRefuses   = regexp.MustCompile(`(?:exceeded|failed) quota: ([^\s,:]+)[,:]?\s*(.*)`)
	webhookSilent  = regexp.MustCompile(`fail(?:ed|ing)? (?:to call|calling) webhook "([^"]+)"`)
	accountMissing = regexp.MustCompile(`serviceaccount "([^"]*)" not found`)
	// forbidden is what the API server says before why it refuses a pod.
	forbidden = regexp.MustCompile(`^.*?\bis (?:forbidden|invalid): `)
)

// createCause returns why the API server refuses to create a pod.
func createCause(why string) facts.Cause {
	if m := quotaRefuses.FindStringSubmatch(why); m != nil {
		return facts.Cause{Kind: facts.CauseQuota, About: said(m[1]), Said: said(m[2])}
	}
	if m := accountMissing.FindStringSubmatch(why); m != nil {
		return facts.Cause{Kind: facts.CauseConfigMissing, About: said("ServiceAccount " + m[1])}
	}
	if m := webhookSilent.FindStringSubmatch(why); m != nil {
		return facts.Cause{Kind: facts.CauseWebhook, About: said(m[1]), Said: said(lastClause(why))}
	}
	short := strings.TrimPrefix(why, "FailedCreate: ")
	return facts.Cause{Kind: facts.CauseRefused, Said: said(forbidden.ReplaceAllString(short, ""))}
}

// lastClause returns what stands behind the last ": " of a chain of errors.
func lastClause(chain string) string { return chain[strings.LastIndex(": "+chain, ": "):] }

// The forms in which a kubelet says that an object is missing, or lacks a key.
var (
	objectNotFound = regexp.MustCompile(`(?i)(secret|configmap|persistentvolumeclaim)s? ["'\\]*([^\s"'\\]+)["'\\]* ` +
		`(?:not found|does not exist)`)
	keyNotFound = regexp.MustCompile(`(?i)couldn't find key (\S+) in (secret|configmap) (?:[^\s/]+/)?(\S+)`)
	keyOfVolume = regexp.MustCompile(`references non-existent (secret|config) key: (\S+)`)
)

// kinds are the kinds of objects as they are written, by how a kubelet may write them.
var kinds = map[string]string{
	"secret": "Secret", "configmap": "ConfigMap", "config": "ConfigMap", "persistentvolumeclaim": "PersistentVolumeClaim",
}

// missingObject returns what a message says to be missing, as "Secret db" or "key url of
// Secret db"; "" where it speaks of nothing such.
func missingObject(message string) string {
	if m := keyNotFound.FindStringSubmatch(message); m != nil {
		return said("key " + m[1] + " of " + kinds[strings.ToLower(m[2])] + " " + m[3])
	}
	if m := keyOfVolume.FindStringSubmatch(message); m != nil {
		return said("key " + m[2] + " of a " + kinds[m[1]])
	}
	if m := objectNotFound.FindStringSubmatch(message); m != nil {
		return said(kinds[strings.ToLower(m[1])] + " " + m[2])
	}
	return ""
}
