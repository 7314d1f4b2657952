package health

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ownerFaults returns the faults that the object itself and its events show.
func ownerFaults(e Evidence) []fault {
	switch e.Owner.GetKind() {
	case "Deployment", "ReplicaSet":
		failing, why := condition(e.Owner, "ReplicaFailure")
		if e.Owner.GetKind() == "Deployment" && e.Owner.GetGeneration() > 1 {
			why = e.ReplicaSetFailure // the condition covers ReplicaSets of earlier revisions, too
		}
		if failing && why != "" && Observed(e.Owner) && !e.PriorFailure {
			return []fault{createFault(e, why, 0)}
		}
	case "StatefulSet", "DaemonSet", "Job":
		if event, failing := createFailure(e.Events[e.Owner.GetUID()]); failing {
			count := event.Count
			if e.Owner.GetGeneration() > 1 || e.PriorFailure {
				count = 0 // it includes occurrences from before this wait
			}
			return []fault{createFault(e, event.Reason+": "+event.Message, count)}
		}
	case "PersistentVolumeClaim":
		return claimFaults(e)
	}
	return nil
}

// createFailure returns the last FailedCreate event, unless a pod was created
// since: events outlive what they report.
func createFailure(events []Event) (last Event, failing bool) {
	var created Event
	for _, e := range events {
		switch {
		case e.Reason == "SuccessfulCreate":
			created = later(created, e)
		case e.Reason == "FailedCreate" && e.Current:
			last, failing = later(last, e), true
		}
	}
	return last, failing && (created.Reason == "" || last.Last.After(created.Last))
}

var (
	quotaExceeded = regexp.MustCompile(`exceeded quota|must specify (limits|requests|cpu|memory)`)
	// admissionDenied matches what admission answers as long as neither the object
	// nor the rules change.
	admissionDenied = regexp.MustCompile(`violates PodSecurity|denied (the )?request|is invalid|` +
		`forbidden: (maximum|minimum|unable to validate)`)
	serviceAccountMissing = regexp.MustCompile(`serviceaccount "[^"]*" not found`)
	webhookUnreachable    = regexp.MustCompile(`failed calling webhook|failed to call webhook|context deadline exceeded|connection refused`)
)

// createFault is the refusal of the API server to create a pod. Progress of the
// workload makes it another fault: when old pods end, a quota has room again.
func createFault(e Evidence, why string, count int) fault {
	f := fault{key: "create/" + progress(e.Owner), reason: Sanitize(why), count: count, minDuration: transientTime,
		cause: createCause(why)}
	switch {
	case webhookUnreachable.MatchString(why):
		f.minDuration = e.grace()
	case admissionDenied.MatchString(why):
		f.minDuration, f.minOccurrences = refusalTime, recurrence
	case quotaExceeded.MatchString(why) && hasOldPods(e.Owner):
		f.minDuration = e.grace()
	case serviceAccountMissing.MatchString(why) && e.CustomResources:
		f.minDuration = e.grace()
	case quotaExceeded.MatchString(why):
		f.minDuration, f.minOccurrences = refusalTime, recurrence
	}
	return f
}

// progress returns a string that changes with every number in a workload's status.
func progress(owner *unstructured.Unstructured) string {
	var b strings.Builder
	for _, field := range []string{"replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "currentNumberScheduled", "active",
		"succeeded"} {
		fmt.Fprintf(&b, "%d ", number(owner, 0, "status", field))
	}
	return b.String()
}

// hasOldPods returns whether a workload still has pods of an earlier revision.
func hasOldPods(owner *unstructured.Unstructured) bool {
	return owner.GetKind() != "ReplicaSet" && number(owner, 0, "status", "replicas") > number(owner, 0, "status", "updatedReplicas")
}
