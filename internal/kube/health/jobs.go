package health

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// IsJob returns whether the object is a Job of Kubernetes' own.
func IsJob(u *unstructured.Unstructured) bool {
	return u.GroupVersionKind().GroupKind() == schema.GroupKind{Group: "batch", Kind: "Job"}
}

func job(u *unstructured.Unstructured) Readiness {
	if failed, why := jobFailed(u); failed {
		return Readiness{Failed: true, Reason: join("the Job failed", why)}
	}
	return Readiness{Ready: true, Remark: stillRunning(u)}
}

// stillRunning is the remark on a Job that has not ended: nobody will see how it does.
func stillRunning(u *unstructured.Unstructured) Remark {
	switch suspended, _, _ := unstructured.NestedBool(u.Object, "spec", "suspend"); {
	case Complete(u):
		return Remark{}
	case suspended:
		return Remark{Text: "it is suspended, so it has not run"}
	}
	return Remark{Text: "it has not ended yet, and nobody waits for how it will"}
}

// jobFailed returns whether a Job can no longer succeed, and why. The condition
// FailureTarget precedes Failed, while the pods are still there to be read.
func jobFailed(u *unstructured.Unstructured) (failed bool, why string) {
	for _, kind := range []string{"Failed", "FailureTarget"} {
		if failed, why = condition(u, kind); failed {
			return true, why
		}
	}
	return false, ""
}

// JobRuns returns whether a Job that has not ended does what it is for: one of its
// pods runs, or it is suspended. Pods that crash one after the other do not run.
func JobRuns(u *unstructured.Unstructured) bool {
	suspended, _, _ := unstructured.NestedBool(u.Object, "spec", "suspend")
	return suspended || number(u, 0, "status", "ready") > 0
}

// TimeToLive returns how long a Job outlives its end before Kubernetes deletes it;
// ok is false for one that stays.
func TimeToLive(u *unstructured.Unstructured) (ttl time.Duration, ok bool) {
	if !IsJob(u) {
		return 0, false
	}
	raw, _, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "ttlSecondsAfterFinished")
	seconds, ok := integer(raw)
	return time.Duration(seconds) * time.Second, ok
}
