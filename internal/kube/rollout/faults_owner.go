package rollout

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ownerFaults are what the object itself, and the events about it, tell.
func ownerFaults(f evidence) []fault {
	switch f.owner.GetKind() {
	case "Deployment", "ReplicaSet":
		holds, why := condition(f.owner, "ReplicaFailure")
		if f.owner.GetKind() == "Deployment" && f.owner.GetGeneration() > 1 {
			why = f.refused // it tells of all its ReplicaSets, old ones too
		}
		if holds && why != "" && looked(f.owner) && !f.unchanged {
			return []fault{createFault(f, strings.TrimPrefix(why, ": "), 0)}
		}
	case "StatefulSet", "DaemonSet", "Job":
		if e, failing := uncreated(f.events[f.owner.GetUID()]); failing {
			times := e.Count
			if f.owner.GetGeneration() > 1 || f.unchanged {
				times = 0 // those before this wait count, too
			}
			return []fault{createFault(f, e.Reason+": "+e.Message, times)}
		}
	case "PersistentVolumeClaim":
		return claimFaults(f)
	}
	return nil
}

// uncreated is why the last pod could not be made, unless one was made since: an
// event stays when what it tells of has passed.
func uncreated(events []happening) (why happening, failing bool) {
	var made happening
	for _, e := range events {
		switch {
		case e.Reason == "SuccessfulCreate":
			made = later(made, e)
		case e.Reason == "FailedCreate" && e.Fresh:
			why, failing = later(why, e), true
		}
	}
	return why, failing && (made.Reason == "" || why.Last.After(made.Last))
}

var (
	quotaExceeded = regexp.MustCompile(`exceeded quota|must specify (limits|requests|cpu|memory)`)
	// refused is what admission answers for as long as neither the object nor the
	// rules change.
	refused     = regexp.MustCompile(`violates PodSecurity|denied (the )?request|is invalid|forbidden: (maximum|minimum|unable to validate)`)
	noAccount   = regexp.MustCompile(`serviceaccount "[^"]*" not found`)
	webhookDown = regexp.MustCompile(`failed calling webhook|failed to call webhook|context deadline exceeded|connection refused`)
)

// createFault is a pod that the API server does not let be made. Progress makes
// it another fault: room may come of it, as when old pods end.
func createFault(f evidence, why string, count int) fault {
	x := fault{key: "create/" + progress(f.owner), reason: told(why), count: count, lasts: steady}
	switch {
	case webhookDown.MatchString(why):
		x.lasts = f.patience()
	case refused.MatchString(why):
		x.lasts, x.strikes = briefly, strikesTwice
	case quotaExceeded.MatchString(why) && oldPods(f.owner):
		x.lasts = f.patience()
	case noAccount.MatchString(why) && f.operators:
		x.lasts = f.patience()
	case quotaExceeded.MatchString(why):
		x.lasts, x.strikes = briefly, strikesTwice
	}
	return x
}

// progress changes when anything moves in a workload.
func progress(owner *unstructured.Unstructured) string {
	var b strings.Builder
	for _, field := range []string{"replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "currentNumberScheduled", "active", "succeeded"} {
		n, _, _ := unstructured.NestedInt64(owner.Object, "status", field)
		fmt.Fprintf(&b, "%d ", n)
	}
	return b.String()
}

// oldPods says that a workload still has pods of the revision before, which make
// room when they end.
func oldPods(owner *unstructured.Unstructured) bool {
	all, _, _ := unstructured.NestedInt64(owner.Object, "status", "replicas")
	updated, _, _ := unstructured.NestedInt64(owner.Object, "status", "updatedReplicas")
	return owner.GetKind() != "ReplicaSet" && all > updated
}
